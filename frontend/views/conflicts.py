"""An adjudicator's pages: the list of conflicts, one conflict, the actions on it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_htmx.http import HttpResponseClientRedirect

from annotations import adjudication, queue
from annotations.errors import LabelerError, NotFound
from annotations.models import Batch, Conflict, Report, Ruling, User

from .access import PersonRequest, adjudicators_only, number_of, text_of
from .paging import Rows, first_rows

SHOWN = 50
LAST = "last_ruling"  # session key: the ruling that undo on the next page takes back


@adjudicators_only
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Show the batches that have conflicts."""
    conflicts_of_batch = Conflict.objects.filter(batch=OuterRef("pk"))
    batches = Batch.objects.filter(Exists(conflicts_of_batch))
    context = {"batches": batches.order_by("-priority", "pk")}
    return render(request, "frontend/all_conflicts.html", context)


@adjudicators_only
@require_safe
def conflicts(request: PersonRequest, batch_id: int) -> HttpResponse:
    """List a batch's conflicts, open ones first, or with `?ruled` its rulings."""
    batch = get_object_or_404(Batch, pk=batch_id)
    is_ruled = "ruled" in request.GET
    after = number_of(request, "after") or 0
    page = _rulings(batch, after) if is_ruled else _conflicts(batch, after)
    last: Any = page.last
    if last is not None:
        last = last.pk if is_ruled else adjudication.list_position(last)
    context = {
        "batch": batch,
        "rows": page.rows,
        "votes": adjudication.votes_by_candidate(
            batch, [row.candidate_id for row in page.rows]
        ),
        "last": last,
        "is_ruled": is_ruled,
        "now": queue.clock(),
    }
    return render(request, "frontend/conflicts.html", context)


def _conflicts(batch: Batch, after: int) -> Rows[Any]:
    rows = adjudication.conflicts_of(batch)
    return first_rows(
        rows.filter(adjudication.after_position(after)) if after else rows, SHOWN
    )


def _rulings(batch: Batch, before: int) -> Rows[Any]:
    rows = adjudication.standing_rulings(batch)
    return first_rows(rows.filter(pk__lt=before) if before else rows, SHOWN)


