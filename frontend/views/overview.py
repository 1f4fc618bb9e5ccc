"""The admin's overview: open batches, judges at work, recent imports."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotations import batches
from annotations.models import Batch, BatchState, Import

from .access import PersonRequest, admins_only
from .paging import first_rows

BATCHES_SHOWN = 8
IMPORTS_SHOWN = 5
PEOPLE_SHOWN = 20
# Workers count open batches every ten seconds. Later than this, the page shows a warning.
WORKERS_LATE = timedelta(minutes=2)


@admins_only
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Render the overview again for htmx; redirect other requests to the home page."""
    if not request.htmx:
        return redirect("home")
    return render(request, "frontend/overview.html", overview_of())


def overview_of() -> dict[str, Any]:
    """Return the overview's context: stored totals and pages held now."""
    open_batches = Batch.objects.filter(state=BatchState.OPEN)
    page = first_rows(open_batches.order_by("-priority", "-pk"), BATCHES_SHOWN)
    count_times = [batch.counted_at for batch in page.rows if batch.counted_at]
    counted_at = max(count_times, default=None)
    people = batches.at_work()
    return {
        "batches": page.rows,
        "has_more_batches": page.has_more,
        "has_batches": bool(page.rows) or Batch.objects.exists(),
        "people": people[:PEOPLE_SHOWN],
        "more_people": max(0, len(people) - PEOPLE_SHOWN),
        "imports": Import.objects.order_by("-pk")[:IMPORTS_SHOWN],
        "counted_at": counted_at,
        "workers_late": counted_at is not None
        and counted_at < timezone.now() - WORKERS_LATE,
    }
