"""Actions that resolve a conflict. The judgments stay as they are."""

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
    Conflict,
    Ruling,
    User,
    audit,
)

COMMENT_LIMIT = 5000
RULINGS = [verdict.value for verdict in Verdict if verdict is not Verdict.SKIP]


class AlreadyRuled(WrongState):
    """The candidate has a standing ruling, which must be reopened first."""

    slug = "ruled"


def member(batch: Batch, candidate_id: int) -> Candidate:
    """Return a candidate of the batch. Raises Erased, or NotFound for all others."""
    candidate = (
        Candidate.objects.select_related("entity", "image")
        .filter(pk=candidate_id)
        .first()
    )
    if candidate is not None and candidate.state == CandidateState.ERASED:
        raise Erased("This candidate has been erased.")
    is_member = (
        candidate is not None
        and candidate.state in JUDGEABLE
        and BatchEntity.objects.filter(
            batch=batch, entity=candidate.entity_id, upto__gte=candidate_id
        ).exists()
    )
    if candidate is None or not is_member:
        raise NotFound(f"There is no candidate {candidate_id} in batch {batch.pk}.")
    return candidate


def not_in_conflicts(candidate_id: int) -> NotFound:
    """Return the error for a candidate that adjudicators have nothing to do with."""
    return NotFound(f"Candidate {candidate_id} is not in the conflicts of this batch.")


@contextmanager
def _locked_member(batch: Batch, candidate_id: int) -> Iterator[Candidate]:
    """Lock the candidate's queue rows. Their needs are recomputed at the end."""
    member(batch, candidate_id)
    with queue.recount_needs([candidate_id]):
        yield member(batch, candidate_id)


def rule(
    *, batch: Batch, candidate: int, verdict: str, by: User, note: str = ""
) -> Ruling:
    """Decide a candidate of an opened batch, regardless of its judgments.

    An adjudicator decides only what is in the conflicts, an admin any candidate. Raises
    AlreadyRuled if it has a standing ruling, NotFound or Erased if there is no such
    candidate to rule on.
    """
    if verdict not in RULINGS:
        raise Invalid({"verdict": [f"Must be one of {', '.join(RULINGS)}."]})
    with _locked_member(batch, candidate) as locked:
        rulings = Ruling.objects.filter(
            batch=batch, candidate=locked, reopened_at__isnull=True
        )
        if rulings.exists():
            raise AlreadyRuled(
                "This picture already has a ruling. Reopen it before you rule again."
            )
        if not by.is_admin:
            _check_in_conflicts(batch, locked)
        ruling = Ruling.objects.create(
            batch=batch, candidate=locked, verdict=verdict, note=note, by=by
        )
        audit.write(
            "ruled", by=by, batch=batch.pk, candidate=locked.pk, ruling=ruling.pk
        )
    ruling.refresh_from_db()
    return ruling


def _check_in_conflicts(batch: Batch, candidate: Candidate) -> None:
    """Raise NotFound for a candidate that needs no ruling. The row's lock is held."""
    if not Conflict.objects.filter(batch=batch, candidate=candidate).exists():
        raise not_in_conflicts(candidate.pk)


def reopen(*, ruling: Ruling, by: User) -> None:
    """Take a ruling back. It is kept, and the candidate's judgments decide again.

    Reopening it a second time changes nothing.
    """
    with queue.recount_needs([ruling.candidate_id]):
        rulings = Ruling.objects.filter(pk=ruling.pk, reopened_at__isnull=True)
        if rulings.update(reopened_at=Now(), reopened_by=by):
            audit.write(
                "ruling-reopened",
                by=by,
                batch=ruling.batch_id,
                candidate=ruling.candidate_id,
                ruling=ruling.pk,
            )


def _check_adjudicated(batch: Batch, candidate: Candidate) -> None:
    rulings = Ruling.objects.filter(
        batch=batch, candidate=candidate, reopened_at__isnull=True
    )
    if not rulings.exists():
        _check_in_conflicts(batch, candidate)


def comment(*, batch: Batch, candidate: int, text: str, by: User) -> Comment:
    """Add a comment on a candidate. It is kept after a ruling.

    An adjudicator comments on what is in the conflicts or has a ruling, an admin on any
    candidate.
    """
    if not text.strip():
        raise Invalid({"text": ["Enter a comment."]})
    if len(text) > COMMENT_LIMIT:
        raise Invalid({"text": [f"Use at most {COMMENT_LIMIT} characters."]})
    subject = member(batch, candidate)
    if not by.is_admin:
        _check_adjudicated(batch, subject)
    new_comment = Comment.objects.create(
        batch=batch, candidate=subject, text=text, by=by
    )
    audit.write("commented", by=by, batch=batch.pk, candidate=subject.pk)
    new_comment.refresh_from_db()
    return new_comment
