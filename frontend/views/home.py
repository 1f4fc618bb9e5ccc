"""Where everybody lands: a judge's own batches, and for admins the whole."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import queue
from annotations.models import Batch, BatchState, Import, User

from .access import PersonRequest, signed_in

RECENT_IMPORTS = 5


@dataclass(frozen=True)
class OwnBatch:
    """A batch as one of its judges sees it: with own numbers only."""

    batch: Batch
    judged: int
    skipped: int
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
        context["onward"] = next((each for each in own if each.is_open), None)
    if request.user.is_admin:
        context["batches"] = Batch.objects.order_by("-pk")
        context["imports"] = Import.objects.order_by("-pk")[:RECENT_IMPORTS]
    return render(request, "frontend/home.html", context)


def own_batches(judge: User) -> list[OwnBatch]:
    """Batches assigned to this judge: where a page is held first, drafts left out."""
    held = {page.batch_id for page in queue.held_by(judge)}
    batches = Batch.objects.filter(
        batchjudge__judge=judge, batchjudge__removed_at__isnull=True
    ).exclude(state=BatchState.DRAFT)
    own = [_own(batch, judge, batch.pk in held) for batch in batches]
    return sorted(
        own,
        key=lambda o: (not o.is_open, not o.holds_page, -o.batch.priority, o.batch.pk),
    )


def _own(batch: Batch, judge: User, holds_page: bool) -> OwnBatch:
    (numbers,) = queue.progress(batch, for_judge=judge)["judges"]
    marks = numbers["judged"] + numbers["skipped"]
    pace = numbers["seconds"] / marks if marks else None
    return OwnBatch(batch, numbers["judged"], numbers["skipped"], pace, holds_page)
