"""The history of a candidate: judgments, rulings, comments, reports, second looks."""

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

MAX_EVENTS = 200  # of each kind


@dataclass(frozen=True)
class Event:
    """One event: `action` in words, `text` as a user wrote it."""

    at: datetime
    by: str
    batch: Batch | None  # None for reports, which belong to no batch
    action: str
    text: str = ""


def history(candidate: Candidate) -> list[Event]:
    """Return the latest events of a candidate, newest first."""
    kinds = (_judgments, _revisions, _rulings, _comments, _reports, _second_looks)
    events = [event for read in kinds for event in read(candidate)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _judgments(candidate: Candidate) -> Iterator[Event]:
    rows = Judgment.objects.filter(candidate=candidate, verdict__isnull=False)
    for row in rows.select_related("judge", "batch").order_by("-received_at")[
        :MAX_EVENTS
    ]:
        blind = "" if row.blind_verdict == row.verdict else ", not independent"
        seconds = f"{row.centiseconds / 100:.1f} s"
        action = f"marked {row.verdict} by {row.how} in {seconds}{blind}"
        yield Event(row.received_at, row.judge.username, row.batch, action, row.reason)


def _revisions(candidate: Candidate) -> Iterator[Event]:
    """Yield revisions, by the entity's batches: their index begins with the batch."""
    batches = Batch.objects.filter(batchentity__entity=candidate.entity_id)
    rows = JudgmentRevision.objects.filter(batch__in=batches, candidate=candidate)
    for row in rows.select_related("judge", "batch").order_by("-replaced_at")[
        :MAX_EVENTS
    ]:
        old_verdict = row.old_verdict or "nothing"
        if row.voiding_id:
            action = f"{old_verdict} was voided"
        elif row.new_verdict is None:
            action = f"took back {old_verdict}"
        else:
            action = f"changed {old_verdict} to {row.new_verdict}"
        yield Event(row.replaced_at, row.judge.username, row.batch, action)


def _rulings(candidate: Candidate) -> Iterator[Event]:
    rows = Ruling.objects.filter(candidate=candidate)
    rows = rows.select_related("by", "reopened_by", "batch").order_by("-pk")
    for row in rows[:MAX_EVENTS]:
        action = f"ruled {row.verdict}"
        yield Event(row.created_at, row.by.username, row.batch, action, row.note)
        if row.reopened_at is not None:
            by = row.reopened_by.username if row.reopened_by else ""
            yield Event(
                row.reopened_at, by, row.batch, f"reopened the ruling {row.verdict}"
            )


def _comments(candidate: Candidate) -> Iterator[Event]:
    rows = Comment.objects.filter(candidate=candidate).select_related("by", "batch")
    for row in rows.order_by("-pk")[:MAX_EVENTS]:
        yield Event(row.created_at, row.by.username, row.batch, "commented", row.text)


def _reports(candidate: Candidate) -> Iterator[Event]:
    rows = Report.objects.filter(candidate=candidate)
    for row in rows.select_related("by", "dismissed_by").order_by("-pk")[:MAX_EVENTS]:
        action = f"reported: {row.get_reason_display()}"
        yield Event(row.created_at, row.by.username, None, action, row.comment)
        if row.dismissed_at is not None:
            by = row.dismissed_by.username if row.dismissed_by else ""
            yield Event(row.dismissed_at, by, None, "dismissed the report")


def _second_looks(candidate: Candidate) -> Iterator[Event]:
    rows = SecondLook.objects.filter(candidate=candidate)
    rows = rows.select_related("judge", "asked_by", "batch").order_by("-pk")
    for row in rows[:MAX_EVENTS]:
        judge, asker = row.judge.username, row.asked_by.username
        action = f"asked {judge} for a second look"
        yield Event(row.asked_at, asker, row.batch, action, row.question)
        if row.answered_at is not None:
            action = f"answered the second look: {row.verdict}"
            yield Event(row.answered_at, judge, row.batch, action, row.argument)
