"""A locked queue row with what it guards: the one door to places and counters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from annotations import consensus
from annotations.consensus import Rules, Verdict
from annotations.models import (
    Assignment,
    AssignmentState,
    BatchEntity,
    Candidate,
    Role,
    User,
    due,
)

from .conflicts import Kinds, conflicts_among, write_conflicts
from .standings import Reading, Standing, Tally, read

# Settled images are references of the scorers: those that come within so many seconds
# are looked at together.
REFERENCES_WAIT = 60


def clock() -> datetime:
    """The database's time now: the only clock of leases, whatever machine asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@dataclass(slots=True)
class LockedRow:
    """One batch and entity, locked until the transaction ends.

    Change `standings` as the act changes the database, then `settle`.
    """

    row: BatchEntity
    rules: Rules
    now: datetime
    standings: dict[int, Standing]
    active: frozenset[int] | None = None  # who judges the batch now
    has_expired: bool = False  # leases ended while it was read
    before: Tally = field(default_factory=Tally)
    free_before: dict[int, int] = field(default_factory=dict)
    conflicts_before: dict[int, Kinds] = field(default_factory=dict)
    settled_before: dict[int, Verdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for candidate, standing in self.standings.items():
            self.free_before[candidate] = self.before.add(standing, self.rules)
        self.conflicts_before = self.conflicts()
        self.settled_before = self.settled()

    def settled(self) -> dict[int, Verdict]:
        """What is settled and how, by candidate, but for what is reported."""
        found = {}
        for candidate, standing in self.standings.items():
            verdicts, ruling = standing.verdicts(), standing.ruling
            truth = consensus.truth(verdicts, self.rules, ruling)
            if truth.verdict is not None and not standing.is_reported:
                found[candidate] = truth.verdict
        return found

    def conflicts(self) -> dict[int, Kinds]:
        """Which of the candidates that were read are in the conflicts, and why."""
        return conflicts_among(self.standings.values(), self.rules, self.active)

    def settle(self) -> None:
        """Write what changed, and reopen the row to judges who had passed it.

        Only candidates that were read can have changed, so counters move by the
        difference.
        """
        after, has_more, changed = Tally(), False, False
        for candidate, standing in self.standings.items():
            free = after.add(standing, self.rules)
            has_more |= free > self.free_before[candidate]
        for name in Tally.__slots__:
            difference = getattr(after, name) - getattr(self.before, name)
            if difference:
                setattr(self.row, name, getattr(self.row, name) + difference)
                changed = True
        if changed:
            counters = Tally(*(getattr(self.row, name) for name in Tally.__slots__))
            self.row.state = counters.state
            self.row.save(update_fields=[*Tally.__slots__, "state"])
        if self.settled() != self.settled_before:
            # Afterwards: other judges must not wait for each other's entities here.
            mark = partial(due.mark, [self.row.entity_id], wait=REFERENCES_WAIT)
            transaction.on_commit(mark)
        if has_more:
            reopen([self.row])
        conflicts = self.conflicts()
        if conflicts != self.conflicts_before:
            write_conflicts(self.row, self.conflicts_before, conflicts)


def is_active_judge(judge: User) -> bool:
    """Return whether `judge` is an active judge now, whatever the request has cached.

    Call it under a lock on one of the judge's memberships: `release_all` locks them all
    before a user loses the role.
    """
    active = User.objects.filter(pk=judge.pk, is_active=True)
    return active.filter(roles__contains=[Role.JUDGE]).exists()


def reopen(rows: Iterable[BatchEntity]) -> None:
    """Tell every judge of the batch that these rows, locked here, have places again.

    Also those who have not come so far: a lease under way may be passing the row.
    """
    keys = [(row.batch_id, row.entity_id, row.priority) for row in rows]
    batches, entities, priorities = zip(*keys, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotations_reopened (batch_id, judge_id, entity_id, priority)
            SELECT b.batch_id, b.judge_id, t.entity_id, t.priority
            FROM unnest(%s::bigint[], %s::bigint[], %s::float8[])
                 AS t (batch_id, entity_id, priority)
            JOIN annotations_batchjudge b ON b.batch_id = t.batch_id
            WHERE b.removed_at IS NULL
            ON CONFLICT (batch_id, judge_id, entity_id)
            DO UPDATE SET priority = excluded.priority
            """,
            [list(batches), list(entities), list(priorities)],
        )


def load_rows(
    rows: Sequence[BatchEntity], candidates: Sequence[int] | None = None
) -> list[LockedRow]:
    """Read what locked rows guard, of some candidates or of all.

    Leases whose time is over are ended on the way: an expired one is free at once.
    """
    readings = read([row.pk for row in rows], candidates)
    entries = []
    for row in rows:
        reading = readings[row.pk]
        is_due = reading.is_due()
        if is_due:
            _expire(row)
            reading = read([row.pk], candidates)[row.pk]
        entries.append(_entry(row, reading))
        entries[-1].has_expired = is_due
    return entries


def _entry(row: BatchEntity, reading: Reading) -> LockedRow:
    return LockedRow(row, reading.rules, reading.now, reading.standings, reading.active)


def _expire(row: BatchEntity) -> None:
    """End a locked row's leases whose time is over and give their places back."""
    entry = _entry(row, read([row.pk])[row.pk])
    due = Assignment.objects.filter(
        batch_id=row.batch_id,
        entity_id=row.entity_id,
        state=AssignmentState.HELD,
        expires_at__lte=entry.now,
    ).select_for_update(no_key=True, skip_locked=True)  # those are being renewed
    for page in due:
        for candidate in page.candidates:
            if candidate in entry.standings:
                entry.standings[candidate].holds.pop(page.judge_id, None)
        Assignment.objects.filter(pk=page.pk).update(
            state=AssignmentState.EXPIRED, ended_at=entry.now
        )
    entry.settle()


def lock_pairs(pairs: Iterable[tuple[int, int]]) -> list[BatchEntity]:
    """Lock the queue rows of (batch, entity) pairs, waiting, always in row order."""
    wanted = sorted(set(pairs))
    rows = BatchEntity.objects.raw(
        """
        SELECT q.* FROM annotations_batchentity q
        JOIN unnest(%s::bigint[], %s::bigint[]) AS t (batch_id, entity_id)
          USING (batch_id, entity_id)
        ORDER BY q.id FOR NO KEY UPDATE OF q
        """,
        [[batch for batch, _ in wanted], [entity for _, entity in wanted]],
    )
    return list(rows)


def lock_rows_of_pages(numbers: Sequence[int], judge: int) -> list[BatchEntity]:
    """Lock the queue rows of a judge's pages (ids), waiting, always in row order."""
    rows = BatchEntity.objects.raw(
        """
        SELECT q.* FROM annotations_batchentity q
        WHERE (q.batch_id, q.entity_id) IN (
            SELECT batch_id, entity_id FROM annotations_assignment
            WHERE id = ANY(%s) AND judge_id = %s)
        ORDER BY q.id FOR NO KEY UPDATE OF q
        """,
        [list(numbers), judge],
    )
    return list(rows)


def lock_rows_of(candidates: Sequence[int]) -> list[BatchEntity]:
    """Lock the queue rows, in every batch, of these candidates' entities."""
    entities = Candidate.objects.filter(pk__in=candidates).values("entity_id")
    return list(
        BatchEntity.objects.select_for_update(no_key=True)
        .filter(entity_id__in=entities, upto__gt=0)
        .order_by("pk")
    )
