"""Which candidates somebody has to look at, and the rows that say so.

A candidate is in the conflicts while it is disputed, reported or stuck and no ruling
stands. Rows change with what they follow from, under the queue row's lock; a change of
who judges is followed by `stuck.recheck`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from django.db import connection

from annotations import consensus
from annotations.consensus import Basis, Rules
from annotations.models import BatchEntity, Conflict

from .standings import Standing


@dataclass(frozen=True, slots=True)
class Kinds:
    """Why a candidate is in the conflicts, and whether its truth is open."""

    is_open: bool
    is_disputed: bool
    is_reported: bool
    is_stuck: bool


def conflicts_among(
    standings: Iterable[Standing], rules: Rules, active: Collection[int] | None
) -> dict[int, Kinds]:
    """The candidates that are in the conflicts, by number."""
    found = {}
    for standing in standings:
        kinds = kinds_of(standing, rules, active)
        if kinds is not None:
            found[standing.candidate] = kinds
    return found


def kinds_of(
    standing: Standing, rules: Rules, active: Collection[int] | None
) -> Kinds | None:
    """Why this candidate is in the conflicts, None where it is not.

    Stuck: its need is unmet, and none of the `active` judges is left who has neither
    judged nor skipped it. Where nobody was ever named (None), nothing is stuck yet.
    """
    if not standing.is_member or standing.ruling is not None:
        return None
    if not (standing.votes or standing.is_reported or active == frozenset()):
        return None
    verdicts = standing.verdicts()
    is_disputed = consensus.is_disputed(verdicts, rules)
    is_stuck = (
        active is not None
        and all(judge in standing.votes for judge in active)
        and standing.unmet(rules) > 0
    )
    if not (is_disputed or standing.is_reported or is_stuck):
        return None
    is_open = standing.truth(rules).basis is Basis.OPEN
    return Kinds(is_open, is_disputed, standing.is_reported, is_stuck)


UPSERT = """
INSERT INTO annotations_conflict
    (batch_id, entity_id, candidate_id, is_open, is_disputed, is_reported, is_stuck)
SELECT %s, %s, t.* FROM unnest(%s::bigint[], %s::bool[], %s::bool[], %s::bool[],
                               %s::bool[]) t
ON CONFLICT (batch_id, candidate_id) DO UPDATE
SET is_open = excluded.is_open, is_disputed = excluded.is_disputed,
    is_reported = excluded.is_reported, is_stuck = excluded.is_stuck
"""


def write_conflicts(
    row: BatchEntity, before: Mapping[int, Kinds], after: Mapping[int, Kinds]
) -> None:
    """Write the difference for a locked queue row; who holds a conflict keeps it."""
    gone = before.keys() - after.keys()
    if gone:
        Conflict.objects.filter(batch=row.batch_id, candidate__in=gone).delete()
    new = {c: kinds for c, kinds in after.items() if before.get(c) != kinds}
    if new:
        columns = zip(*(astuple(kinds) for kinds in new.values()), strict=True)
        values: list[Any] = [row.batch_id, row.entity_id, list(new)]
        values += map(list, columns)
        with connection.cursor() as cursor:
            cursor.execute(UPSERT, values)


def written_conflicts(row: BatchEntity) -> dict[int, Kinds]:
    """What the rows say of a queue row's candidates."""
    found = Conflict.objects.filter(batch=row.batch_id, entity=row.entity_id)
    columns = ("candidate_id", "is_open", "is_disputed", "is_reported", "is_stuck")
    return {c: Kinds(*kinds) for c, *kinds in found.values_list(*columns)}
