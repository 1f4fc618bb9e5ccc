"""Record marks: one transaction and a few statements, however many marks there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from annotations import queue
from annotations.models import (
    Assignment,
    AssignmentState,
    BatchJudge,
    BatchState,
    User,
)
from annotations.queue.locked_row import LockedRow, load_rows
from annotations.queue.locking import lock_rows_of_pages

from . import reads
from .marks import (
    Mark,
    Outcome,
    PageState,
    Refusal,
    decide,
    tile_position,
    to_centiseconds,
)
from .work import WorkDelta
from .writes import PendingWrites


@transaction.atomic
def record(*, judge: User, marks: Sequence[Mark]) -> list[Outcome]:
    """Record a judge's marks in their order; a refused one does not undo the others.

    An id that this judge has used before in the batch is never applied again. It is
    replayed if tile and verdict are the same, and refused as id-reused if not. Recorded
    and replayed marks renew the judge's pages in their batches.
    """
    ledger = _Ledger.open(judge, marks)
    outcomes = [ledger.apply(mark) for mark in marks]
    ledger.close()
    return outcomes


@dataclass(slots=True)
class _Ledger:
    """Everything that the marks concern, locked and read once."""

    judge: User
    pages: dict[int, Assignment]
    memberships: dict[int, BatchJudge]  # by batch
    rows: dict[tuple[int, int], LockedRow]  # by batch and entity
    history: reads.History
    submitted: dict[tuple[int, int], int]  # last such page by batch and candidate
    writes: PendingWrites = field(default_factory=PendingWrites)
    work: dict[int, WorkDelta] = field(default_factory=dict)  # by batch
    renewed_batches: set[int] = field(default_factory=set)

    @classmethod
    def open(cls, judge: User, marks: Sequence[Mark]) -> "_Ledger":
        """Lock memberships, then queue rows, always in this order. Then read."""
        page_ids = {mark.assignment for mark in marks}
        memberships = reads.lock_memberships(judge, page_ids)
        locked = lock_rows_of_pages(list(page_ids), judge.pk)
        pages = reads.pages_by_id(judge, page_ids)
        candidates = reads.candidates_of(pages, marks)
        rows = load_rows(locked, candidates) if locked else []
        if any(row.has_expired for row in rows):
            pages = reads.pages_by_id(judge, page_ids)
        batches = {page.batch_id for page in pages.values()}
        return cls(
            judge,
            pages,
            memberships,
            {(row.row.batch_id, row.row.entity_id): row for row in rows},
            reads.history_of(judge, batches, candidates, marks),
            reads.last_submitted_pages(judge, pages, marks),
        )

    def apply(self, mark: Mark) -> Outcome:
        """Apply one mark in memory, or refuse it."""
        page = self.pages.get(mark.assignment)
        if page is None:
            return _refused(mark, Refusal.NOT_YOURS)
        position = tile_position(mark, len(page.candidates))
        if position is None:
            return _refused(mark, Refusal.UNKNOWN_CANDIDATE)
        candidate = page.candidates[position]
        earlier_use = self.history.used_ids.get((page.batch_id, mark.id))
        if earlier_use is not None:
            is_same = earlier_use == (page.pk, candidate, mark.verdict)
            return self._replay(mark, page, is_same=is_same)
        membership = self.memberships.get(page.batch_id)
        if membership is None or membership.removed_at is not None:
            return _refused(mark, Refusal.NOT_YOURS)
        return self._decide(mark, page, candidate)

    def _replay(self, mark: Mark, page: Assignment, *, is_same: bool) -> Outcome:
        if not is_same:
            return _refused(mark, Refusal.ID_REUSED)
        self.renewed_batches.add(page.batch_id)
        return Outcome(mark.id, "replayed")

    def _decide(self, mark: Mark, page: Assignment, candidate: int) -> Outcome:
        row = self.rows[page.batch_id, page.entity_id]
        standing = row.standings.get(candidate)
        if standing is None:
            return _refused(mark, Refusal.UNKNOWN_CANDIDATE)
        place_before = standing.holds.get(self.judge.pk)
        page_state = self._page_state(page, candidate, row)
        decision = decide(mark, page_state, standing, row.rules, self.judge.pk)
        if isinstance(decision, Refusal):
            return _refused(mark, decision)
        self._add(mark, page, candidate, decision, row)
        place = standing.holds.get(self.judge.pk)
        if place != place_before and place is not None:
            self.writes.set_place(page, candidate, place)
        return Outcome(mark.id, "recorded")

    def _page_state(
        self, page: Assignment, candidate: int, row: LockedRow
    ) -> PageState:
        # After an opened second look nothing is taken back, as after a submission.
        last_submitted = self.submitted.get((page.batch_id, candidate), 0)
        is_final = last_submitted > page.pk or candidate in self.history.final
        is_running = page.expires_at > row.now
        is_over = page.state in (AssignmentState.RELEASED, AssignmentState.EXPIRED)
        state = vars(self.memberships[page.batch_id])["batch_state"]
        return PageState(
            is_submitted=page.state == AssignmentState.SUBMITTED or is_final,
            takes_marks=state == BatchState.OPEN or (is_running and not is_over),
        )

    def _add(
        self,
        mark: Mark,
        page: Assignment,
        candidate: int,
        place: int | None,
        row: LockedRow,
    ) -> None:
        key = (page.batch_id, candidate)
        before = self.history.current.pop(key, None)
        is_unblinded = candidate in self.history.unblinded
        is_blind = not (is_unblinded or self.judge.could_see_votes_on(candidate))
        after = self.writes.add_mark(
            mark, page, candidate, place, before, is_blind=is_blind, now=row.now
        )
        if after is not None:
            self.history.current[key] = after
        use = (page.pk, candidate, mark.verdict)
        self.history.used_ids[page.batch_id, mark.id] = use
        self.renewed_batches.add(page.batch_id)
        work = self.work.setdefault(page.batch_id, WorkDelta(row.now))
        centiseconds = to_centiseconds(mark.seconds, settings.LEASE_MINUTES)
        work.add(before, after, centiseconds)

    def close(self) -> None:
        """Write everything: judgments, places, counters, renewals."""
        if not self.renewed_batches:
            return
        self.writes.flush()
        for row in self.rows.values():
            row.save_changes()
        for batch in self.renewed_batches & self.memberships.keys():
            if batch in self.work:
                self.work[batch].write(batch, self.judge.pk)
            queue.renew_held(self.judge.pk, batch)


def _refused(mark: Mark, refusal: Refusal) -> Outcome:
    return Outcome(mark.id, "refused", refusal.value)
