"""An admin's pages of evaluations: recognisers on a release, beside the paper's."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
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
from .paging import newest

SHOWN = 25
MISTAKES_SHOWN = 24


@dataclass(frozen=True)
class Line:
    """One precision of an evaluation, with the coverage of the paper's recogniser."""

    precision: str
    coverage: float
    threshold: float | None
    paper: float


@dataclass(frozen=True)
class PicturedMistake:
    """A mistake with its picture."""

    mistake: Mistake
    shown: releases.DevPicture | None  # None when it was erased
    estimated: str  # the estimated entity's name, empty when unknown
    is_counted: bool  # at or above the threshold of precision 0.95


def _too_large(request: PersonRequest, release_id: int) -> HttpResponse:
    release = get_object_or_404(Release, pk=release_id)
    return _page(request, release, EvaluationForm(release), status=413)


# The CSRF check reads the whole body, so it runs after the checks of role and size.
@csrf_exempt
@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
@in_size(lambda: evaluation.RESULTS_MAX_BYTES, _too_large)
@csrf_protect
def evaluations(request: PersonRequest, release_id: int) -> HttpResponse:
    """List a release's evaluations with their curves, or evaluate a file."""
    release = get_object_or_404(Release, pk=release_id)
    form = EvaluationForm(release, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        result = _evaluate(request, release, form)
        if result is not None:
            return redirect("evaluation", result.pk)
    return _page(request, release, form)


def _evaluate(
    request: PersonRequest, release: Release, form: EvaluationForm
) -> Evaluation | None:
    """Evaluate the uploaded file. Return None with errors in the form if it is refused."""
    fields = form.cleaned_data
    subset, _, split = fields["part"].partition("-")
    name = fields["name"] or fields["file"].name[: evaluation.NAME_LENGTH]
    try:
        return releases.evaluate(
            release=release,
            subset=subset,
            split=split,
            file=fields["file"],
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
    evaluations = Evaluation.objects.filter(release=release)
    page = newest(request, evaluations, SHOWN, "rows")
    rows = page.pop("rows")
    context = page | {
        "release": release,
        "is_done": release.state == ReleaseState.DONE,
        "form": form,
        "evaluations": [(row, lines_of(row)) for row in rows],
        "curves": curves_of(rows),
        "is_too_large": status == 413,
    }
    return render(request, "frontend/evaluations.html", context, status=status)


@admins_only
@require_safe
def show(request: PersonRequest, evaluation_id: int) -> HttpResponse:
    """Show an evaluation; on the dev split also the mistakes with their pictures."""
    row = _evaluation(evaluation_id)
    context: dict[str, Any] = {
        "evaluation": row,
        "release": row.release,
        "lines": lines_of(row),
        "curves": curves_of([row]),
        "is_dev": row.split == "dev",
        "after": number_of(request, "after"),
    }
    if row.split == "dev":
        context |= _mistakes(row, context["after"])
    return render(request, "frontend/evaluation.html", context)


def _mistakes(row: Evaluation, after: int | None) -> dict[str, Any]:
    """Return the mistakes after position `after`, with their pictures."""
    try:
        mistakes = evaluation.mistakes_of(row)
    except NotFound:
        return {"errors": [], "mistakes": 0, "following": None, "is_lost": True}
    start = 0 if after is None else after + 1
    selection = mistakes[start : start + MISTAKES_SHOWN]
    pictures = releases.dev_pictures(row, {mistake.key for mistake in selection})
    entities = Entity.objects.filter(key__in={m.estimated for m in selection})
    names: dict[Any, str] = dict(entities.values_list("key", "name"))
    threshold = row.figures["threshold"]["0.95"]
    errors = [
        PicturedMistake(
            mistake=mistake,
            shown=pictures.get(mistake.key),
            estimated=names.get(mistake.estimated, ""),
            is_counted=threshold is not None and mistake.confidence >= threshold,
        )
        for mistake in selection
    ]
    has_more = start + len(selection) < len(mistakes)
    next_place = selection[-1].place if selection and has_more else None
    return {"errors": errors, "mistakes": len(mistakes), "following": next_place}


@admins_only
@require_POST
def delete(request: PersonRequest, evaluation_id: int) -> HttpResponse:
    """Delete an evaluation with its results file."""
    row = _evaluation(evaluation_id)
    evaluation.delete(evaluation=row, by=request.user)
    messages.success(request, f"The evaluation “{row.name}” is deleted.")
    return redirect("evaluations", row.release_id)


def lines_of(row: Evaluation) -> list[Line]:
    """Return the coverage at each precision, beside the paper's."""
    figures, paper = row.figures, BASELINE[row.subset]
    return [
        Line(precision, share, figures["threshold"][precision], paper[precision])
        for precision, share in figures["coverage"].items()
    ]


def _evaluation(evaluation_id: int) -> Evaluation:
    rows = Evaluation.objects.select_related("release", "created_by")
    return get_object_or_404(rows, pk=evaluation_id)
