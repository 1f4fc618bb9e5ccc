"""The candidates that an adjudicator must look at, and their rows.

A candidate is in the conflicts while it is disputed, reported or stuck, and has no
standing ruling. Rows change together with their causes, under the queue row's lock.
After a change of judges, `stuck.recheck` follows.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from annotations import consensus, sql
from annotations.consensus import Basis, Rules
from annotations.models import BatchEntity, Conflict, User

from .standings import Standing


@dataclass(frozen=True, slots=True)
class ConflictKinds:
    """Why a candidate is in the conflicts, and whether its truth is open."""

    is_open: bool
    is_disputed: bool
    is_reported: bool
    is_stuck: bool


def find_conflicts(
    standings: Iterable[Standing], rules: Rules, active: Collection[int] | None
) -> dict[int, ConflictKinds]:
    """Return the candidates that are in the conflicts, by id."""
    conflicts = {}
    for standing in standings:
        kinds = conflict_kinds(standing, rules, active)
        if kinds is not None:
            conflicts[standing.candidate] = kinds
    return conflicts


def conflict_kinds(
    standing: Standing, rules: Rules, active: Collection[int] | None
) -> ConflictKinds | None:
    """Return why this candidate is in the conflicts, None if it is not.

    Stuck (waiting for another judge): its need is unmet, and each of the `active`
    judges has judged or skipped it. In a batch that never had a judge (None), nothing is
    stuck yet.
    """
    if not standing.is_member or standing.ruling is not None:
        return None
    if not (standing.votes or standing.is_reported or active == frozenset()):
        return None
    is_disputed = consensus.is_disputed(standing.verdicts(), rules)
    is_stuck = (
        active is not None
        and all(judge in standing.votes for judge in active)
        and standing.unmet(rules) > 0
    )
    if not (is_disputed or standing.is_reported or is_stuck):
        return None
    is_open = standing.truth(rules).basis is Basis.OPEN
    return ConflictKinds(is_open, is_disputed, standing.is_reported, is_stuck)


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
    row: BatchEntity,
    before: Mapping[int, ConflictKinds],
    after: Mapping[int, ConflictKinds],
) -> None:
    """Write the difference for a locked queue row; a held conflict stays held."""
    removed_candidates = before.keys() - after.keys()
    if removed_candidates:
        conflicts = Conflict.objects.filter(batch=row.batch_id)
        conflicts.filter(candidate__in=removed_candidates).delete()
    changes = {c: kinds for c, kinds in after.items() if before.get(c) != kinds}
    if changes:
        columns = zip(*(astuple(kinds) for kinds in changes.values()), strict=True)
        parameters: list[Any] = [row.batch_id, row.entity_id, list(changes)]
        sql.run(UPSERT, parameters + [list(column) for column in columns])


def stored_conflicts(row: BatchEntity) -> dict[int, ConflictKinds]:
    """Return the stored conflicts of a queue row's candidates, by candidate id."""
    conflicts = Conflict.objects.filter(batch=row.batch_id, entity=row.entity_id)
    columns = ("candidate_id", "is_open", "is_disputed", "is_reported", "is_stuck")
    return {c: ConflictKinds(*kinds) for c, *kinds in conflicts.values_list(*columns)}


def release_conflicts(adjudicator: User) -> None:
    """Release every conflict that an adjudicator holds."""
    Conflict.objects.filter(held_by=adjudicator).update(held_by=None, held_until=None)
