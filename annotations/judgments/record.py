"""Record marks: one transaction, a few statements, however many marks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from annotations import queue
from annotations.consensus import Verdict
from annotations.models import (
    Assignment,
    AssignmentState,
    BatchJudge,
    BatchState,
    User,
    prepared,
)
from annotations.queue import LockedRow

from .marks import Mark, Outcome, Refusal, Sitting, at_position, clamped, decide
from .work import Work
from .writing import Said, Writes

# Written out: this is the hottest path, and the ORM takes as long to say it.
MEMBERSHIPS = """
SELECT m.*, b.state AS batch_state
FROM annotations_batchjudge m JOIN annotations_batch b ON b.id = m.batch_id
WHERE m.judge_id = %s AND m.batch_id IN (
    SELECT a.batch_id FROM annotations_assignment a
    WHERE a.id = ANY(%s) AND a.judge_id = m.judge_id)
ORDER BY m.batch_id FOR NO KEY UPDATE OF m
"""
PAGES = "SELECT * FROM annotations_assignment WHERE judge_id = %s AND id = ANY(%s)"

# By batch and a mark's id: its page, candidate and verdict.
Seen = dict[tuple[int, UUID], tuple[int, int, Verdict | None]]


@transaction.atomic
def record(*, judge: User, marks: Sequence[Mark]) -> list[Outcome]:
    """Record a judge's marks in their order; a refused one does not undo the others.

    An id that this judge used before in the batch is never applied again: replayed
    where tile and verdict are the same, else refused as id-reused. Recorded and
    replayed marks renew the judge's pages of their batches.
    """
    ledger = _Ledger.open(judge, marks)
    outcomes = [ledger.take(mark) for mark in marks]
    ledger.close()
    return outcomes


@dataclass(slots=True)
class _Ledger:
    """Everything that the marks touch, locked and read once."""

    judge: User
    pages: dict[int, Assignment]
    memberships: dict[int, BatchJudge]  # by batch
    entries: dict[tuple[int, int], LockedRow]  # by batch and entity
    current: dict[tuple[int, int], Said]  # by batch and candidate
    seen: Seen
    informed: set[int]  # candidates on which the judge has been shown the votes
    submitted: dict[tuple[int, int], int]  # last such page by batch and candidate
    writes: Writes = field(default_factory=Writes)
    work: dict[int, Work] = field(default_factory=dict)  # by batch
    renewed: set[int] = field(default_factory=set)  # batches

    @classmethod
    def open(cls, judge: User, marks: Sequence[Mark]) -> "_Ledger":
        """Lock memberships, then queue rows, always in this order; then read."""
        numbers = {mark.assignment for mark in marks}
        memberships = {
            m.batch_id: m
            for m in BatchJudge.objects.raw(MEMBERSHIPS, [judge.pk, list(numbers)])
        }
        rows = queue.lock_rows_of_pages(list(numbers), judge.pk)
        pages = _pages(judge, numbers)
        touched = _touched(pages, marks)
        entries = queue.load_rows(rows, touched) if rows else []
        if any(entry.has_expired for entry in entries):
            pages = _pages(judge, numbers)
        batches = {page.batch_id for page in pages.values()}
        current, seen, informed = _said(judge, batches, touched, marks)
        return cls(
            judge,
            pages,
            memberships,
            {(e.row.batch_id, e.row.entity_id): e for e in entries},
            current,
            seen,
            informed,
            _submitted(judge, pages, marks),
        )

    def take(self, mark: Mark) -> Outcome:
        """Apply one mark to what was read, or refuse it."""
        page = self.pages.get(mark.assignment)
        if page is None:
            return _refused(mark, Refusal.NOT_YOURS)
        position = at_position(mark, len(page.candidates))
        if position is None:
            return _refused(mark, Refusal.UNKNOWN_CANDIDATE)
        candidate = page.candidates[position]
        known = self.seen.get((page.batch_id, mark.id))
        if known is not None:
            is_same = known == (page.pk, candidate, mark.verdict)
            return self._again(mark, page, is_same=is_same)
        membership = self.memberships.get(page.batch_id)
        if membership is None or membership.removed_at is not None:
            return _refused(mark, Refusal.NOT_YOURS)
        return self._decide(mark, page, candidate)

    def _again(self, mark: Mark, page: Assignment, *, is_same: bool) -> Outcome:
        if not is_same:
            return _refused(mark, Refusal.ID_REUSED)
        self.renewed.add(page.batch_id)
        return Outcome(mark.id, "replayed")

    def _decide(self, mark: Mark, page: Assignment, candidate: int) -> Outcome:
        entry = self.entries[page.batch_id, page.entity_id]
        standing = entry.standings.get(candidate)
        if standing is None:
            return _refused(mark, Refusal.UNKNOWN_CANDIDATE)
        held_before = standing.holds.get(self.judge.pk)
        last = self.submitted.get((page.batch_id, candidate), 0)
        # Who has seen the votes takes nothing back, as after the page was submitted.
        is_fixed = last > page.pk or candidate in self.informed
        sitting = self._sitting(page, entry, is_fixed=is_fixed)
        decided = decide(mark, sitting, standing, entry.rules, self.judge.pk)
        if isinstance(decided, Refusal):
            return _refused(mark, decided)
        self._remember(mark, page, candidate, decided, entry)
        held = standing.holds.get(self.judge.pk)
        if held != held_before and held is not None:
            self.writes.hold(page, candidate, held)
        return Outcome(mark.id, "recorded")

    def _sitting(
        self, page: Assignment, entry: LockedRow, *, is_fixed: bool
    ) -> Sitting:
        runs = page.expires_at > entry.now
        is_over = page.state in (AssignmentState.RELEASED, AssignmentState.EXPIRED)
        state = vars(self.memberships[page.batch_id])["batch_state"]
        return Sitting(
            is_submitted=page.state == AssignmentState.SUBMITTED or is_fixed,
            takes_marks=state == BatchState.OPEN or (runs and not is_over),
        )

    def _remember(
        self,
        mark: Mark,
        page: Assignment,
        candidate: int,
        place: int | None,
        entry: LockedRow,
    ) -> None:
        key = (page.batch_id, candidate)
        before = self.current.pop(key, None)
        is_blind = self.judge.judges_independently and candidate not in self.informed
        after = self.writes.say(
            mark, page, candidate, place, before, is_blind=is_blind, now=entry.now
        )
        if after is not None:
            self.current[key] = after
        self.seen[page.batch_id, mark.id] = (page.pk, candidate, mark.verdict)
        self.renewed.add(page.batch_id)
        work = self.work.setdefault(page.batch_id, Work(entry.now))
        work.add(before, after, clamped(mark.seconds, settings.LEASE_MINUTES))

    def close(self) -> None:
        """Write it all: rows, places, counters, renewals."""
        if not self.renewed:
            return
        self.writes.flush()
        for entry in self.entries.values():
            entry.settle()
        for batch in self.renewed & self.memberships.keys():
            if batch in self.work:
                self.work[batch].write(batch, self.judge.pk)
            queue.renew_held(self.judge.pk, batch)


def _pages(judge: User, numbers: Iterable[int]) -> dict[int, Assignment]:
    pages = Assignment.objects.raw(PAGES, [judge.pk, list(numbers)])
    return {page.pk: page for page in pages}


def _touched(pages: dict[int, Assignment], marks: Sequence[Mark]) -> list[int]:
    """The candidates that the marks name, doubles dropped."""
    touched = {}
    for mark in marks:
        page = pages.get(mark.assignment)
        position = at_position(mark, len(page.candidates)) if page else None
        if page and position is not None:
            touched[page.candidates[position]] = True
    return list(touched)


def _submitted(
    judge: User, pages: dict[int, Assignment], marks: Sequence[Mark]
) -> dict[tuple[int, int], int]:
    """The last page that the judge submitted of each candidate.

    A candidate of a released page may have come again and been submitted since, after
    which nothing is taken back by the older page either. Read only where that is asked.
    """
    backs = {mark.assignment for mark in marks if mark.verdict is None}
    if not backs:
        return {}
    finished = Assignment.objects.filter(
        judge=judge,
        state=AssignmentState.SUBMITTED,
        batch__in={page.batch_id for page in pages.values() if page.pk in backs},
        entity__in={page.entity_id for page in pages.values() if page.pk in backs},
    ).order_by("pk")
    return {(page.batch_id, c): page.pk for page in finished for c in page.candidates}


# An id that was replaced or taken back stands as an old one. One that took back, or
# found nothing to take back, stands nowhere but as a new one. OFFSET 0 keeps the judge
# out of the search, else a plan made while the table is small reads all that the judge
# has marked in the batch.
SAID = """
SELECT candidate_id, assignment_id, client_id, verdict, batch_id, blind_verdict,
       'current'
