"""The home page: a judge's own batches, and for admins the overview."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import adjudication, queue
from annotations.agreement import MIN_SHARED_CANDIDATES
from annotations.models import Batch, BatchJudge, BatchState, User

from .access import PersonRequest, signed_in
from .overview import overview_of


@dataclass(frozen=True)
class OwnBatch:
    """A batch as one of its judges sees it: with this judge's own numbers only."""

    batch: Batch
    judged: int
    skipped: int
    left: int  # upper bound: other judges may take some of it
    pace: float | None  # seconds per picture
    holds_page: bool
    agreement: float | None  # percent of equal verdicts by others; updated daily
    shared: int

    @property
    def hours_left(self) -> float | None:
        """Hours for the rest at the judge's own pace."""
        return None if self.pace is None else self.left * self.pace / 3600

    @property
    def is_open(self) -> bool:
        """Whether the batch may still have pages to judge."""
        return self.batch.state == BatchState.OPEN


@signed_in
@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """Show the work that waits for this person."""
    context: dict[str, Any] = {}
    if request.user.is_judge:
        batches = own_batches(request.user)
        context["own"] = batches
        context["looks"] = adjudication.open_second_looks(request.user).count()
        context["onward"] = next((batch for batch in batches if batch.is_open), None)
    if request.user.is_admin:
        context |= overview_of()
    return render(request, "frontend/home.html", context)


def own_batches(judge: User) -> list[OwnBatch]:
    """Return the judge's batches without drafts, those with a held page first."""
    held_batch_ids = {page.batch_id for page in queue.held_pages(judge)}
    memberships = (
        BatchJudge.objects.filter(judge=judge, removed_at__isnull=True)
        .exclude(batch__state=BatchState.DRAFT)
        .select_related("batch")
    )
    return sorted(
        (_own_batch(membership, held_batch_ids) for membership in memberships),
        key=lambda o: (not o.is_open, not o.holds_page, -o.batch.priority, o.batch.pk),
    )


def _own_batch(membership: BatchJudge, held_batch_ids: set[int]) -> OwnBatch:
    batch = membership.batch
    marks = membership.verdicts + membership.skips
    left_count, cap = batch.candidates_total - marks, queue.cap_of(batch)
    if cap is not None:
        left_count = min(left_count, cap - membership.verdicts)
    return OwnBatch(
        batch=batch,
        judged=membership.verdicts,
        skipped=membership.skips,
        left=max(0, left_count),
        pace=membership.centiseconds / 100 / marks if marks else None,
        holds_page=membership.batch_id in held_batch_ids,
        agreement=_agreement(membership),
        shared=membership.shared,
    )


def _agreement(membership: BatchJudge) -> float | None:
    """Return agreement in percent if the batch shows it and enough candidates are shared."""
    is_visible = (
        membership.batch.shows_agreement and membership.shared >= MIN_SHARED_CANDIDATES
    )
    if not is_visible or membership.agreement is None:
        return None
    return 100 * membership.agreement
