"""The scoring progress of a batch, polled while work is pending."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from annotations.models import Batch
from annotations.scoring import status

from .access import PersonRequest, admins_only


@admins_only
@require_safe
def scoring(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Render the progress for htmx; redirect other requests to the batch."""
    batch = get_object_or_404(Batch, pk=batch_id)
    if not request.htmx:
        return redirect("batch", batch.pk)
    context = {"batch": batch, "scoring": status.batch_scoring(batch)}
    return render(request, "frontend/parts/scoring.html", context)
