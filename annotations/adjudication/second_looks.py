"""Ask the judges of a disputed candidate to look again, each seeing the others' words.

What they say from then on is stored as not independent: agreement counts what they had
said before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from annotations import judgments
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
from .holding import refuse_held
from .ruling import member

REFUSED = {
    "batch-closed": "The batch is closed.",
    "ruled": "This picture has been ruled on meanwhile. Nothing is left to do.",
    "erased": "This picture has been erased.",
    "not-yours": "You do not judge this batch any more.",
    "lease-lost": "Others have judged it instead.",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a judge sees of a second look: the own verdict and what the others said."""

    second_look: SecondLook
    candidate: Candidate
    tile: str
    verdict: Verdict
    reason: str
    others: Sequence[Vote]  # without names


@transaction.atomic
def ask_again(
    *, batch: Batch, candidate: int, by: User, question: str = ""
) -> list[SecondLook]:
    """Ask everybody who has a verdict on a disputed candidate and still judges.

    The conflict is put off meanwhile. Asked already and not answered: not again.
    """
    found = member(batch, candidate)
    conflict = Conflict.objects.select_for_update(no_key=True).filter(
        batch=batch, candidate=found, is_disputed=True
    )
    if not conflict.exists():
        raise WrongState("Only what is disputed can be looked at again.")
    refuse_held(conflict.get(), by)
    if batch.state != BatchState.OPEN:
        raise WrongState("The batch is not open: nobody could answer.")
    asked = SecondLook.objects.bulk_create(
        [
            SecondLook(
                batch=batch,
                candidate=found,
                judge_id=judge,
                asked_by=by,
                question=question,
            )
            for judge in _judges_of(batch, found)
        ],
        ignore_conflicts=True,
    )
    if not asked:
        raise WrongState("None of its judges judges this batch any more.")
    conflict.update(put_off_at=Now(), held_by=None, held_until=None)
    audit.write("asked-again", by=by, batch=batch.pk, candidate=found.pk)
    return list(_open().filter(batch=batch, candidate=found).order_by("pk"))


def _judges_of(batch: Batch, candidate: Candidate) -> list[int]:
    said = Judgment.objects.filter(batch=batch, candidate=candidate)
    active = said.exclude(verdict=Verdict.SKIP).filter(
        judge__is_active=True,
        judge__batchjudge__batch=batch,
        judge__batchjudge__removed_at__isnull=True,
    )
    return sorted(set(active.values_list("judge_id", flat=True)))


def _open() -> QuerySet[SecondLook]:
    return SecondLook.objects.filter(answered_at__isnull=True)


def looks_of(judge: User) -> QuerySet[SecondLook]:
    """What this judge is asked to look at again, and can still answer; oldest first."""
    standing = Ruling.objects.filter(
        batch=OuterRef("batch"), candidate=OuterRef("candidate"), reopened_at=None
    )
    said = Judgment.objects.filter(
        batch=OuterRef("batch"), candidate=OuterRef("candidate"), judge=judge
    )
    return (
        _open()
        .filter(
            judge=judge,
            batch__state=BatchState.OPEN,
            batch__batchjudge__judge=judge,
            batch__batchjudge__removed_at__isnull=True,
        )
        .filter(Exists(said), ~Exists(standing))
        .select_related("batch", "candidate__entity", "candidate__image")
        .order_by("pk")
    )


@transaction.atomic
def see(*, look: int, judge: User) -> Look:
    """Show a second look to its judge: from now on nothing said of it is independent."""
    found = looks_of(judge).filter(pk=look).first()
    if found is None:
        raise NotFound(f"There is no second look {look} that waits for you.")
    _lock_membership(found, judge)
    own = (
        Judgment.objects.select_related("assignment")
        .filter(batch=found.batch_id, candidate=found.candidate_id, judge=judge)
        .first()
    )
    if own is None:  # voided while this waited
        raise NotFound(f"There is no second look {look} that waits for you.")
    SecondLook.objects.filter(pk=found.pk, seen_at=None).update(seen_at=Now())
    others = [v for v in votes_on(found.batch, found.candidate) if v.judge != judge.pk]
    return Look(
        found,
        found.candidate,
        _tile(own.assignment, found.candidate_id),
        Verdict(str(own.verdict)),
        own.reason,
        others,
    )


def _lock_membership(look: SecondLook, judge: User) -> None:
    """What comes before the judge's queue rows and judgments: marks take turns with it."""
    own = BatchJudge.objects.filter(batch=look.batch_id, judge=judge)
    list(own.select_for_update(no_key=True).values_list("pk"))


def _tile(page: Assignment, candidate: int) -> str:
    return page.tile_id(page.candidates.index(candidate))


def answer(*, look: int, judge: User, verdict: str, argument: str = "") -> SecondLook:
    """Record what the judge says now, the same or another; and why, for the others.

    It is a correction like any other, only not independent. WrongState where it comes
    too late.
    """
    if verdict not in (Verdict.YES, Verdict.NO, Verdict.BROKEN):
        raise Invalid({"verdict": ["Must be one of yes, no, broken."]})
    with transaction.atomic():
        seen = see(look=look, judge=judge)
        [outcome] = judgments.record(
            judge=judge, marks=[_mark(seen, Verdict(verdict), argument)]
        )
        if outcome.status != "recorded":
            raise WrongState(REFUSED.get(outcome.reason or "", "It was not taken."))
        found = seen.second_look
        found.answered_at = timezone.now()
        found.verdict, found.argument = verdict, argument
        found.save(update_fields=["answered_at", "verdict", "argument"])
        _bring_forward(found)
        audit.write(
            "looked-again", by=judge, batch=found.batch_id, candidate=found.candidate_id
        )
    return found


def _mark(seen: Look, verdict: Verdict, argument: str) -> judgments.Mark:
    page, _, _ = seen.tile.partition(".")
    return judgments.Mark(
        id=uuid4(),
        assignment=int(page),
        tile=seen.tile,
        verdict=verdict,
        decided_at=timezone.now(),
        seconds=0.0,
        how="key",
        reason=argument or seen.reason,
    )


def _bring_forward(look: SecondLook) -> None:
    """Once all have answered, what is still disputed is an adjudicator's turn again."""
    waiting = _open().filter(
        batch=look.batch_id,
        candidate=look.candidate_id,
        judge__is_active=True,
        batch__batchjudge__judge=F("judge"),
        batch__batchjudge__removed_at__isnull=True,
    )
    if not waiting.exists():
        Conflict.objects.filter(
            batch=look.batch_id, candidate=look.candidate_id
        ).update(put_off_at=None)