FROM annotations_judgment
WHERE batch_id = ANY($1) AND candidate_id = ANY($2) AND judge_id = $3
UNION ALL
SELECT candidate_id, assignment_id, client_id, verdict, batch_id, NULL, 'used'
FROM (
    SELECT judge_id, candidate_id, assignment_id, client_id, verdict, batch_id
    FROM annotations_judgment
    WHERE batch_id = ANY($1) AND client_id = ANY($4::uuid[])
    UNION ALL
    SELECT judge_id, candidate_id, assignment_id, old_client_id, old_verdict, batch_id
    FROM annotations_judgmentrevision
    WHERE batch_id = ANY($1) AND old_client_id = ANY($4::uuid[])
    UNION ALL
    SELECT judge_id, candidate_id, new_assignment_id, new_client_id, NULL, batch_id
    FROM annotations_judgmentrevision
    WHERE batch_id = ANY($1) AND new_client_id = ANY($4::uuid[])
      AND new_verdict IS NULL
    OFFSET 0) used
WHERE judge_id = $3
UNION ALL
SELECT candidate_id, NULL, NULL, NULL, NULL, NULL, 'seen'
FROM annotations_secondlook
WHERE candidate_id = ANY($2) AND judge_id = $3 AND seen_at IS NOT NULL
"""


def _said(
    judge: User, batches: Iterable[int], candidates: list[int], marks: Sequence[Mark]
) -> tuple[dict[tuple[int, int], Said], Seen, set[int]]:
    """The judge's current rows on candidates; what the marks' ids were used for; on
    which candidates a second look, in any batch, has shown the judge the votes."""
    current: dict[tuple[int, int], Said] = {}
    seen: Seen = {}
    informed: set[int] = set()
    ids = [str(mark.id) for mark in marks]
    values = [list(batches), candidates, judge.pk, ids]
    with connection.cursor() as cursor:
        types = "bigint[], bigint[], bigint, text[]"
        prepared.execute(cursor, "labeler_said", types, SAID, values)
        for candidate, assignment, mark, text, batch, blind, kind in cursor:
            if kind == "seen":
                informed.add(candidate)
                continue
            verdict = Verdict(text) if text else None
            if kind == "current":
                current[batch, candidate] = Said(verdict, blind)
            seen[batch, mark] = (assignment, candidate, verdict)
    return current, seen, informed


def _refused(mark: Mark, refusal: Refusal) -> Outcome:
    return Outcome(mark.id, "refused", refusal.value)
