"""An adjudicator's pages: what is in the conflicts, one of them, and the acts on it."""

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotations import adjudication, queue
from annotations.errors import LabelerError, NotFound
from annotations.models import Batch, Conflict, Report, Ruling

from .access import PersonRequest, adjudicators_only, text_of

SHOWN = 50
LAST = "last_ruling"  # what an undo on the next page takes back


@adjudicators_only
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Show the batches that have conflicts."""
    some = Conflict.objects.filter(batch=OuterRef("pk"))
    batches = Batch.objects.filter(Exists(some)).order_by("-priority", "pk")
    return render(request, "frontend/all_conflicts.html", {"batches": batches})


@adjudicators_only
@require_safe
def conflicts(request: PersonRequest, batch_id: int) -> HttpResponse:
    """List a batch's conflicts, open ones first; or what was ruled on (`?ruled`)."""
    batch = _batch(batch_id)
    is_ruled = "ruled" in request.GET
    found = _rulings(request, batch) if is_ruled else _conflicts(request, batch)
    shown, last = found[:SHOWN], None
    if len(found) > SHOWN:
        last = shown[-1].pk if is_ruled else adjudication.place_in_list(shown[-1])
    context = {
        "batch": batch,
        "rows": shown,
        "votes": adjudication.votes_on_all(batch, [r.candidate_id for r in shown]),
        "last": last,
        "is_ruled": is_ruled,
        "now": queue.clock(),
    }
    return render(request, "frontend/conflicts.html", context)


def _conflicts(request: PersonRequest, batch: Batch) -> list[Any]:
    rows, after = adjudication.listed(batch), _number(request.GET.get("after", ""))
    return list(
        (rows.filter(adjudication.beyond(after)) if after else rows)[: SHOWN + 1]
    )


def _rulings(request: PersonRequest, batch: Batch) -> list[Any]:
    rows, before = adjudication.ruled(batch), _number(request.GET.get("after", ""))
    return list((rows.filter(pk__lt=before) if before else rows)[: SHOWN + 1])


@adjudicators_only
@require_safe
def following(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Go to the conflict that is held, or to the next one that is free."""
    batch = _batch(batch_id)
    held = adjudication.lease(by=request.user, batch=batch)
    if held is not None:
        return redirect("conflict", batch.pk, held.candidate_id)
    is_left = Conflict.objects.filter(batch=batch).exists()
    context = {"batch": batch, "is_left": is_left, "undoable": _undoable(request)}
    return render(request, "frontend/no_conflict.html", context)


@adjudicators_only
@require_safe
def show(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Show a conflict, held for who looks at it, or what was ruled on."""
    batch = _batch(batch_id)
    held = adjudication.hold(batch=batch, candidate=candidate, by=request.user)
    try:
        case = adjudication.case_of(batch, candidate)
    except NotFound:
        messages.info(request, "This candidate is in the conflicts no more.")
        return redirect("conflicts", batch_id)
    other = held.held_by if held and held.held_by != request.user else None
    template = (
        "frontend/conflict.html#held" if request.htmx else "frontend/conflict.html"
    )
    context = {
        "case": case,
        "batch": batch,
        "held_by_other": other,
        "undoable": _undoable(request),
    }
    return render(request, template, context)


def _undoable(request: PersonRequest) -> Ruling | None:
    """The last ruling of this sitting, while it stands."""
    number = int(request.session.get(LAST, 0))
    own = Ruling.objects.filter(pk=number, by=request.user, reopened_at__isnull=True)
    return own.select_related("candidate__entity").first()


@adjudicators_only
@require_POST
def rule(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Rule, then go to the next conflict."""
    try:
        ruling = adjudication.rule(
            batch=_batch(batch_id),
            candidate=candidate,
            verdict=request.POST.get("verdict", ""),
            note=text_of(request, "note"),
            by=request.user,
        )
    except LabelerError as error:
        return _refused(request, batch_id, candidate, error)
    request.session[LAST] = ruling.pk
    return redirect("next-conflict", batch_id)


@adjudicators_only
@require_POST
def reopen(request: PersonRequest, batch_id: int, ruling_id: int) -> HttpResponse:
    """Take a ruling back and look at its candidate again."""
    found = Ruling.objects.filter(pk=ruling_id, batch=batch_id).first()
    if found is None:
        raise Http404
    adjudication.reopen(ruling=found, by=request.user)
    messages.success(request, "The ruling is taken back; it is kept in the history.")
    return redirect("conflict", batch_id, found.candidate_id)


@adjudicators_only
@require_POST
def put_off(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Let go of it; the others come first."""
    try:
        adjudication.put_off(
            batch=_batch(batch_id), candidate=candidate, by=request.user
        )
    except LabelerError as error:
        return _refused(request, batch_id, candidate, error)
    return redirect("next-conflict", batch_id)


@adjudicators_only
@require_POST
def comment(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Note something about it."""
    try:
        adjudication.comment(
            batch=_batch(batch_id),
            candidate=candidate,
            text=text_of(request, "text"),
            by=request.user,
        )
    except LabelerError as error:
        return _refused(request, batch_id, candidate, error)
    return redirect("conflict", batch_id, candidate)


@adjudicators_only
@require_POST
def ask_again(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Ask its judges for a second look, and go on with the next conflict."""
    try:
        adjudication.ask_again(
            batch=_batch(batch_id),
            candidate=candidate,
            by=request.user,
            question=text_of(request, "question"),
        )
    except LabelerError as error:
        return _refused(request, batch_id, candidate, error)
    messages.success(request, "Its judges are asked to look again.")
    return redirect("next-conflict", batch_id)


@adjudicators_only
@require_POST
def dismiss(
    request: PersonRequest, batch_id: int, candidate: int, report_id: int
) -> HttpResponse:
    """Dismiss a report: the candidate is asked for again."""
    report = Report.objects.filter(pk=report_id, candidate=candidate).first()
    if report is None:
        raise Http404
    adjudication.dismiss(report=report, by=request.user)
    messages.success(
        request, "The report is dismissed; the picture is asked for again."
    )
    return redirect("conflict", batch_id, candidate)


def _refused(
    request: PersonRequest, batch_id: int, candidate: int, error: LabelerError
) -> HttpResponse:
    messages.error(request, error.detail)
    return redirect("conflict", batch_id, candidate)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _batch(batch_id: int) -> Batch:
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    return batch
