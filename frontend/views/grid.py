"""The judge's page: one entity and the candidates to mark."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import page, queue
from annotations.errors import NotFound, TwoHeld
from annotations.models import Assignment, Batch, User

from .access import PersonRequest, number_of, signed_in

PAGES_SHOWN = 50


@signed_in
@require_safe
def grid(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Lease a page of this batch and show it, or say why there is none.

    `after`, a page that is held, asks for the one that follows: the script fetches it
    ahead. 409 where two are held and the later one is named.
    """
    batch = _own_batch(request.user, batch_id)
    try:
        leased = queue.lease(
            judge=request.user, batch=batch, after=number_of(request, "after")
        )
    except queue.NothingToLease as nothing:
        return _show(request, batch, nothing=nothing)
    except TwoHeld:
        return HttpResponse(status=409)
    return _show(request, batch, page=page.of(leased))


@signed_in
@require_safe
def own_page(request: PersonRequest, batch_id: int, page_id: int) -> HttpResponse:
    """Open an own page again, whatever its state, to look at it and correct it."""
    batch = _own_batch(request.user, batch_id)
    try:
        found = queue.open_page(page_id, request.user)
    except NotFound as error:
        raise Http404 from error
    if found.batch_id != batch.pk:
        raise Http404
    return _show(request, batch, page=page.of(found), is_again=True)


@signed_in
@require_safe
def own_pages(request: PersonRequest, batch_id: int) -> HttpResponse:
    """List own pages of a batch, newest first; `before` a page goes on from there."""
    batch = _own_batch(request.user, batch_id)
    pages = queue.pages_of(request.user, batch).select_related("entity")
    if (before := number_of(request, "before")) is not None:
        pages = pages.filter(pk__lt=before)
    found: list[Assignment] = list(pages[: PAGES_SHOWN + 1])
    shown = found[:PAGES_SHOWN]
    context = {
        "batch": batch,
        "pages": shown,
        "before": shown[-1].pk if len(found) > PAGES_SHOWN else None,
    }
    return render(request, "frontend/own_pages.html", context)


def _show(request: PersonRequest, batch: Batch, **context: Any) -> HttpResponse:
    template = "frontend/grid.html#page" if request.htmx else "frontend/grid.html"
    return render(request, template, {"batch": batch, **context})


def _own_batch(judge: User, batch_id: int) -> Batch:
    """A batch of this judge; one of others is as good as none."""
    own = Batch.objects.filter(
        batchjudge__judge=judge, batchjudge__removed_at__isnull=True
    )
    batch = own.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    return batch
