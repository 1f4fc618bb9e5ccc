"""Who is at work, on what, and how fast: for those who run a batch.

Everything is read from stored sums or from what is held now, which is as much as there
are judges: nothing here grows with the queue or the judgments.
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

HELD_READ = 500


@dataclass(frozen=True)
class AtWork:
    """A judge who holds pages of a batch now, and the last sign of life."""

    judge: User
    batch: Batch
    pages: int
    seen_at: datetime


@dataclass(frozen=True)
class Member:
    """A judge of a batch: own numbers, what is held, when last seen at work."""

    judge: User
    is_active: bool
    judged: int
    skipped: int
    seconds: float
    held: int
    seen_at: datetime | None

    @property
    def pace(self) -> float | None:
        """Seconds a mark, skips included; None before the first."""
        marks = self.judged + self.skipped
        return self.seconds / marks if marks else None

    @property
    def hours(self) -> float:
        """Hours of work."""
        return self.seconds / 3600


class Day(NamedTuple):
    """What one judge did on one day."""

    judge: str
    day: date
    verdicts: int
    centiseconds: int


@dataclass(frozen=True)
class Outlook:
    """What is left of a batch: judgments, and hours at the judges' own pace."""

    judgments: int
    pace: float | None  # seconds a mark, all judges together
    hours: float | None


def _held() -> QuerySet[Assignment]:
    """Pages that somebody holds now, without what lies on them."""
    live = Assignment.objects.filter(state=AssignmentState.HELD, expires_at__gt=Now())
    return live.select_related("judge").defer("candidates", "places")


def held_pages(batch: Batch) -> QuerySet[Assignment]:
    """The pages of a batch that somebody holds, the longest held first."""
    pages = _held().select_related("entity").filter(batch=batch)
    return pages.order_by("pk")


def at_work(limit: int = HELD_READ) -> list[AtWork]:
    """Who holds pages, in every batch, last seen first; of at most `limit` pages."""
    pages = list(_held().select_related("batch").order_by("-expires_at")[:limit])
    held = Counter((page.judge_id, page.batch_id) for page in pages)
    last: dict[tuple[int, int], Assignment] = {}
    for page in pages:  # the latest comes first
        last.setdefault((page.judge_id, page.batch_id), page)
    return [
        AtWork(page.judge, page.batch, held[key], page.expires_at - _lease())
        for key, page in last.items()
    ]


def _lease() -> timedelta:
    return timedelta(minutes=settings.LEASE_MINUTES)


def members_of(batch: Batch) -> list[Member]:
    """The judges of a batch by name, those who were removed included."""
    counts = _held().filter(batch=batch).values_list("judge").annotate(Count("pk"))
    held = dict(counts.order_by())
    memberships = BatchJudge.objects.filter(batch=batch).select_related("judge")
    memberships = memberships.annotate(seen_at=Subquery(_last_seen()))
    return [
        Member(
            member.judge,
            member.removed_at is None and member.judge.is_active,
            member.verdicts,
            member.skips,
            member.centiseconds / 100,
            held.get(member.judge_id, 0),
            member.seen_at,
        )
        for member in memberships.order_by("judge__username")
    ]


def _last_seen() -> QuerySet[Assignment, Any]:
    """When the judge of a membership last renewed or submitted the latest page."""
    pages = Assignment.objects.filter(judge=OuterRef("judge"), batch=OuterRef("batch"))
    is_submitted = When(state=AssignmentState.SUBMITTED, then="ended_at")
    seen = Case(is_submitted, default=F("expires_at") - _lease())
    return pages.order_by("-pk").annotate(seen=seen).values("seen")[:1]


def days_of(batch: Batch, since: date) -> list[Day]:
    """What each judge did on each day (UTC) since then, the oldest first."""
    days = JudgeDay.objects.filter(batch=batch, day__gte=since)
    fields = ("judge__username", "day", "verdicts", "centiseconds")
    return [Day(*row) for row in days.order_by("day").values_list(*fields)]


def outlook(batch: Batch, members: Sequence[Member]) -> Outlook:
    """What is left, from the stored totals.

    At least: candidates x judges required - verdicts given, but never less than one for
    each candidate that is not judged, where people are asked at all; one more for each open one where the batch asks
    for further judges. Hours: that many marks at the pace of all judges together.
    """
    given = sum(member.judged for member in members)
    required = batch.asked_total * batch.judges_required - given
    left = max(required, batch.asked_total - batch.judged_total, 0)
    if batch.judges_maximum > batch.judges_required:
        left += batch.open_total
    marks = given + sum(member.skipped for member in members)
    seconds = sum(member.seconds for member in members)
    pace = seconds / marks if marks and seconds else None
    return Outlook(left, pace, None if pace is None else left * pace / 3600)
