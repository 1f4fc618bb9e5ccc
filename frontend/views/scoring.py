"""A batch's part of scoring: how far the models are, asked for again while work is due."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from annotations.models import Batch
from annotations.scoring import status

from .access import PersonRequest, admins_only


@admins_only
@require_safe
def scoring(request: PersonRequest, batch_id: int) -> HttpResponse:
    """The part anew, for the page that shows it; by itself it is the batch."""
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    if not request.htmx:
        return redirect("batch", batch.pk)
    context = {"batch": batch, "scoring": status.batch_scoring(batch)}
    return render(request, "frontend/parts/scoring.html", context)
