"""The acts that settle a conflict. What the judges said stays as it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models.functions import Now

from annotations import queue
from annotations.consensus import Verdict
from annotations.errors import Erased, Invalid, NotFound, WrongState
from annotations.models import (
    JUDGEABLE,
    Batch,
    BatchEntity,
    Candidate,
    CandidateState,
    Comment,
    Report,
    Ruling,
    User,
    audit,
)

COMMENT_LIMIT = 5000
RULINGS = [verdict.value for verdict in Verdict if verdict is not Verdict.SKIP]


class AlreadyRuled(WrongState):
    """A ruling stands; reopen it before another one."""

    slug = "ruled"


def member(batch: Batch, number: int) -> Candidate:
    """The candidate of this number in the batch; NotFound, Erased for all others."""
    candidate = (
        Candidate.objects.select_related("entity", "image").filter(pk=number).first()
    )
    if candidate is not None and candidate.state == CandidateState.ERASED:
        raise Erased("This candidate has been erased.")
    is_member = (
        candidate is not None
        and candidate.state in JUDGEABLE
        and BatchEntity.objects.filter(
            batch=batch, entity=candidate.entity_id, upto__gte=number
        ).exists()
    )
    if candidate is None or not is_member:
        raise NotFound(f"There is no candidate {number} in batch {batch.pk}.")
    return candidate


@contextmanager
def _settling(batch: Batch, number: int) -> Iterator[Candidate]:
    """Under the locks of the candidate's queue rows; needs are counted anew after it."""
    member(batch, number)
    with queue.needs_of([number]):
        yield member(batch, number)


def rule(
    *, batch: Batch, candidate: int, verdict: str, by: User, note: str = ""
) -> Ruling:
    """Decide a candidate of an opened batch, whatever was said of it.

    AlreadyRuled where a ruling stands, NotFound and Erased where there is nothing to
    rule on.
    """
    if verdict not in RULINGS:
        raise Invalid({"verdict": [f"Must be one of {', '.join(RULINGS)}."]})
    with _settling(batch, candidate) as found:
        standing = Ruling.objects.filter(
            batch=batch, candidate=found, reopened_at__isnull=True
        )
        if standing.exists():
            raise AlreadyRuled("A ruling stands. Reopen it to rule anew.")
        ruling = Ruling.objects.create(
            batch=batch, candidate=found, verdict=verdict, note=note, by=by
        )
        audit.write(
            "ruled", by=by, batch=batch.pk, candidate=found.pk, ruling=ruling.pk
        )
    ruling.refresh_from_db()
    return ruling


def reopen(*, ruling: Ruling, by: User) -> None:
    """Take a ruling back; it is kept, and the candidate stands as its judges left it.

    Reopening it again changes nothing.
    """
    with queue.needs_of([ruling.candidate_id]):
        reopened = Ruling.objects.filter(pk=ruling.pk, reopened_at__isnull=True)
        if reopened.update(reopened_at=Now(), reopened_by=by):
            audit.write(
                "ruling-reopened",
                by=by,
                batch=ruling.batch_id,
                candidate=ruling.candidate_id,
                ruling=ruling.pk,
            )


def dismiss(*, report: Report, by: User) -> None:
    """Close a report: the candidate has its need back. Again changes nothing."""
    with queue.needs_of([report.candidate_id]):
        dismissed = Report.objects.filter(pk=report.pk, dismissed_at__isnull=True)
        if dismissed.update(dismissed_at=Now(), dismissed_by=by):
            audit.write(
                "report-dismissed",
                by=by,
                candidate=report.candidate_id,
                report=report.pk,
            )


def comment(*, batch: Batch, candidate: int, text: str, by: User) -> Comment:
    """Note something about a candidate; it is kept whatever is ruled."""
    if not text.strip():
        raise Invalid({"text": ["Say something."]})
    if len(text) > COMMENT_LIMIT:
        raise Invalid({"text": [f"At most {COMMENT_LIMIT} characters."]})
    found = member(batch, candidate)
    made = Comment.objects.create(batch=batch, candidate=found, text=text, by=by)
    audit.write("commented", by=by, batch=batch.pk, candidate=found.pk)
    made.refresh_from_db()
    return made
