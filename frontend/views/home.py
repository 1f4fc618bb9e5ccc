"""Where everybody lands: a judge's own batches, and for admins the whole."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import adjudication, queue
from annotations.models import Batch, BatchJudge, BatchState, Import, User

from .access import PersonRequest, signed_in

RECENT_IMPORTS = 5


@dataclass(frozen=True)
class OwnBatch:
    """A batch as one of its judges sees it: with own numbers only."""

    batch: Batch
    judged: int
    skipped: int
    left: int  # at most: others may take some of it
    pace: float | None  # seconds a picture
    holds_page: bool

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
        context["batches"] = Batch.objects.order_by("-pk")
        context["imports"] = Import.objects.order_by("-pk")[:RECENT_IMPORTS]
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
        membership.batch,
        membership.verdicts,
        membership.skips,
        max(0, left),
        membership.centiseconds / 100 / marks if marks else None,
        membership.batch_id in held,
    )
