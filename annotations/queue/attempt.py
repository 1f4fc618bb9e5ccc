"""One attempt of a judge to lease a page: a transaction of the search in the queue.

Each row that is tried costs two statements. One locks it (`search`), the next reads the
standings that the lock guards. The cursor only advances past rows that this judge
locked and found empty. So a lease costs the same however much of the batch this judge
has done. Rows that get free places behind the cursor come back through `Reopened`.
"""

import math
import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now

from annotations import sql
from annotations.errors import LabelerError, TwoHeld
from annotations.models import (
    Assignment,
    AssignmentState,
    Batch,
    BatchEntity,
    BatchJudge,
    BatchState,
    Order,
    Reopened,
    User,
)

from . import search
from .locked_row import LockedRow, clock, is_active_judge, load_rows
from .order import choose_for_page
from .standings import Standing, read_rows

PAGES_HELD_LIMIT = 2
ROWS_PER_TRANSACTION = 100
LONGEST_WAIT = 60  # seconds between two requests of a judge who waits
NEXT_ID = """
SELECT nextval(pg_get_serial_sequence('annotations_assignment', 'id'))
"""


class NothingToLease(LabelerError):
    """No page now. `reason` is one of no-batch, all-done, closed, held-by-others."""

    slug = "nothing-to-lease"

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(f"There is no page to judge now: {reason}.")
        self.reason = reason
        self.retry_after = retry_after


def held_pages(judge: User, batch: Batch | None = None) -> list[Assignment]:
    """Return the judge's live pages, oldest first."""
    pages = Assignment.objects.filter(
        judge=judge, state=AssignmentState.HELD, expires_at__gt=Now()
    )
    return list((pages.filter(batch=batch) if batch else pages).order_by("pk"))


