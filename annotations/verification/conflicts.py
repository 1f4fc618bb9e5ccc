"""Compares the stored conflicts with those that the standings imply."""

from collections.abc import Iterator

from django.db import transaction

from annotations.models import BatchEntity, Conflict
from annotations.queue.conflicts import (
    ConflictKinds,
    find_conflicts,
    stored_conflicts,
)
from annotations.queue.locked_row import load_rows
from annotations.queue.standings import read_rows
from annotations.queue.stuck import rewrite_conflicts

from .difference import Difference

ROWS_PER_STEP = 500
RowConflicts = dict[tuple[int, int], dict[int, ConflictKinds]]  # by batch and entity


def conflicts(*, fix: bool) -> Iterator[Difference]:
    """Compare the conflicts of every queue row."""
    last_id = 0
    while rows := list(
        BatchEntity.objects.filter(pk__gt=last_id).order_by("pk")[:ROWS_PER_STEP]
    ):
        conflicts_by_row = _stored_conflicts(rows)
        states = read_rows([row.pk for row in rows])
        for row in rows:
            state = states[row.pk]
            right = find_conflicts(state.standings.values(), state.rules, state.active)
            if conflicts_by_row.get((row.batch_id, row.entity_id), {}) != right:
                yield from _check_again(row.pk, fix=fix)
        last_id = rows[-1].pk


def _stored_conflicts(rows: list[BatchEntity]) -> RowConflicts:
    conflicts_by_row: RowConflicts = {}
    for conflict in Conflict.objects.filter(
        batch__in={row.batch_id for row in rows},
        entity__in={row.entity_id for row in rows},
    ):
        kinds = ConflictKinds(
            conflict.is_open,
            conflict.is_disputed,
            conflict.is_reported,
            conflict.is_stuck,
        )
        pair = (conflict.batch_id, conflict.entity_id)
        conflicts_by_row.setdefault(pair, {})[conflict.candidate_id] = kinds
    return conflicts_by_row


@transaction.atomic
def _check_again(pk: int, *, fix: bool) -> list[Difference]:
    """Compare once more under the row's lock, and correct on request."""
    row = BatchEntity.objects.select_for_update(no_key=True).get(pk=pk)
    [locked] = load_rows([row])
    right, row_conflicts = locked.conflicts(), stored_conflicts(row)
    if row_conflicts != right and fix:
        rewrite_conflicts([row])
    return [
        Difference(
            f"{row}: candidate {candidate} in the conflicts",
            row_conflicts.get(candidate),
            right.get(candidate),
            fix,
        )
        for candidate in sorted(row_conflicts.keys() | right.keys())
        if row_conflicts.get(candidate) != right.get(candidate)
    ]
