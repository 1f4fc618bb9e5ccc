"""Cut a batch, change its rules, open and close it, and say who judges it."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from annotations import intake, sampling
from annotations.errors import Invalid
from annotations.models import (
    Batch,
    BatchEntity,
    Entity,
    Order,
    Purpose,
    User,
    audit,
)
from annotations.models.batches import JUDGES_LIMIT

from .entry import open_entries, reopen
from .standing import tally
from .stuck import rewrite

ROWS_PER_STEP = 500
SEED_LIMIT = 2**31
KEYS_NAMED = 10  # unknown keys that an error names


@transaction.atomic
def cut(
    *,
    by: User,
    name: str,
    entities: Sequence[str] | None = None,
    sample: Mapping[str, Any] | None = None,
    **rules: Any,
) -> Batch:
    """Make a draft of a batch of named entities, or of a drawn sample of all.

    `sample` holds size, seed and optionally exponent; the seed drawn here is stored.
    `rules`: judges_required (2), judges_maximum (None follows), page_size, order,
    purpose, guidelines, priority. Invalid names the field, and unknown keys.
    """
    if (entities is None) == (sample is None):
        raise Invalid({"entities": ["Give either entities or a sample."]})
    batch = Batch(name=name, created_by=by, seed=secrets.randbelow(SEED_LIMIT))
    _apply(batch, rules)
    if sample is None:
        ids = _known(entities or [])
    else:
        batch.sample = _checked_sample(sample)
        ids = _drawn(batch.sample)
    batch.save()
    _queue(batch, ids)
    audit.write("batch-cut", by=by, batch=batch.pk, entities=len(ids))
    return batch


def _apply(batch: Batch, rules: Mapping[str, Any]) -> None:
    """Set the fields and check them together; Invalid names every wrong one."""
    for field, value in rules.items():
        setattr(batch, "maximum" if field == "judges_maximum" else field, value)
    required, maximum = batch.judges_required, batch.maximum
    checks = {
        "name": (bool(batch.name.strip()), "A batch needs a name."),
        "judges_required": (
            1 <= required <= JUDGES_LIMIT,
            f"Must be 1 to {JUDGES_LIMIT}.",
        ),
        "judges_maximum": (
            maximum is None or required <= maximum <= JUDGES_LIMIT,
            f"Must be judges_required to {JUDGES_LIMIT}.",
        ),
        "page_size": (1 <= batch.page_size <= 200, "Must be 1 to 200."),
        "order": (batch.order in Order.values, f"Must be one of {Order.values}."),
        "purpose": (
            batch.purpose in Purpose.values,
            f"Must be one of {Purpose.values}.",
        ),
    }
    errors = {name: [text] for name, (is_fine, text) in checks.items() if not is_fine}
    if errors:
        raise Invalid(errors)


def _known(keys: Sequence[str]) -> list[int]:
    """The ids of entities by key, in the given order, doubles dropped."""
    try:
        wanted = list(dict.fromkeys(intake.normalise_key(key) for key in keys))
    except Invalid as invalid:
        raise Invalid({"entities": invalid.errors["key"]}) from invalid
    if not wanted:
        raise Invalid({"entities": ["Name at least one entity."]})
    ids = dict(Entity.objects.filter(key__in=wanted).values_list("key", "pk"))
    unknown = [key for key in wanted if key not in ids]
    if unknown:
        some = ", ".join(unknown[:KEYS_NAMED])
        raise Invalid({"entities": [f"{len(unknown)} unknown keys, first: {some}"]})
    return [ids[key] for key in wanted]


def _checked_sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "size": sample["size"],
        "seed": sample.get("seed", secrets.randbelow(SEED_LIMIT)),
        "exponent": sample.get("exponent", sampling.EXPONENT),
    }


def _drawn(sample: Mapping[str, Any]) -> list[int]:
    """Draw entities by frequency, streamed in the order of their ids."""
    found = (
        Entity.objects.filter(key__isnull=False, frequency__gt=0)
        .order_by("pk")
        .values_list("pk", "frequency")
        .iterator(chunk_size=20_000)
    )
    population = ((entity, float(frequency or 0)) for entity, frequency in found)
    ids = sampling.sample(
        population, sample["size"], sample["seed"], sample["exponent"]
    )
    if not ids:
        raise Invalid({"sample": ["No entity has a frequency to draw by."]})
    return ids


def _queue(batch: Batch, entities: Sequence[int]) -> None:
    """Make the queue rows in one statement; a list's order is the queue's."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotations_batchentity
                (batch_id, entity_id, state, priority, upto, total, judged, settled,
                 disputed, undecided, open_places, held_places)
            SELECT %(batch)s, t.id, 'done',
                   CASE WHEN %(random)s
                        THEN hashint8extended(t.id, %(seed)s) / 9.3e18
                        ELSE -t.position END,
                   0, 0, 0, 0, 0, 0, 0, 0
            FROM unnest(%(entities)s::bigint[])
                 WITH ORDINALITY AS t (id, position)
            """,
            {
                "batch": batch.pk,
                "random": batch.order == Order.RANDOM,
                "seed": batch.seed,
                "entities": list(entities),
            },
        )


@transaction.atomic
def change(*, batch: Batch, by: User, **fields: Any) -> Batch:
    """Change a batch's name or rules, also while it runs: needs follow by themselves.

    Lowering the numbers takes nothing away; it grants no new place above the maximum.
    """
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    before = batch.rules
    _apply(batch, fields)
    batch.save()
    if batch.rules != before:
        for rows in _locked_rows(batch, chunk=ROWS_PER_STEP):
            _recount(rows)
    audit.write("batch-changed", by=by, batch=batch.pk, fields=sorted(fields))
    return batch


def _recount(rows: Sequence[BatchEntity]) -> None:
    """Count rows anew after a change that moved needs without a judgment."""
    for entry in open_entries(rows):
        counters = tally(entry.standings.values(), entry.rules)
        for name in counters.__slots__:
            setattr(entry.row, name, getattr(counters, name))
        entry.row.state = counters.state
    fields = [*counters.__slots__, "state"]
    BatchEntity.objects.bulk_update(rows, fields, batch_size=ROWS_PER_STEP)
    reopen(rows)
    rewrite(rows)


def _locked_rows(batch: Batch, *, chunk: int) -> Iterator[list[BatchEntity]]:
    last = 0
    while True:
        rows = list(
            BatchEntity.objects.select_for_update(no_key=True)
            .filter(batch=batch, pk__gt=last)
            .order_by("pk")[:chunk]
        )
        if not rows:
            return
        yield rows
        last = rows[-1].pk
