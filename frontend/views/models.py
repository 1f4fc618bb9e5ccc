"""An admin's pages of scorers: calibration, failures and controls."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotations import tasks
from annotations.models import Scorer
from annotations.scoring import control, status

from .access import PersonRequest, admins_only, id_of, number_of
from .actions import perform
from .paging import first_rows

FITS_SHOWN = 20
FAILED_SHOWN = 50


@admins_only
@require_safe
def models(request: PersonRequest) -> HttpResponse:
    """List every scorer in every version, active ones first."""
    return render(request, "frontend/models.html", {"lines": status.scorers()})


@admins_only
@require_safe
def show(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Show a scorer: its latest fit, earlier fits, and pictures set aside."""
    scorer = get_object_or_404(Scorer, pk=scorer_id)
    fits = first_rows(status.fits_of(scorer), FITS_SHOWN)
    context: dict[str, Any] = {
        "scorer": scorer,
        "line": status.backlog_of(scorer),
        "fit": fits.rows[0] if fits.rows else None,
        "earlier": fits.rows[1:],
        "has_more_fits": fits.has_more,
        "outset": None if fits.rows else status.before_first_fit(scorer),
        "after": number_of(request, "after"),
    }
    context |= _failed(scorer, context["after"])
    return render(request, "frontend/model.html", context)


def _failed(scorer: Scorer, after: int | None) -> dict[str, Any]:
    """Return the pictures set aside, after the candidate id `after`."""
    rows = status.failed_scores(scorer)
    if after is not None:
        rows = rows.filter(candidate__gt=after)
    page = first_rows(rows, FAILED_SHOWN)
    return {"aside": page.rows, "following": page.last and page.last.candidate_id}


@admins_only
@require_POST
def pause(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Stop scoring with this scorer."""
    success = "The model is paused. Workers finish their present work first."
    return _act(request, scorer_id, control.pause, success)


@admins_only
@require_POST
def resume(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Continue scoring with this scorer."""
    return _act(request, scorer_id, control.resume, "The model is running again.")


@admins_only
@require_POST
def refit(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Queue a new calibration."""

    def action(*, scorer: Scorer, by: Any) -> None:
        tasks.refit_scorer.delay(control.require_active(scorer).pk, by.pk)

    success = "A worker is fitting the model again. Reload this page in a moment."
    return _act(request, scorer_id, action, success)


@admins_only
@require_POST
def try_again(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Retry one picture that was set aside, or all of them."""
    text = request.POST.get("candidate", "")
    candidate = id_of(text)
    if text and candidate is None:
        raise Http404
    success = "Pictures to be scored again: {}."
    return _act(request, scorer_id, control.retry_failed, success, candidate=candidate)


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def purge(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Explain the deletion of a scorer's embeddings, then delete them."""
    scorer = get_object_or_404(Scorer, pk=scorer_id)
    if request.method == "POST":
        count = control.purge_embeddings(scorer=scorer, by=request.user)
        message = f"Embeddings deleted: {count:,}."
        if count >= control.PURGED_AT_ONCE:
            tasks.purge_embeddings.delay(scorer.pk, request.user.pk)
            message += " Workers delete the rest."
        messages.success(request, message)
        return redirect("model", scorer.pk)
    return render(request, "frontend/purge_embeddings.html", {"scorer": scorer})


def _act(
    request: PersonRequest, scorer_id: int, action: Any, success: str, **fields: Any
) -> HttpResponse:
    scorer = get_object_or_404(Scorer, pk=scorer_id)
    perform(request, partial(action, scorer=scorer, by=request.user, **fields), success)
    return redirect("model", scorer_id)
