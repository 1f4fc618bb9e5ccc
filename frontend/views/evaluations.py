"""An admin's pages of evaluations: how recognisers did on a release, beside the paper's."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotations import evaluation, releases
from annotations.errors import Invalid, LabelerError, NotFound
from annotations.evaluation import BASELINE, Mistake
from annotations.models import Entity, Evaluation, Release, ReleaseState
from frontend.forms.evaluations import EvaluationForm, add_line_errors

from .access import PersonRequest, admins_only, in_size, number_of
from .curves import curves_of

SHOWN = 25
MISTAKES_SHOWN = 24


@dataclass(frozen=True)
class Line:
    """One precision of an evaluation, beside what the paper's recogniser covers at it."""

    precision: str
    coverage: float
    threshold: float | None
    paper: float


@dataclass(frozen=True)
class Error:
    """A mistake with what there is to see of it."""

    mistake: Mistake
    shown: releases.DevPicture | None  # None: it was erased
    estimated: str  # the name of whom it was taken for, where known
    is_counted: bool  # at or above the threshold of precision 0.95


def _too_large(request: PersonRequest, release_id: int) -> HttpResponse:
    release = _release(release_id)
    return _page(request, release, EvaluationForm(release), status=413)


# The check of the form's token reads the whole file: only once its sender may send it.
@csrf_exempt
@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
@in_size(lambda: evaluation.RESULTS_MAX_BYTES, _too_large)
@csrf_protect
def evaluations(request: PersonRequest, release_id: int) -> HttpResponse:
    """List a release's evaluations with their curves, or evaluate a file."""
    release = _release(release_id)
    form = EvaluationForm(release, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        made = _evaluate(request, release, form)
        if made is not None:
            return redirect("evaluation", made.pk)
    return _page(request, release, form)


def _evaluate(
    request: PersonRequest, release: Release, form: EvaluationForm
) -> Evaluation | None:
    """Evaluate what the form holds; None, and the form says why, where it is refused."""
    sent = form.cleaned_data
    subset, _, split = sent["part"].partition("-")
    name = sent["name"] or sent["file"].name[: evaluation.NAME_LENGTH]
    try:
        return releases.evaluate(
            release=release,
            subset=subset,
            split=split,
            file=sent["file"],
            name=name,
            by=request.user,
        )
    except Invalid as invalid:
        add_line_errors(form, invalid)
    except LabelerError as error:
        form.add_error(None, error.detail)
    return None


def _page(
    request: PersonRequest, release: Release, form: EvaluationForm, status: int = 200
) -> HttpResponse:
    before = number_of(request, "before")
    rows = Evaluation.objects.filter(release=release).order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: SHOWN + 1])
    shown = found[:SHOWN]
    context = {
        "release": release,
        "is_done": release.state == ReleaseState.DONE,
        "form": form,
        "evaluations": [(each, lines_of(each)) for each in shown],
        "curves": curves_of(shown),
        "before": shown[-1].pk if len(found) > SHOWN else None,
        "is_first": before is None,
        "is_too_large": status == 413,
    }
    return render(request, "frontend/evaluations.html", context, status=status)


@admins_only
@require_safe
def show(request: PersonRequest, evaluation_id: int) -> HttpResponse:
    """Show an evaluation; of the development split also what was mistaken for whom."""
    found = _evaluation(evaluation_id)
    context: dict[str, Any] = {
        "evaluation": found,
        "release": found.release,
        "lines": lines_of(found),
        "curves": curves_of([found]),
        "is_dev": found.split == "dev",
        "after": number_of(request, "after"),
    }
    if found.split == "dev":
        context |= _errors(found, context["after"])
    return render(request, "frontend/evaluation.html", context)


def _errors(found: Evaluation, after: int | None) -> dict[str, Any]:
    """The mistakes beyond the place `after`, with their pictures."""
    try:
        mistakes = evaluation.mistakes_of(found)
    except NotFound:
        return {"errors": [], "mistakes": 0, "following": None, "is_lost": True}
    first = 0 if after is None else after + 1
    shown = mistakes[first : first + MISTAKES_SHOWN]
    pictures = releases.dev_pictures(found, {each.key for each in shown})
    rows = Entity.objects.filter(key__in={each.estimated for each in shown})
    names: dict[Any, str] = dict(rows.values_list("key", "name"))
    least = found.figures["threshold"]["0.95"]
    errors = [
        Error(
            mistake=each,
            shown=pictures.get(each.key),
            estimated=names.get(each.estimated, ""),
            is_counted=least is not None and each.confidence >= least,
        )
        for each in shown
    ]
    has_more = first + len(shown) < len(mistakes)
    following = shown[-1].place if shown and has_more else None
    return {"errors": errors, "mistakes": len(mistakes), "following": following}


@admins_only
@require_POST
def delete(request: PersonRequest, evaluation_id: int) -> HttpResponse:
    """Take an evaluation back, with its results."""
    found = _evaluation(evaluation_id)
    evaluation.delete(evaluation=found, by=request.user)
    messages.success(request, f"The evaluation “{found.name}” is deleted.")
    return redirect("evaluations", found.release_id)


def lines_of(found: Evaluation) -> list[Line]:
    """Its coverage at each precision, beside the paper's."""
    figures, paper = found.figures, BASELINE[found.subset]
    return [
        Line(at, covered, figures["threshold"][at], paper[at])
        for at, covered in figures["coverage"].items()
    ]


def _release(number: int) -> Release:
    found = Release.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _evaluation(number: int) -> Evaluation:
    rows = Evaluation.objects.select_related("release", "created_by")
    found = rows.filter(pk=number).first()
    if found is None:
        raise Http404
    return found
