"""Cut a batch: choose its entities and queue them."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from annotations.models import Batch, Order, User, audit

from .choice import SEED_LIMIT, Choice
from .key_list import KeyList
from .rules import apply

# In the order of the queue, so that the rows' numbers keep what priorities may forget.
QUEUE = """
INSERT INTO annotations_batchentity
    (batch_id, entity_id, state, priority, upto, total, judged, settled, disputed,
     undecided, open_places, held_places, is_control)
SELECT %(batch)s, t.id, 'done', {priority}, 0, 0, 0, 0, 0, 0, 0, 0, false
FROM ({chosen}) AS t (id, position) ORDER BY t.position
"""
PRIORITIES = """
UPDATE annotations_batchentity q SET priority = {priority}
FROM (SELECT id AS row, entity_id AS id, row_number() OVER (ORDER BY id) AS position
      FROM annotations_batchentity WHERE batch_id = %(batch)s) t
WHERE q.id = t.row
"""
PRIORITY = """CASE WHEN %(random)s THEN hashint8extended(t.id, %(seed)s) / 9.3e18
     ELSE -t.position END"""


@transaction.atomic
def create(
    *,
    by: User,
    name: str,
    entities: Sequence[str] | KeyList | None = None,
    filter: Mapping[str, Any] | None = None,
    sample: Mapping[str, Any] | None = None,
    **rules: Any,
) -> Batch:
    """Make a draft of a batch of named entities, of all that pass a filter, or a sample.

    `filter` is the fields of `Filter`, {} for all; `sample` holds size, seed and
    optionally exponent, and may stand beside a filter; the seed drawn here is stored.
    `rules` are those of `rules.apply`. Invalid names the field, and wrong keys by line.
    """
    batch = Batch(name=name, created_by=by, seed=secrets.randbelow(SEED_LIMIT))
    apply(batch, rules)
    choice = Choice.of(entities, filter, sample)
    chosen, values = choice.query()
    batch.sample = choice.sample
    batch.filter = choice.filter and choice.filter.stored()
    batch.save()
    count = _queue(batch, chosen, values)
    if not count:
        raise choice.nothing()
    audit.write("batch-cut", by=by, batch=batch.pk, entities=count)
    return batch


def _queue(batch: Batch, chosen: str, values: dict[str, Any]) -> int:
    """Make the queue rows in one statement; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            QUEUE.format(priority=PRIORITY, chosen=chosen), _order(batch) | values
        )
        return cursor.rowcount


def order_anew(batch: Batch) -> None:
    """Give a draft's queue rows the priorities of the batch's order."""
    with connection.cursor() as cursor:
        cursor.execute(PRIORITIES.format(priority=PRIORITY), _order(batch))


def _order(batch: Batch) -> dict[str, Any]:
    is_random = batch.order == Order.RANDOM
    return {"batch": batch.pk, "random": is_random, "seed": batch.seed}
