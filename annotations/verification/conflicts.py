"""The conflicts against how the candidates stand."""

from collections.abc import Iterator

from django.db import transaction

from annotations import queue
from annotations.models import BatchEntity, Conflict

from .difference import Difference

ROWS_PER_STEP = 500
Written = dict[tuple[int, int], dict[int, queue.Kinds]]


def conflicts(*, fix: bool) -> Iterator[Difference]:
    """Every queue row's conflicts, written down, against what its candidates are."""
    last = 0
    while rows := list(
        BatchEntity.objects.filter(pk__gt=last).order_by("pk")[:ROWS_PER_STEP]
    ):
        written = _written(rows)
        readings = queue.read([row.pk for row in rows])
        for row in rows:
            reading = readings[row.pk]
            right = queue.conflicts_among(
                reading.standings.values(), reading.rules, reading.active
            )
            if written.get((row.batch_id, row.entity_id), {}) != right:
                yield from _again(row.pk, fix=fix)
        last = rows[-1].pk


def _written(rows: list[BatchEntity]) -> Written:
    found: Written = {}
    written = Conflict.objects.filter(
        batch__in={row.batch_id for row in rows},
        entity__in={row.entity_id for row in rows},
    )
    for each in written:
        kinds = queue.Kinds(
            each.is_open, each.is_disputed, each.is_reported, each.is_stuck
        )
        found.setdefault((each.batch_id, each.entity_id), {})[each.candidate_id] = kinds
    return found


@transaction.atomic
def _again(pk: int, *, fix: bool) -> list[Difference]:
    """Look once more under the row's lock; set it right where asked."""
    row = BatchEntity.objects.select_for_update(no_key=True).get(pk=pk)
    [entry] = queue.load_rows([row])
    right = entry.conflicts()
    written = _written([row]).get((row.batch_id, row.entity_id), {})
    if written != right and fix:
        queue.rewrite_conflicts([row])
    return [
        Difference(
            f"{row}: candidate {candidate} in the conflicts",
            written.get(candidate),
            right.get(candidate),
            fix,
        )
        for candidate in sorted(written.keys() | right.keys())
        if written.get(candidate) != right.get(candidate)
    ]
