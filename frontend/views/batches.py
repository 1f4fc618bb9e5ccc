"""An admin's page of a batch: see how far it is, change its state and its judges."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotations import batches, export, people, queue
from annotations.errors import LabelerError
from annotations.intervals import share_interval
from annotations.models import Assignment, Batch, BatchState, User
from annotations.scoring import watching
from frontend.forms import JudgeForm

from .access import PersonRequest, admins_only, number_of, text_of
from .plots import tables_of

BATCHES_SHOWN = 25
HELD_SHOWN = 50
NAMES_OFFERED = 200  # to choose a judge from


@admins_only
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """List batches, newest first, of one state where it is named."""
    state, before = request.GET.get("state", ""), number_of(request, "before")
    found = Batch.objects.order_by("-pk")
    if state in BatchState.values:
        found = found.filter(state=state)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: BATCHES_SHOWN + 1])
    shown = rows[:BATCHES_SHOWN]
    context = {
        "batches": shown,
        "before": shown[-1].pk if len(rows) > BATCHES_SHOWN else None,
        "is_first": before is None,
        "state": state if state in BatchState.values else "",
        "states": BatchState.choices,
    }
    template = "frontend/batches.html#list" if request.htmx else "frontend/batches.html"
    return render(request, template, context)


@admins_only
@require_safe
def show(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show a batch's rules, numbers and judges."""
    batch = _batch(batch_id)
    members = batches.members_of(batch)
    held = list(batches.held_pages(batch)[: HELD_SHOWN + 1])
    context: dict[str, Any] = {
        "batch": batch,
        "members": members,
        "outlook": batches.outlook(batch, members),
        "held": held[:HELD_SHOWN],
        "has_more_held": len(held) > HELD_SHOWN,
        **_clearance(batch),
    }
    if request.htmx:
        return render(request, "frontend/batch.html#state", context)
    judging = {member.judge.pk for member in members if member.is_active}
    context |= {
        "form": JudgeForm(),
        "candidates_for_it": people.judges().exclude(pk__in=judging)[:NAMES_OFFERED],
        "tables": tables_of(batch),
        "scoring": watching.batch_scoring(batch),
    }
    return render(request, "frontend/batch.html", context)


def _clearance(batch: Batch) -> dict[str, Any]:
    """What clearance saves, and how often the model may err there."""
    errors, seen = batch.audit_errors, batch.audited_total
    return {
        "saved": batch.not_asked_total * batch.judges_required,
        "audit_size": min(batch.audit_size, batch.cleared_total),
        "error_interval": share_interval(errors, seen) if seen else None,
    }


@admins_only
@require_safe
def days(request: PersonRequest, batch_id: int) -> HttpResponse:
    """The plots anew, for the page that shows them; by itself it is the batch."""
    batch = _batch(batch_id)
    if not request.htmx:
        return redirect("batch", batch.pk)
    context = {"batch": batch, "tables": tables_of(batch)}
    return render(request, "frontend/parts/plots.html", context)


@admins_only
@require_safe
def hours(request: PersonRequest, batch_id: int) -> StreamingHttpResponse:
    """What each judge did on each day, as a file: people are paid by it."""
    batch = _batch(batch_id)
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
    if not Assignment.objects.filter(pk=page_id, batch=batch_id).exists():
        raise Http404
    said = "The page is free again. The verdicts given on it stay."

    def act(*, batch: Batch, by: User) -> None:
        queue.release_page(assignment_id=page_id, by=by)

    return _act(request, batch_id, act, said)


@admins_only
@require_POST
def open_batch(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Open it, or continue a closed one."""
    return _act(request, batch_id, batches.open_batch, "The batch is open.")


@admins_only
@require_POST
def close(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Close it; pages that are held may end."""
    return _act(request, batch_id, batches.close_batch, "The batch is closed.")


@admins_only
@require_POST
def refresh(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Take in candidates that came later."""
    return _act(request, batch_id, batches.refresh, "{} candidates were added.")


@admins_only
@require_POST
def add_judge(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Let somebody judge this batch."""
    username = text_of(request, "username")
    said = f"{username} can judge this batch now."
    return _act(request, batch_id, batches.add_judges, said, usernames=[username])


@admins_only
@require_POST
def remove_judge(request: PersonRequest, batch_id: int, username: str) -> HttpResponse:
    """Take somebody out of this batch; given judgments stay."""
    said = f"{username} is no longer asked. Given judgments stay."
    return _act(request, batch_id, batches.remove_judge, said, username=username)


def _act(
    request: PersonRequest,
    batch_id: int,
    act: Callable[..., Any],
    said: str,
    **what: Any,
) -> HttpResponse:
    """Do one act of the queue and say on the batch's page how it went."""
    try:
        result = act(batch=_batch(batch_id), by=request.user, **what)
    except LabelerError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, said.replace("{}", str(result)))
    return redirect("batch", batch_id)


def _batch(batch_id: int) -> Batch:
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    return batch
