"""One transaction of a judge's search through the queue.

Each row that is tried costs two statements: one locks it (`search`), the next reads
what the lock guards. The cursor passes only rows that this judge locked and found
empty, so a lease stays flat however much of the batch this judge has done; what
reopens behind it comes through `Reopened`.
"""

import math
import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

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
from .order import first_of
from .standings import read

PAGES_HELD_LIMIT = 2
ROWS_PER_TRANSACTION = 100
LONGEST_WAIT = 60  # seconds between two looks of a judge who waits

Key = tuple[float | None, int | None]  # priority and entity; None before the first


class NothingToLease(LabelerError):
    """No page now. `reason` is one of no-batch, all-done, closed, held-by-others."""

    slug = "nothing-to-lease"

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(f"There is no page to judge now: {reason}.")
        self.reason = reason
        self.retry_after = retry_after


def held_by(judge: User, batch: Batch | None = None) -> list[Assignment]:
    """The judge's live pages, oldest first."""
    pages = Assignment.objects.filter(
        judge=judge, state=AssignmentState.HELD, expires_at__gt=Now()
    )
    return list((pages.filter(batch=batch) if batch else pages).order_by("pk"))


class Turn:
    """One transaction of a judge's search through the queue."""

    def __init__(
        self,
        membership: BatchJudge,
        batch: Batch,
        judge: User,
        previous: "Turn | None",
    ) -> None:
        self.membership = membership
        self.batch = batch
        self.judge = judge
        self.is_over = False
        self.has_skipped: bool = previous.has_skipped if previous else False
        # Goes on over skipped rows; the membership's cursor stops before the first.
        self.position: Key = (
            previous.position
            if previous
            else (membership.cursor_priority, membership.cursor_entity)
        )

    @classmethod
    def begin(cls, batch: Batch, judge: User, previous: "Turn | None") -> "Turn":
        """Lock the judge's membership: two tabs of one judge take turns."""
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

    def held(self, after: int | None) -> Assignment | None:
        """The page that the judge holds already, if the lease is about it."""
        pages = held_by(self.judge, self.batch)
        following = [page.pk for page in pages]
        if after not in following:
            return pages[0] if pages else None
        if len(pages) < PAGES_HELD_LIMIT:
            return None
        if after == following[-1]:
            raise TwoHeld("Two pages are held; submit one, then ask again.")
        return pages[-1]

    def take(self, *, size: int, waits: bool) -> Assignment | None:
        """Try rows in order until one has something for the judge, `size` tiles at most.

        Without `waits` rows locked by others are skipped. With it they are waited
        for, one row a transaction, so that nobody waits while holding another row.
        """
        page = None
        for _ in range(1 if waits else ROWS_PER_TRANSACTION):
            key = self._key()
            found = search.behind(key, waits=waits) or search.beyond(key, waits=waits)
            if found is None:
                self._end(waits=waits)
                break
            self.has_skipped |= found.has_skipped
            [entry] = load_rows([found.row])
            page = self._grant(entry, size)
            if page is None or not self._offers(entry):
                self._pass(found)
            if page is not None:
                break
        self.membership.save(update_fields=["cursor_priority", "cursor_entity"])
        return page

    def _end(self, *, waits: bool) -> None:
        """No row was found: all are looked at, or some are locked or moved meanwhile."""
        is_left = search.any_left(self._key())
        self.is_over = not (waits and is_left)
        self.has_skipped |= is_left and not waits

    def _key(self) -> dict[str, Any]:
        priority, entity = self.position
        return {
            "batch": self.batch.pk,
            "judge": self.judge.pk,
            "priority": priority,
            "entity": entity,
        }

    def _pass(self, found: search.Found) -> None:
        """Leave a row behind: it has nothing (more) for this judge.

        A reopening that comes later waits for the row's lock, so it is not lost. The
        cursor follows only along the queue: what was reopened, or moved away while its
        lock was waited for, may stand anywhere by now.
        """
        row = found.row
        Reopened.objects.filter(
            batch=self.batch, judge=self.judge, entity_id=row.entity_id
        ).delete()
        if not found.is_next:
            return
        self.position = (row.priority, row.entity_id)
        if not self.has_skipped:
            self.membership.cursor_priority = row.priority
            self.membership.cursor_entity = row.entity_id

    def _offers(self, entry: LockedRow) -> bool:
        return any(
            s.is_open_to(self.judge.pk, entry.rules) for s in entry.standings.values()
        )

    def _grant(self, entry: LockedRow, size: int) -> Assignment | None:
        """Give the judge a page of what the row offers: places and the lease."""
        offered = [
            s
            for s in entry.standings.values()
            if s.is_open_to(self.judge.pk, entry.rules)
        ]
        if not offered:
            return None
        chosen = first_of(offered, self.batch, entry.row, size)
        number = _next_assignment()
        if self.batch.order != Order.RANK:
            # With a secret: else who knows the number could undo the shuffle.
            random.Random(f"{settings.SECRET_KEY}:{number}").shuffle(chosen)
        places = [standing.lowest_place() for standing in chosen]
        page = Assignment.objects.create(
            pk=number,
            batch=self.batch,
            entity_id=entry.row.entity_id,
            judge=self.judge,
            candidates=[standing.candidate for standing in chosen],
            places=places,
            leased_at=entry.now,
            expires_at=lease_end(entry.now),
        )
        for standing, place in zip(chosen, places, strict=True):
            standing.holds[self.judge.pk] = place
        entry.settle()
        return page

    def nothing(self) -> NothingToLease:
        """Say why there is no page: others hold what this judge could take, or not."""
        now = clock()
        held = list(
            Assignment.objects.filter(
                batch=self.batch, state=AssignmentState.HELD, expires_at__gt=now
            ).exclude(judge=self.judge)
        )
        entities = {page.entity_id for page in held}
        rows = BatchEntity.objects.filter(batch=self.batch, entity__in=entities)
        readings = read([row.pk for row in rows])
        wanted = {
            s.candidate
            for reading in readings.values()
            for s in reading.standings.values()
            if self.judge.pk not in s.votes
            and self.judge.pk not in s.held
            and s.unmet(self.batch.rules) > 0
        }
        ends = [p.expires_at for p in held if not wanted.isdisjoint(p.candidates)]
        if not ends:
            return NothingToLease("all-done")
        wait = math.ceil((min(ends) - now).total_seconds())
        return NothingToLease("held-by-others", max(1, min(wait, LONGEST_WAIT)))


def lease_end(now: datetime) -> datetime:
    """When a lease that is made or renewed now ends."""
    return now + timedelta(minutes=settings.LEASE_MINUTES)


def _next_assignment() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('annotations_assignment', 'id'))"
        )
        return cursor.fetchone()[0]
