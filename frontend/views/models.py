"""An admin's pages of models: how good they are, what they set aside, what to do."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotations import tasks
from annotations.errors import LabelerError
from annotations.models import Scorer, User
from annotations.scoring import control, status

from .access import PersonRequest, admins_only, number_of

FITS_SHOWN = 20
ASIDE_SHOWN = 50


@admins_only
@require_safe
def models(request: PersonRequest) -> HttpResponse:
    """List every model in every version, those at work first."""
    return render(request, "frontend/models.html", {"lines": status.scorers()})


@admins_only
@require_safe
def show(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Show a model: its latest fit, those before, and what it set aside."""
    scorer = _scorer(scorer_id)
    fits = list(status.fits_of(scorer)[: FITS_SHOWN + 1])
    context: dict[str, Any] = {
        "scorer": scorer,
        "line": status.backlog_of(scorer),
        "fit": fits[0] if fits else None,
        "earlier": fits[1:FITS_SHOWN],
        "has_more_fits": len(fits) > FITS_SHOWN,
        "outset": None if fits else status.before_first_fit(scorer),
        "after": number_of(request, "after"),
    }
    context |= _aside(scorer, context["after"])
    return render(request, "frontend/model.html", context)


def _aside(scorer: Scorer, after: int | None) -> dict[str, Any]:
    """The pictures that were set aside, beyond the candidate `after`."""
    rows = status.failed_scores(scorer)
    if after is not None:
        rows = rows.filter(candidate__gt=after)
    found = list(rows[: ASIDE_SHOWN + 1])
    shown = found[:ASIDE_SHOWN]
    has_more = len(found) > ASIDE_SHOWN
    return {"aside": shown, "following": shown[-1].candidate_id if has_more else None}


@admins_only
@require_POST
def pause(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Let workers leave it alone."""
    said = "The model is paused. What workers are at now is finished first."
    return _act(request, scorer_id, control.pause, said)


@admins_only
@require_POST
def resume(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Let workers go on."""
    return _act(request, scorer_id, control.resume, "The model goes on.")


@admins_only
@require_POST
def refit(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Have a worker fit it anew."""

    def act(*, scorer: Scorer, by: User) -> None:
        tasks.refit_scorer.delay(control.require_active(scorer).pk, by.pk)

    said = "A worker fits the model anew. Open this page again in a moment."
    return _act(request, scorer_id, act, said)


@admins_only
@require_POST
def try_again(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Look once more at one picture that was set aside, or at all."""
    named = request.POST.get("candidate", "")
    is_number = named.isascii() and named.isdigit() and len(named) <= 18
    if named and not is_number:
        raise Http404
    candidate = int(named) if named else None
    said = "Pictures that will be looked at again: {}."
    return _act(request, scorer_id, control.retry_failed, said, candidate=candidate)


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def purge(request: PersonRequest, scorer_id: int) -> HttpResponse:
    """Say what goes and what stays, then delete a model's embeddings."""
    scorer = _scorer(scorer_id)
    if request.method == "POST":
        gone = control.purge_embeddings(scorer=scorer, by=request.user)
        said = f"{gone:,} embeddings are deleted."
        if gone >= control.PURGED_AT_ONCE:
            tasks.purge_embeddings.delay(scorer.pk, request.user.pk)
            said += " Workers delete the rest."
        messages.success(request, said)
        return redirect("model", scorer.pk)
    return render(request, "frontend/purge_embeddings.html", {"scorer": scorer})


def _act(
    request: PersonRequest,
    scorer_id: int,
    act: Callable[..., Any],
    said: str,
    **what: Any,
) -> HttpResponse:
    """Do one act and say on the model's page how it went."""
    try:
        result = act(scorer=_scorer(scorer_id), by=request.user, **what)
    except LabelerError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, said.replace("{}", str(result)))
    return redirect("model", scorer_id)


def _scorer(scorer_id: int) -> Scorer:
    scorer = Scorer.objects.filter(pk=scorer_id).first()
    if scorer is None:
        raise Http404
    return scorer
