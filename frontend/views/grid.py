"""The judge's page: one entity and the candidates to mark."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import page, queue
from annotations.models import Batch, User

from .access import PersonRequest, signed_in


@signed_in
@require_safe
def grid(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Lease the next page of this batch and show it, or say why there is none."""
    batch = _own_batch(request.user, batch_id)
    context: dict[str, object] = {"batch": batch}
    try:
        assignment = queue.lease(judge=request.user, batch=batch)
    except queue.NothingToLease as nothing:
        context["nothing"] = nothing
    else:
        context["page"] = page.of(assignment)
    template = "frontend/grid.html#page" if request.htmx else "frontend/grid.html"
    return render(request, template, context)


def _own_batch(judge: User, batch_id: int) -> Batch:
    """A batch of this judge; one of others is as good as none."""
    own = Batch.objects.filter(
        batchjudge__judge=judge, batchjudge__removed_at__isnull=True
    )
    batch = own.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    return batch
