"""Who works on a batch, on which pages and how fast, for the admin's pages.

All figures come from stored totals or from the pages that are held now, which are at
most a few per judge. So the cost does not grow with the queue or the judgments.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Case, Count, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Now

from annotations.models import (
    Assignment,
    AssignmentState,
    Batch,
    BatchJudge,
    JudgeDay,
    User,
)

HELD_PAGES_LIMIT = 500


@dataclass(frozen=True)
class AtWork:
    """A judge who holds pages of a batch now, and when the judge was last active."""

    judge: User
    batch: Batch
    pages: int
    seen_at: datetime


@dataclass(frozen=True)
class Member:
    """A judge of a batch with counters, held pages and the time of the last activity."""

    judge: User
    is_active: bool
    judged: int
    skipped: int
    seconds: float
    held: int
    seen_at: datetime | None

    @property
    def pace(self) -> float | None:
        """Seconds per mark, skips included; None before the first mark."""
        marks = self.judged + self.skipped
        return self.seconds / marks if marks else None

    @property
    def hours(self) -> float:
        """Hours of work."""
        return self.seconds / 3600


class Day(NamedTuple):
    """One judge's work on one day."""

    judge: str
    day: date
    verdicts: int
    centiseconds: int


@dataclass(frozen=True)
class Outlook:
    """The remaining judgments of a batch, and the hours they need at the current pace."""

    judgments: int
    pace: float | None  # seconds per mark, all judges together
    hours: float | None


def _held_now() -> QuerySet[Assignment]:
    """Return the held pages, without their candidates."""
    pages = Assignment.objects.filter(state=AssignmentState.HELD, expires_at__gt=Now())
    return pages.select_related("judge").defer("candidates", "places")


def held_pages(batch: Batch) -> QuerySet[Assignment]:
    """Return the held pages of a batch, the longest held first."""
    pages = _held_now().select_related("entity").filter(batch=batch)
    return pages.order_by("pk")


def at_work(limit: int = HELD_PAGES_LIMIT) -> list[AtWork]:
    """Return the judges who hold pages in any batch, the most recently active first.

    Only the `limit` latest pages are read.
    """
    latest_first = _held_now().select_related("batch").order_by("-expires_at")
    pages = list(latest_first[:limit])
    page_counts = Counter((page.judge_id, page.batch_id) for page in pages)
    latest_pages: dict[tuple[int, int], Assignment] = {}
    for page in pages:
        latest_pages.setdefault((page.judge_id, page.batch_id), page)
    return [
        AtWork(page.judge, page.batch, page_counts[key], page.expires_at - _lease())
        for key, page in latest_pages.items()
    ]


def _lease() -> timedelta:
    return timedelta(minutes=settings.LEASE_MINUTES)


def members_of(batch: Batch) -> list[Member]:
    """Return all judges of a batch by name, removed ones included."""
    counts = _held_now().filter(batch=batch).values_list("judge").annotate(Count("pk"))
    page_counts = dict(counts.order_by())
    memberships = BatchJudge.objects.filter(batch=batch).select_related("judge")
    memberships = memberships.annotate(seen_at=Subquery(_last_activity()))
    return [
        Member(
            membership.judge,
            membership.removed_at is None and membership.judge.is_active,
            membership.verdicts,
            membership.skips,
            membership.centiseconds / 100,
            page_counts.get(membership.judge_id, 0),
            membership.seen_at,
        )
        for membership in memberships.order_by("judge__username")
    ]


def _last_activity() -> QuerySet[Assignment, Any]:
    """Select when the judge of a membership last renewed or submitted the latest page."""
    pages = Assignment.objects.filter(judge=OuterRef("judge"), batch=OuterRef("batch"))
    is_submitted = When(state=AssignmentState.SUBMITTED, then="ended_at")
    seen_at = Case(is_submitted, default=F("expires_at") - _lease())
    return pages.order_by("-pk").annotate(seen=seen_at).values("seen")[:1]


def days_of(batch: Batch, since: date) -> list[Day]:
    """Return each judge's work by day (UTC) from `since` on, the oldest day first."""
    days = JudgeDay.objects.filter(batch=batch, day__gte=since)
    columns = ("judge__username", "day", "verdicts", "centiseconds")
    return [Day(*row) for row in days.order_by("day").values_list(*columns)]


def outlook(batch: Batch, members: Sequence[Member]) -> Outlook:
    """Estimate the remaining work from stored totals.

    Judgments: candidates × required judges − verdicts, but at least one per candidate
    that is not judged; cleared candidates outside the audit do not count. In a batch with
    further judges per candidate, each undecided candidate counts once more. Hours: these
    judgments at the pace of all judges together.
    """
    verdicts = sum(member.judged for member in members)
    open_judgments = batch.asked_total * batch.judges_required - verdicts
    judgments = max(open_judgments, batch.asked_total - batch.judged_total, 0)
    if batch.judges_maximum > batch.judges_required:
        judgments += batch.open_total
    marks = verdicts + sum(member.skipped for member in members)
    seconds = sum(member.seconds for member in members)
    pace = seconds / marks if marks and seconds else None
    return Outlook(judgments, pace, None if pace is None else judgments * pace / 3600)
