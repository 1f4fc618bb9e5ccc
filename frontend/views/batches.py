"""An admin's page of a batch: see how far it is, change its state and its judges."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotations import queue
from annotations.errors import LabelerError
from annotations.models import Batch
from frontend.forms import JudgeForm

from .access import PersonRequest, admins_only


@admins_only
@require_safe
def show(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show a batch's rules, numbers and judges."""
    batch = _batch(batch_id)
    context = {
        "batch": batch,
        "progress": queue.progress(batch),
        "form": JudgeForm(),
        "entities": batch.batchentity_set.count(),
    }
    template = "frontend/batch.html#state" if request.htmx else "frontend/batch.html"
    return render(request, template, context)


@admins_only
@require_POST
def open_batch(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Open it, or continue a closed one."""
    return _act(request, batch_id, queue.open_batch, "The batch is open.")


@admins_only
@require_POST
def close(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Close it; pages that are held may end."""
    return _act(request, batch_id, queue.close_batch, "The batch is closed.")


@admins_only
@require_POST
def refresh(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Take in candidates that came later."""
    return _act(request, batch_id, queue.refresh, "{} candidates were added.")


@admins_only
@require_POST
def add_judge(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Let somebody judge this batch."""
    username = request.POST.get("username", "").strip()
    said = f"{username} can judge this batch now."
    return _act(request, batch_id, queue.add_judges, said, usernames=[username])


@admins_only
@require_POST
def remove_judge(request: PersonRequest, batch_id: int, username: str) -> HttpResponse:
    """Take somebody out of this batch; given judgments stay."""
    said = f"{username} is no longer asked. Given judgments stay."
    return _act(request, batch_id, queue.remove_judge, said, username=username)


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
