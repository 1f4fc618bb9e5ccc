"""A locked queue row with the places and counters that its lock guards.

Every change of places and counters goes through `LockedRow`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import cast

from django.db import transaction

from annotations import consensus, sql
from annotations.consensus import Rules, Verdict
from annotations.models import Assignment, AssignmentState, BatchEntity, Role, User
from annotations.models.pending_scoring import request_scoring

from .conflicts import ConflictKinds, find_conflicts, write_conflicts
from .reopening import reopen
from .standings import RowState, Standing, Tally, read_rows

# Decided pictures are references of the scorers. Those of the same entity that come
# within so many seconds are scored together.
REFERENCES_WAIT = 60


def clock() -> datetime:
    """Return the database's time, the only clock of leases on every machine."""
    return cast(datetime, sql.value("SELECT clock_timestamp()"))


@dataclass(slots=True)
class LockedRow:
    """One batch and entity, locked until the transaction ends.

    Change `standings` in the same way as the database, then call `save_changes`.
    """

    row: BatchEntity
    rules: Rules
    now: datetime
    standings: dict[int, Standing]
    active: frozenset[int] | None = None  # the judges who judge the batch now
    has_expired: bool = False  # leases ended while it was read
    before: Tally = field(default_factory=Tally)
    free_before: dict[int, int] = field(default_factory=dict)
    conflicts_before: dict[int, ConflictKinds] = field(default_factory=dict)
    decided_before: dict[int, Verdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for candidate, standing in self.standings.items():
            self.free_before[candidate] = self.before.add(standing, self.rules)
        self.conflicts_before = self.conflicts()
        self.decided_before = self.decided()

    def decided(self) -> dict[int, Verdict]:
        """Return the verdicts of decided candidates, except reported ones, by id."""
        verdicts = {}
        for candidate, standing in self.standings.items():
            truth = consensus.truth(standing.verdicts(), self.rules, standing.ruling)
            if truth.verdict is not None and not standing.is_reported:
                verdicts[candidate] = truth.verdict
        return verdicts

    def conflicts(self) -> dict[int, ConflictKinds]:
        """Return the candidates that are in the conflicts, with the reasons."""
        return find_conflicts(self.standings.values(), self.rules, self.active)

    def save_changes(self) -> None:
        """Write the changes, and reopen the row to judges who may have passed it.

        Only candidates that were read can have changed, so counters move by the
        difference.
        """
        after, has_more = Tally(), False
        for candidate, standing in self.standings.items():
            free = after.add(standing, self.rules)
            has_more |= free > self.free_before[candidate]
        self._save_counters(after)
        if self.decided() != self.decided_before:
            # After the commit: other judges must not wait here for each other's
            # entities.
            mark = partial(request_scoring, [self.row.entity_id], wait=REFERENCES_WAIT)
            transaction.on_commit(mark)
        if has_more:
            reopen([self.row])
        conflicts = self.conflicts()
        if conflicts != self.conflicts_before:
            write_conflicts(self.row, self.conflicts_before, conflicts)

    def _save_counters(self, after: Tally) -> None:
        if after == self.before:
            return
        for name in Tally.__slots__:
            difference = getattr(after, name) - getattr(self.before, name)
            setattr(self.row, name, getattr(self.row, name) + difference)
        counters = Tally(*(getattr(self.row, name) for name in Tally.__slots__))
        self.row.state = counters.state
        self.row.save(update_fields=[*Tally.__slots__, "state"])


def is_active_judge(judge: User) -> bool:
    """Return whether `judge` is an active judge now. The request can have an older state.

    Call it under a lock on one of the judge's memberships: `release_all` locks them all
    before a user loses the role.
    """
    active_users = User.objects.filter(pk=judge.pk, is_active=True)
    return active_users.filter(roles__contains=[Role.JUDGE]).exists()


def load_rows(
    rows: Sequence[BatchEntity], candidates: Sequence[int] | None = None
) -> list[LockedRow]:
    """Read the standings that locked rows guard, of some candidates or of all.

    Leases that have run out are ended on the way, so that their places are free.
    """
    states = read_rows([row.pk for row in rows], candidates)
    locked_rows = []
    for row in rows:
        state = states[row.pk]
        has_expired = state.has_overdue_lease()
        if has_expired:
            _expire(row)
            state = read_rows([row.pk], candidates)[row.pk]
        locked_rows.append(_locked_row(row, state))
        locked_rows[-1].has_expired = has_expired
    return locked_rows


def _locked_row(row: BatchEntity, state: RowState) -> LockedRow:
    return LockedRow(row, state.rules, state.now, state.standings, state.active)


def _expire(row: BatchEntity) -> None:
    """End a locked row's leases that have run out, and free their places."""
    locked = _locked_row(row, read_rows([row.pk])[row.pk])
    pages = Assignment.objects.filter(
        batch_id=row.batch_id,
        entity_id=row.entity_id,
        state=AssignmentState.HELD,
        expires_at__lte=locked.now,
    ).select_for_update(no_key=True, skip_locked=True)  # a locked one is being renewed
    for page in pages:
        for candidate in page.candidates:
            if candidate in locked.standings:
                locked.standings[candidate].holds.pop(page.judge_id, None)
        Assignment.objects.filter(pk=page.pk).update(
            state=AssignmentState.EXPIRED, ended_at=locked.now
        )
    locked.save_changes()
