"""Where everybody lands: a judge's own batches, and for admins the whole."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import adjudication, queue
from annotations.agreement import SHARED_ENOUGH
from annotations.models import Batch, BatchJudge, BatchState, User

from .access import PersonRequest, signed_in
from .overview import overview_of


@dataclass(frozen=True)
class OwnBatch:
    """A batch as one of its judges sees it: with own numbers only."""

    batch: Batch
    judged: int
    skipped: int
    left: int  # at most: others may take some of it
    pace: float | None  # seconds a picture
    holds_page: bool
    agreement: float | None  # the others said the same, in percent; daily
    shared: int

    @property
    def hours_left(self) -> float | None:
        """What is left at the own pace."""
        return None if self.pace is None else self.left * self.pace / 3600

    @property
    def is_open(self) -> bool:
        """Whether there may be something to judge."""
        return self.batch.state == BatchState.OPEN


@signed_in
@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """Show what this person can go on with."""
    context: dict[str, Any] = {}
    if request.user.is_judge:
        own = own_batches(request.user)
        context["own"] = own
        context["looks"] = adjudication.looks_of(request.user).count()
        context["onward"] = next((each for each in own if each.is_open), None)
    if request.user.is_admin:
        context |= overview_of()
    return render(request, "frontend/home.html", context)


def own_batches(judge: User) -> list[OwnBatch]:
    """Batches assigned to this judge: where a page is held first, drafts left out."""
    held = {page.batch_id for page in queue.held_by(judge)}
    memberships = (
        BatchJudge.objects.filter(judge=judge, removed_at__isnull=True)
        .exclude(batch__state=BatchState.DRAFT)
        .select_related("batch")
    )
    return sorted(
        (_own(membership, held) for membership in memberships),
        key=lambda o: (not o.is_open, not o.holds_page, -o.batch.priority, o.batch.pk),
    )


def _own(membership: BatchJudge, held: set[int]) -> OwnBatch:
    marks = membership.verdicts + membership.skips
    left, cap = (
        membership.batch.candidates_total - marks,
        queue.cap_of(membership.batch),
    )
    if cap is not None:
        left = min(left, cap - membership.verdicts)
    return OwnBatch(
        batch=membership.batch,
        judged=membership.verdicts,
        skipped=membership.skips,
        left=max(0, left),
        pace=membership.centiseconds / 100 / marks if marks else None,
        holds_page=membership.batch_id in held,
        agreement=_agreement(membership),
        shared=membership.shared,
    )


def _agreement(membership: BatchJudge) -> float | None:
    """In percent, where the batch allows it and enough candidates were shared."""
    is_told = membership.batch.shows_agreement and membership.shared >= SHARED_ENOUGH
    if not is_told or membership.agreement is None:
        return None
    return 100 * membership.agreement
