"""Second looks: ask the judges of a disputed candidate again, with the others' votes.

A verdict after the request for a second look is stored as not independent. Agreement
counts the verdict that the judge gave before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from annotations import judgments, page
from annotations.consensus import Verdict
from annotations.errors import Invalid, NotFound, WrongState
from annotations.models import (
    Assignment,
    Batch,
    BatchJudge,
    BatchState,
    Candidate,
    Conflict,
    Judgment,
    Ruling,
    SecondLook,
    User,
    audit,
)

from .case import Vote, votes_on
from .leases import check_not_held
from .rulings import member

REFUSALS = {
    "batch-closed": "The batch is closed.",
    "ruled": "An adjudicator has decided this picture. Your answer is not needed.",
    "erased": "This picture has been erased.",
    "not-yours": "You are no longer a judge of this batch.",
    "lease-lost": "Other judges have judged this picture instead.",
}


@dataclass(frozen=True, slots=True)
class SecondLookPage:
    """A second look as its judge sees it: the judge's verdict and the others' votes.

    The others' votes are empty until the judge asks to see them.
    """

    second_look: SecondLook
    candidate: Candidate
    tile: str
    verdict: Verdict
    reason: str
    others: Sequence[Vote]  # without names


@transaction.atomic
def request_second_looks(
    *, batch: Batch, candidate: int, by: User, question: str = ""
) -> list[SecondLook]:
    """Ask every active judge who has a verdict on a disputed candidate to look again.

    The conflict is put off meanwhile. A judge who has not answered an earlier request
    is not asked twice.
    """
    subject = member(batch, candidate)
    conflict = Conflict.objects.select_for_update(no_key=True).filter(
        batch=batch, candidate=subject, is_disputed=True
    )
    if not conflict.exists():
        raise WrongState("Only disputed pictures can get a second look.")
    check_not_held(conflict.get(), by)
    if batch.state != BatchState.OPEN:
        raise WrongState("The batch is not open, so its judges could not answer.")
    judges = _judges_of(batch, subject)
    if not judges:
        raise WrongState("None of the judges of this picture is active in this batch.")
    SecondLook.objects.bulk_create(
        [
            SecondLook(
                batch=batch,
                candidate=subject,
                judge_id=judge,
                asked_by=by,
                question=question,
            )
            for judge in judges
        ],
        ignore_conflicts=True,
    )
    # The request alone is a sign that another judge disagrees.
    page.unblind(judges=judges, candidate=subject.pk)
    conflict.update(put_off_at=Now(), held_by=None, held_until=None)
    audit.write("asked-again", by=by, batch=batch.pk, candidate=subject.pk)
    return list(_unanswered().filter(batch=batch, candidate=subject).order_by("pk"))


def _judges_of(batch: Batch, candidate: Candidate) -> list[int]:
    judgments_on_it = Judgment.objects.filter(batch=batch, candidate=candidate)
    active = judgments_on_it.exclude(verdict=Verdict.SKIP).filter(
        judge__is_active=True,
        judge__batchjudge__batch=batch,
        judge__batchjudge__removed_at__isnull=True,
    )
    return sorted(set(active.values_list("judge_id", flat=True)))


def _unanswered() -> QuerySet[SecondLook]:
    return SecondLook.objects.filter(answered_at__isnull=True)


def open_second_looks(judge: User) -> QuerySet[SecondLook]:
    """Return the second looks that this judge can answer now, oldest first."""
    rulings = Ruling.objects.filter(
        batch=OuterRef("batch"), candidate=OuterRef("candidate"), reopened_at=None
    )
    judgments_on_it = Judgment.objects.filter(
        batch=OuterRef("batch"), candidate=OuterRef("candidate"), judge=judge
    )
    return (
        _unanswered()
        .filter(
            judge=judge,
            batch__state=BatchState.OPEN,
            batch__batchjudge__judge=judge,
            batch__batchjudge__removed_at__isnull=True,
        )
        .filter(Exists(judgments_on_it), ~Exists(rulings))
        .select_related("batch", "candidate__entity", "candidate__image")
        .order_by("pk")
    )


def read_second_look(*, second_look_id: int, judge: User) -> SecondLookPage:
    """Return a second look for its judge, with the votes if they were shown before."""
    second_look = open_second_looks(judge).filter(pk=second_look_id).first()
    if second_look is None:
        raise _not_found(second_look_id)
    return _page_of(second_look)


@transaction.atomic
def show_second_look(*, second_look_id: int, judge: User) -> SecondLookPage:
    """Show a judge the votes on the candidate of a second look, and store the time."""
    second_look = open_second_looks(judge).filter(pk=second_look_id).first()
    if second_look is None:
        raise _not_found(second_look_id)
    _lock_membership(second_look, judge)
    unseen = SecondLook.objects.filter(pk=second_look.pk, seen_at=None)
    unseen.update(seen_at=Now())
    second_look.refresh_from_db(fields=["seen_at"])
    return _page_of(second_look)


def _page_of(second_look: SecondLook) -> SecondLookPage:
    candidate, judge_id = second_look.candidate, second_look.judge_id
    judgment = (
        Judgment.objects.select_related("assignment")
        .filter(batch=second_look.batch_id, candidate=candidate, judge=judge_id)
        .first()
    )
    if judgment is None:  # voided meanwhile
        raise _not_found(second_look.pk)
    is_seen = second_look.seen_at is not None
    votes = votes_on(second_look.batch, candidate) if is_seen else []
    return SecondLookPage(
        second_look,
        candidate,
        _tile(judgment.assignment, candidate.pk),
        Verdict(str(judgment.verdict)),
        judgment.reason,
        [vote for vote in votes if vote.judge != judge_id],
    )


def _not_found(second_look_id: int) -> NotFound:
    return NotFound(f"You have no open second look with the id {second_look_id}.")


def _lock_membership(second_look: SecondLook, judge: User) -> None:
    """Lock the membership first, as marks do before queue rows and judgments."""
    memberships = BatchJudge.objects.filter(batch=second_look.batch_id, judge=judge)
    list(memberships.select_for_update(no_key=True).values_list("pk"))


def _tile(assignment: Assignment, candidate: int) -> str:
    return assignment.tile_id(assignment.candidates.index(candidate))


def answer_second_look(
    *, second_look_id: int, judge: User, verdict: str, argument: str = ""
) -> SecondLook:
    """Record the judge's verdict, the same or another one, and an argument for it.

    It is a correction like any other, except that it is not independent. Raises
    WrongState if it comes too late.
    """
    if verdict not in (Verdict.YES, Verdict.NO, Verdict.BROKEN):
        raise Invalid({"verdict": ["Must be one of yes, no, broken."]})
    with transaction.atomic():
        view = show_second_look(second_look_id=second_look_id, judge=judge)
        mark = _mark(view, Verdict(verdict), argument)
        [outcome] = judgments.record(judge=judge, marks=[mark])
        if outcome.status != "recorded":
            reason = outcome.reason or ""
            raise WrongState(REFUSALS.get(reason, "Your answer was not accepted."))
        second_look = view.second_look
        second_look.answered_at = timezone.now()
        second_look.verdict, second_look.argument = verdict, argument
        second_look.save(update_fields=["answered_at", "verdict", "argument"])
        _resume_conflict(second_look)
        audit.write(
            "looked-again",
            by=judge,
            batch=second_look.batch_id,
            candidate=second_look.candidate_id,
        )
    return second_look


def _mark(view: SecondLookPage, verdict: Verdict, argument: str) -> judgments.Mark:
    assignment_id, _, _ = view.tile.partition(".")
    return judgments.Mark(
        id=uuid4(),
        assignment=int(assignment_id),
        tile=view.tile,
        verdict=verdict,
        decided_at=timezone.now(),
        seconds=0.0,
        how="key",
        reason=argument or view.reason,
    )


def _resume_conflict(second_look: SecondLook) -> None:
    """Stop putting the conflict off once every active judge has answered."""
    unanswered = _unanswered().filter(
        batch=second_look.batch_id,
        candidate=second_look.candidate_id,
        judge__is_active=True,
        batch__batchjudge__judge=F("judge"),
        batch__batchjudge__removed_at__isnull=True,
    )
    if not unanswered.exists():
        Conflict.objects.filter(
            batch=second_look.batch_id, candidate=second_look.candidate_id
        ).update(put_off_at=None)