@adjudicators_only
@require_http_methods(["GET", "HEAD", "POST"])
def following(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Redirect to the held conflict, or to the next one that is free.

    A POST leases it. A GET only looks: the page of the conflict holds it by a POST.
    """
    batch = get_object_or_404(Batch, pk=batch_id)
    is_post = request.method == "POST"
    find = adjudication.lease if is_post else adjudication.next_conflict
    conflict = find(by=request.user, batch=batch)
    if conflict is not None:
        return redirect("conflict", batch.pk, conflict.candidate_id)
    has_others = Conflict.objects.filter(batch=batch).exists()
    context = {
        "batch": batch,
        "is_left": has_others,
        "undoable": _undoable_ruling(request),
    }
    return render(request, "frontend/no_conflict.html", context)


@adjudicators_only
@require_safe
def show(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Show a conflict or a ruling. The page itself asks to hold the conflict."""
    batch = get_object_or_404(Batch, pk=batch_id)
    try:
        case = adjudication.case_of(batch, candidate)
    except NotFound:
        return _gone(request, batch)
    context = {
        "case": case,
        "batch": batch,
        "held_by_other": _other_holder(request, case.conflict),
        "undoable": _undoable_ruling(request),
    }
    return render(request, "frontend/conflict.html", context)


@adjudicators_only
@require_POST
def hold(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Hold a conflict for this adjudicator, unless another one holds it.

    Answer with the part of its page that says who looks at it, and what was ruled.
    """
    batch = get_object_or_404(Batch, pk=batch_id)
    conflict = adjudication.hold(batch=batch, candidate=candidate, by=request.user)
    try:
        case = adjudication.case_of(batch, candidate)
    except NotFound:
        return HttpResponseClientRedirect(_gone(request, batch).url)
    context = {
        "case": case,
        "batch": batch,
        "held_by_other": _other_holder(request, conflict),
        "is_again": True,
    }
    return render(request, "frontend/conflict.html#held", context)


def _gone(request: PersonRequest, batch: Batch) -> HttpResponseRedirect:
    messages.info(request, "This candidate is no longer in the conflicts.")
    return HttpResponseRedirect(reverse("conflicts", args=[batch.pk]))


def _other_holder(request: PersonRequest, conflict: Conflict | None) -> User | None:
    """Return another adjudicator who holds this conflict now."""
    if conflict is None or conflict.held_until is None:
        return None
    is_held = conflict.held_until > queue.clock()
    return conflict.held_by if is_held and conflict.held_by != request.user else None


def _undoable_ruling(request: PersonRequest) -> Ruling | None:
    """Return the last ruling of this session while it stands."""
    ruling_id = int(request.session.get(LAST, 0))
    rulings = Ruling.objects.filter(
        pk=ruling_id, by=request.user, reopened_at__isnull=True
    )
    return rulings.select_related("candidate__entity").first()


@adjudicators_only
@require_POST
def rule(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Rule, then go to the next conflict."""

    def action() -> None:
        ruling = adjudication.rule(
            batch=get_object_or_404(Batch, pk=batch_id),
            candidate=candidate,
            verdict=request.POST.get("verdict", ""),
            note=text_of(request, "note"),
            by=request.user,
        )
        request.session[LAST] = ruling.pk

    return _act(request, batch_id, candidate, action)


@adjudicators_only
@require_POST
def reopen(request: PersonRequest, batch_id: int, ruling_id: int) -> HttpResponse:
    """Take a ruling back and show its candidate again."""
    ruling = get_object_or_404(Ruling, pk=ruling_id, batch=batch_id)
    adjudication.reopen(ruling=ruling, by=request.user)
    messages.success(request, "The ruling is taken back. The history keeps it.")
    return redirect("conflict", batch_id, ruling.candidate_id)


@adjudicators_only
@require_POST
def put_off(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Postpone a conflict: all others come first."""
    action = partial(
        adjudication.put_off,
        batch=get_object_or_404(Batch, pk=batch_id),
        candidate=candidate,
        by=request.user,
    )
    return _act(request, batch_id, candidate, action)


@adjudicators_only
@require_POST
def comment(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Add a comment to a candidate."""
    action = partial(
        adjudication.comment,
        batch=get_object_or_404(Batch, pk=batch_id),
        candidate=candidate,
        text=text_of(request, "text"),
        by=request.user,
    )
    return _act(request, batch_id, candidate, action, stays=True)


@adjudicators_only
@require_POST
def ask_again(request: PersonRequest, batch_id: int, candidate: int) -> HttpResponse:
    """Ask the candidate's judges for a second look, then go to the next conflict."""

    def action() -> None:
        adjudication.request_second_looks(
            batch=get_object_or_404(Batch, pk=batch_id),
            candidate=candidate,
            by=request.user,
            question=text_of(request, "question"),
        )
        messages.success(request, "Its judges are asked to look again.")

    return _act(request, batch_id, candidate, action)


@adjudicators_only
@require_POST
def dismiss(
    request: PersonRequest, batch_id: int, candidate: int, report_id: int
) -> HttpResponse:
    """Dismiss a report: judges are asked about the candidate again."""
    report = get_object_or_404(Report, pk=report_id, candidate=candidate)
    queue.dismiss_report(report=report, by=request.user)
    messages.success(
        request, "The report is dismissed. Judges are asked about the picture again."
    )
    return redirect("conflict", batch_id, candidate)


def _act(
    request: PersonRequest,
    batch_id: int,
    candidate: int,
    action: Callable[[], object],
    *,
    stays: bool = False,
) -> HttpResponse:
    """Run an action, then show the next conflict; `stays` or an error shows this one."""
    try:
        action()
    except LabelerError as error:
        messages.error(request, error.detail)
        stays = True
    if stays:
        return redirect("conflict", batch_id, candidate)
    batch = get_object_or_404(Batch, pk=batch_id)
    conflict = adjudication.lease(by=request.user, batch=batch)
    if conflict is None:
        return redirect("next-conflict", batch_id)
    return redirect("conflict", batch_id, conflict.candidate_id)
