"""All that happened to one candidate: who said what, when, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from annotations.models import (
    Batch,
    Candidate,
    Comment,
    Judgment,
    JudgmentRevision,
    Report,
    Ruling,
    SecondLook,
)

READ = 200  # of each kind


@dataclass(frozen=True)
class Event:
    """One thing that happened: `what` in words, `said` as somebody wrote it."""

    at: datetime
    by: str
    batch: Batch | None  # None: it is of no batch
    what: str
    said: str = ""


def history(candidate: Candidate) -> list[Event]:
    """The latest events of a candidate, the newest first."""
    told = (_judged, _revised, _ruled, _commented, _reported, _looked_again)
    events = [event for tell in told for event in tell(candidate)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _judged(candidate: Candidate) -> Iterator[Event]:
    rows = Judgment.objects.filter(candidate=candidate, verdict__isnull=False)
    for row in rows.select_related("judge", "batch").order_by("-decided_at")[:READ]:
        blind = "" if row.blind_verdict == row.verdict else ", not independent"
        took = f"{row.centiseconds / 100:.1f} s"
        what = f"said {row.verdict} by {row.how} in {took}{blind}"
        yield Event(row.decided_at, row.judge.username, row.batch, what, row.reason)


def _revised(candidate: Candidate) -> Iterator[Event]:
    """The index of revisions begins with the batch: those that hold the entity."""
    batches = Batch.objects.filter(batchentity__entity=candidate.entity_id)
    rows = JudgmentRevision.objects.filter(batch__in=batches, candidate=candidate)
    for row in rows.select_related("judge", "batch").order_by("-replaced_at")[:READ]:
        was = row.old_verdict or "nothing"
        if row.voiding_id:
            what = f"{was} was voided"
        elif row.new_verdict is None:
            what = f"took back {was}"
        else:
            what = f"changed {was} to {row.new_verdict}"
        yield Event(row.replaced_at, row.judge.username, row.batch, what)


def _ruled(candidate: Candidate) -> Iterator[Event]:
    rows = Ruling.objects.filter(candidate=candidate)
    rows = rows.select_related("by", "reopened_by", "batch").order_by("-pk")
    for row in rows[:READ]:
        ruled = f"ruled {row.verdict}"
        yield Event(row.created_at, row.by.username, row.batch, ruled, row.note)
        if row.reopened_at is not None:
            by = row.reopened_by.username if row.reopened_by else ""
            yield Event(row.reopened_at, by, row.batch, f"reopened the {row.verdict}")


def _commented(candidate: Candidate) -> Iterator[Event]:
    rows = Comment.objects.filter(candidate=candidate).select_related("by", "batch")
    for row in rows.order_by("-pk")[:READ]:
        yield Event(row.created_at, row.by.username, row.batch, "commented", row.text)


def _reported(candidate: Candidate) -> Iterator[Event]:
    rows = Report.objects.filter(candidate=candidate)
    for row in rows.select_related("by", "dismissed_by").order_by("-pk")[:READ]:
        what = f"reported: {row.get_reason_display()}"
        yield Event(row.created_at, row.by.username, None, what, row.comment)
        if row.dismissed_at is not None:
            by = row.dismissed_by.username if row.dismissed_by else ""
            yield Event(row.dismissed_at, by, None, "dismissed the report")


def _looked_again(candidate: Candidate) -> Iterator[Event]:
    rows = SecondLook.objects.filter(candidate=candidate)
    rows = rows.select_related("judge", "asked_by", "batch").order_by("-pk")
    for row in rows[:READ]:
        asked = f"asked {row.judge.username} to look again"
        yield Event(row.asked_at, row.asked_by.username, row.batch, asked, row.question)
        if row.answered_at is not None:
            kept = f"looked again: {row.verdict}"
            yield Event(
                row.answered_at, row.judge.username, row.batch, kept, row.argument
            )
