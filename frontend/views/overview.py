"""What an admin lands on: what runs, who is at work, what needs a look."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotations import batches
from annotations.models import Batch, BatchState, Import

from .access import PersonRequest, admins_only

BATCHES_SHOWN = 8
IMPORTS_SHOWN = 5
PEOPLE_SHOWN = 20
# Workers sum up open batches every ten seconds; so long may pass before it is said.
WORKERS_LATE = timedelta(minutes=2)


@admins_only
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """The overview anew, for the page that shows it; by itself it is the home."""
    if not request.htmx:
        return redirect("home")
    return render(request, "frontend/overview.html", overview_of())


def overview_of() -> dict[str, Any]:
    """What the overview shows: stored totals and what is held now."""
    opened = Batch.objects.filter(state=BatchState.OPEN).order_by("-priority", "-pk")
    found = list(opened[: BATCHES_SHOWN + 1])
    counted = [batch.counted_at for batch in found if batch.counted_at]
    people = batches.at_work()
    return {
        "batches": found[:BATCHES_SHOWN],
        "has_more_batches": len(found) > BATCHES_SHOWN,
        "has_batches": bool(found) or Batch.objects.exists(),
        "people": people[:PEOPLE_SHOWN],
        "more_people": max(0, len(people) - PEOPLE_SHOWN),
        "imports": Import.objects.order_by("-pk")[:IMPORTS_SHOWN],
        "counted_at": max(counted, default=None),
        "workers_late": bool(counted) and max(counted) < timezone.now() - WORKERS_LATE,
    }
