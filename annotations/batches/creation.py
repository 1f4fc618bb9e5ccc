"""Create a batch: choose its entities and queue them."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from annotations.models import Batch, User, audit
from annotations.queue.rows import create_rows

from .choice import SEED_LIMIT, Choice
from .guidelines import add_version
from .key_list import KeyList
from .rules import set_rules


@transaction.atomic
def create(
    *,
    by: User,
    name: str,
    entities: Sequence[str] | KeyList | None = None,
    filter: Mapping[str, Any] | None = None,
    sample: Mapping[str, Any] | None = None,
    guidelines: str = "",
    **rules: Any,
) -> Batch:
    """Create a draft from a list of entities, from a filter or from a sample.

    `filter` has the fields of `Filter`, {} for all entities. `sample` has `size` and
    optionally `seed` and `exponent`; with a filter, the sample is drawn from the entities
    that pass it. The batch stores the seed. `rules` are those of `rules.set_rules`.
    Raise Invalid with the wrong field, or with the lines of wrong keys.
    """
    batch = Batch(created_by=by, seed=secrets.randbelow(SEED_LIMIT))
    set_rules(batch, {"name": name, **rules})
    choice = Choice.of(entities, filter, sample)
    query, parameters = choice.query()
    batch.sample = choice.sample
    batch.filter = choice.filter and choice.filter.as_json()
    batch.save()
    add_version(batch, guidelines, by=by)
    batch.save(update_fields=["current_guidelines"])
    entity_count = create_rows(batch, query, parameters)
    if not entity_count:
        raise choice.nothing_chosen()
    audit.write("batch-cut", by=by, batch=batch.pk, entities=entity_count)
    return batch
