"""What judges are like, as advice to whoever settles conflicts."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import agreement, tasks
from annotations.models import Batch

from .access import PersonRequest, adjudicators_only


@adjudicators_only
@require_safe
def reliability(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show each judge's estimated errors, by pseudonym to all but admins."""
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    found = agreement.latest(batch)
    if not found.is_current and not found.problem:
        tasks.ask_for_agreement(batch.pk)
    comparison = found.comparison
    known = None
    if comparison is not None:
        names = request.user.is_admin
        known = agreement.reliability_of(comparison, names=names)
    context = {
        "batch": batch,
        "reliability": known,
        "is_current": found.is_current,
        "problem": found.problem,
    }
    return render(request, "frontend/reliability.html", context)
