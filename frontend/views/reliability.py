"""Estimated reliability of a batch's judges, as advice to adjudicators."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotations import agreement, tasks
from annotations.models import Batch

from .access import PersonRequest, adjudicators_only


@adjudicators_only
@require_safe
def reliability(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show each judge's estimated errors. Only admins see names, others pseudonyms."""
    batch = get_object_or_404(Batch, pk=batch_id)
    latest = agreement.latest_report(batch)
    if not latest.is_current and not latest.problem:
        tasks.request_agreement(batch.pk)
    report, has_names = latest.report, request.user.is_admin
    context = {
        "batch": batch,
        "reliability": report
        and agreement.reliability_as_json(report, show_names=has_names),
        "is_current": latest.is_current,
        "problem": latest.problem,
    }
    return render(request, "frontend/reliability.html", context)
