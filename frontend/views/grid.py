"""The judge's page: one entity and the candidates to mark."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from annotations import page, queue
from annotations.errors import NotFound, TwoHeld
from annotations.models import Batch, User

from .access import PersonRequest, number_of, signed_in
from .paging import newest

PAGES_SHOWN = 50


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def grid(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Lease a page of this batch and show it, or say why there is none.

    Only a POST leases. A GET shows the held page, or a page whose script sends the POST.

    `after`, the id of a held page, asks for the page that follows, so that the script
    can fetch ahead. Answer 409 when two pages are held and the later one is named.
    """
    batch = get_object_or_404(_batches_of(request.user), pk=batch_id)
    if request.method != "POST":
        held = queue.held_pages(request.user, batch)
        context = {"page": page.build_page(held[0])} if held else {"is_start": True}
        return _show(request, batch, **context)
    try:
        assignment = queue.lease(
            judge=request.user, batch=batch, after=number_of(request, "after")
        )
    except queue.NothingToLease as nothing:
        return _show(request, batch, nothing=nothing)
    except TwoHeld:
        return HttpResponse(status=409)
    leased = page.build_page(assignment, is_leased_now=True)
    return _show(request, batch, page=leased)


@signed_in
@require_safe
def own_page(request: PersonRequest, batch_id: int, page_id: int) -> HttpResponse:
    """Show one of the judge's own pages in any state, to review and correct it."""
    batch = get_object_or_404(_batches_of(request.user), pk=batch_id)
    try:
        assignment = queue.visible_page(page_id, request.user)
    except NotFound as error:
        raise Http404 from error
    if assignment.batch_id != batch.pk:
        raise Http404
    return _show(request, batch, page=page.build_page(assignment), is_again=True)


@signed_in
@require_safe
def own_pages(request: PersonRequest, batch_id: int) -> HttpResponse:
    """List the judge's own pages of a batch, newest first."""
    batch = get_object_or_404(_batches_of(request.user), pk=batch_id)
    pages = queue.pages_of(request.user, batch).select_related("entity")
    context = {"batch": batch, **newest(request, pages, PAGES_SHOWN, "pages")}
    return render(request, "frontend/own_pages.html", context)


def _show(request: PersonRequest, batch: Batch, **context: Any) -> HttpResponse:
    template = "frontend/grid.html#page" if request.htmx else "frontend/grid.html"
    return render(request, template, {"batch": batch, **context})


def _batches_of(judge: User) -> QuerySet[Batch]:
    """Return the batches that this judge may see; all others answer 404."""
    return Batch.objects.select_related("current_guidelines").filter(
        batchjudge__judge=judge, batchjudge__removed_at__isnull=True
    )
