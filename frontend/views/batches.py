"""An admin's page of a batch: see its progress, change its state and its judges."""

from functools import partial
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotations import batches, export, people, queue
from annotations.intervals import share_interval
from annotations.models import Assignment, Batch, BatchState
from annotations.scoring import status
from frontend.forms import JudgeForm

from .access import PersonRequest, admins_only, text_of
from .actions import perform
from .paging import first_rows, newest
from .plots import tables_of

BATCHES_SHOWN = 25
HELD_SHOWN = 50
NAMES_OFFERED = 200  # to choose a judge from


@admins_only
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """List batches, newest first; `state` filters them."""
    state = request.GET.get("state", "")
    rows = Batch.objects.all()
    if state in BatchState.values:
        rows = rows.filter(state=state)
    context = newest(request, rows, BATCHES_SHOWN, "batches") | {
        "state": state if state in BatchState.values else "",
        "states": BatchState.choices,
    }
    template = "frontend/batches.html#list" if request.htmx else "frontend/batches.html"
    return render(request, template, context)


@admins_only
@require_safe
def show(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show a batch's rules, progress and judges."""
    batch = get_object_or_404(Batch, pk=batch_id)
    members = batches.members_of(batch)
    held_pages = first_rows(batches.held_pages(batch), HELD_SHOWN)
    context: dict[str, Any] = {
        "batch": batch,
        "members": members,
        "outlook": batches.outlook(batch, members),
        "held": held_pages.rows,
        "has_more_held": held_pages.has_more,
        **_clearance(batch),
    }
    if request.htmx:
        return render(request, "frontend/batch.html#state", context)
    active_ids = {member.judge.pk for member in members if member.is_active}
    context |= {
        "form": JudgeForm(),
        "candidates_for_it": people.active_judges().exclude(pk__in=active_ids)[
            :NAMES_OFFERED
        ],
        "tables": tables_of(batch),
        "scoring": status.batch_scoring(batch),
    }
    return render(request, "frontend/batch.html", context)


def _clearance(batch: Batch) -> dict[str, Any]:
    """Return the judgments that clearance saves, and its audit's error interval."""
    errors, audited = batch.audit_errors, batch.audited_total
    return {
        "saved": batch.not_asked_total * batch.judges_required,
        "audit_size": min(batch.audit_size, batch.cleared_total),
        "error_interval": share_interval(errors, audited) if audited else None,
    }


@admins_only
@require_safe
def days(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Render the plots again for htmx; redirect other requests to the batch."""
    batch = get_object_or_404(Batch, pk=batch_id)
    if not request.htmx:
        return redirect("batch", batch.pk)
    context = {"batch": batch, "tables": tables_of(batch)}
    return render(request, "frontend/parts/plots.html", context)


@admins_only
@require_safe
def hours(request: PersonRequest, batch_id: int) -> StreamingHttpResponse:
    """Stream the work of each judge on each day as a TSV, the basis of payment."""
    batch = get_object_or_404(Batch, pk=batch_id)
    return StreamingHttpResponse(
        export.stream_hours(batch.pk),
        content_type="text/tab-separated-values; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="hours-{batch.pk}.tsv"',
            "Cache-Control": "no-store",
        },
    )


@admins_only
@require_POST
def release_page(request: PersonRequest, batch_id: int, page_id: int) -> HttpResponse:
    """Take a page from its judge; the verdicts given on it stay."""
    page = get_object_or_404(Assignment, pk=page_id, batch=batch_id)
    action = partial(queue.release_page, assignment_id=page.pk, by=request.user)
    perform(request, action, "The page is free again. Verdicts given on it stay.")
    return redirect("batch", batch_id)


@admins_only
@require_POST
def open_batch(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Open a batch, or reopen a closed one."""
    return _act(request, batch_id, batches.open_batch, "The batch is open.")


@admins_only
@require_POST
def close(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Close a batch; judges can finish the pages that they hold."""
    return _act(request, batch_id, batches.close_batch, "The batch is closed.")


@admins_only
@require_POST
def refresh(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Add candidates that were imported later."""
    return _act(request, batch_id, batches.refresh, "New candidates in the batch: {}.")


@admins_only
@require_POST
def add_judge(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Add a judge to the batch."""
    username = text_of(request, "username")
    success = f"{username} can now judge this batch."
    return _act(request, batch_id, batches.add_judges, success, usernames=[username])


@admins_only
@require_POST
def remove_judge(request: PersonRequest, batch_id: int, username: str) -> HttpResponse:
    """Remove a judge from the batch; the judge's verdicts stay."""
    success = f"{username} no longer judges this batch. Verdicts given so far stay."
    return _act(request, batch_id, batches.remove_judge, success, username=username)


def _act(
    request: PersonRequest, batch_id: int, action: Any, success: str, **fields: Any
) -> HttpResponse:
    batch = get_object_or_404(Batch, pk=batch_id)
    perform(request, partial(action, batch=batch, by=request.user, **fields), success)
    return redirect("batch", batch_id)