class LeaseAttempt:
    """One transaction of a judge's search through the queue."""

    def __init__(
        self,
        membership: BatchJudge,
        batch: Batch,
        judge: User,
        previous: "LeaseAttempt | None",
    ) -> None:
        self.membership = membership
        self.batch = batch
        self.judge = judge
        self.is_over = False
        self.has_skipped: bool = previous.has_skipped if previous else False
        # Advances past skipped rows. The membership's cursor stops before the first.
        self.position: search.SearchPosition = (
            previous.position.copy()
            if previous
            else {
                "batch": batch.pk,
                "judge": judge.pk,
                "priority": membership.cursor_priority,
                "entity": membership.cursor_entity,
            }
        )

    @classmethod
    def begin(
        cls, batch: Batch, judge: User, previous: "LeaseAttempt | None"
    ) -> "LeaseAttempt":
        """Lock the judge's membership, so that two tabs of one judge take turns."""
        membership = (
            BatchJudge.objects.select_for_update(no_key=True, of=("self",))
            .select_related("batch")
            .filter(batch=batch, judge=judge, removed_at__isnull=True)
            .first()
        )
        if membership is None or not is_active_judge(judge):
            raise NothingToLease("no-batch")
        if membership.batch.state != BatchState.OPEN:
            raise NothingToLease("closed")
        return cls(membership, membership.batch, judge, previous)

    def held_page(self, after: int | None) -> Assignment | None:
        """Return the held page that this lease asks for: the one after `after`."""
        pages = held_pages(self.judge, self.batch)
        page_ids = [page.pk for page in pages]
        if after not in page_ids:
            return pages[0] if pages else None
        if len(pages) < PAGES_HELD_LIMIT:
            return None
        if after == page_ids[-1]:
            raise TwoHeld("You hold two pages. Submit one, then ask again.")
        return pages[-1]

    def take_page(self, *, size: int, waits: bool) -> Assignment | None:
        """Try rows in order until one has a page for the judge, of at most `size` tiles.

        Without `waits`, skip rows that others have locked. With it, wait for the lock
        of one row per transaction. So no transaction waits while it holds a row.
        """
        page = None
        for _ in range(1 if waits else ROWS_PER_TRANSACTION):
            result = search.lock_reopened(
                self.position, waits=waits
            ) or search.lock_next(self.position, waits=waits)
            if result is None:
                self._end(waits=waits)
                break
            self.has_skipped |= result.has_skipped
            [locked] = load_rows([result.row])
            page = self._grant(locked, size)
            if page is None or not self._open_standings(locked):
                self._advance(result)
            if page is not None:
                break
        self.membership.save(update_fields=["cursor_priority", "cursor_entity"])
        return page

    def _end(self, *, waits: bool) -> None:
        """End the search after its last row, unless others locked or moved rows."""
        has_more = search.has_more_rows(self.position)
        self.is_over = not (waits and has_more)
        self.has_skipped |= has_more and not waits

    def _advance(self, result: search.SearchResult) -> None:
        """Advance past a row that has nothing left for this judge.

        An event that reopens the row waits for its lock, so its `Reopened` entry is
        written later and stays. The cursor only follows rows in queue order: a reopened
        row, or one that moved while its lock was waited for, can be anywhere by now.
        """
        row = result.row
        Reopened.objects.filter(
            batch=self.batch, judge=self.judge, entity_id=row.entity_id
        ).delete()
        if not result.is_next:
            return
        self.position["priority"] = row.priority
        self.position["entity"] = row.entity_id
        if not self.has_skipped:
            self.membership.cursor_priority = row.priority
            self.membership.cursor_entity = row.entity_id

    def _open_standings(self, locked: LockedRow) -> list[Standing]:
        return [
            s
            for s in locked.standings.values()
            if s.is_open_to(self.judge.pk, locked.rules)
        ]

    def _grant(self, locked: LockedRow, size: int) -> Assignment | None:
        """Lease the judge a page of the row's open candidates, each with a place."""
        open_standings = self._open_standings(locked)
        if not open_standings:
            return None
        standings = choose_for_page(open_standings, self.batch, locked.row, size)
        page_id = sql.value(NEXT_ID)
        if self.batch.order != Order.RANK:
            # The secret keeps judges, who know the id, from undoing the shuffle.
            random.Random(f"{settings.SECRET_KEY}:{page_id}").shuffle(standings)
        places = [standing.lowest_place() for standing in standings]
        page = Assignment.objects.create(
            pk=page_id,
            batch=self.batch,
            entity_id=locked.row.entity_id,
            judge=self.judge,
            candidates=[standing.candidate for standing in standings],
            places=places,
            leased_at=locked.now,
            expires_at=lease_end(locked.now),
        )
        for standing, place in zip(standings, places, strict=True):
            standing.holds[self.judge.pk] = place
        locked.save_changes()
        return page

    def nothing_to_lease(self) -> NothingToLease:
        """Return why there is no page: others hold candidates for this judge, or not."""
        now = clock()
        pages = list(
            Assignment.objects.filter(
                batch=self.batch, state=AssignmentState.HELD, expires_at__gt=now
            ).exclude(judge=self.judge)
        )
        waiting_for = self._unmet_candidates({page.entity_id for page in pages})
        ends = [p.expires_at for p in pages if not waiting_for.isdisjoint(p.candidates)]
        if not ends:
            return NothingToLease("all-done")
        seconds = math.ceil((min(ends) - now).total_seconds())
        return NothingToLease("held-by-others", max(1, min(seconds, LONGEST_WAIT)))

    def _unmet_candidates(self, entities: set[int]) -> set[int]:
        """Return the candidates that need judgments and that this judge can judge."""
        rows = BatchEntity.objects.filter(batch=self.batch, entity__in=entities)
        return {
            s.candidate
            for state in read_rows([row.pk for row in rows]).values()
            for s in state.standings.values()
            if self.judge.pk not in s.votes
            and self.judge.pk not in s.held
            and s.unmet(self.batch.rules) > 0
        }


def lease_end(now: datetime) -> datetime:
    """Return when a lease ends that is made or renewed now."""
    return now + timedelta(minutes=settings.LEASE_MINUTES)
