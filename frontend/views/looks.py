"""A judge's second looks: what others said of a picture, and what one says now."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotations import adjudication, images
from annotations.errors import LabelerError, NotFound

from .access import PersonRequest, signed_in, text_of


@signed_in
@require_safe
def looks(request: PersonRequest) -> HttpResponse:
    """Go to the first one that waits, or say that none does."""
    first = adjudication.looks_of(request.user).first()
    if first is not None:
        return redirect("second-look", first.pk)
    return render(request, "frontend/no_look.html")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def look(request: PersonRequest, look_id: int) -> HttpResponse:
    """Show one with the others' words, or take the answer and go on."""
    try:
        if request.method == "POST":
            return _answer(request, look_id)
        shown = adjudication.see(look=look_id, judge=request.user)
    except NotFound as error:
        if request.method == "POST":
            return _refused(request, error)
        raise Http404 from error
    entity = shown.candidate.entity
    representative, is_verified = images.representative_of(entity)
    context = {
        "look": shown,
        "candidate": shown.candidate,
        "entity": entity,
        "representative": representative,
        "is_verified": is_verified,
        "left": adjudication.looks_of(request.user).count(),
    }
    return render(request, "frontend/look.html", context)


def _answer(request: PersonRequest, look_id: int) -> HttpResponse:
    try:
        adjudication.answer(
            look=look_id,
            judge=request.user,
            verdict=request.POST.get("verdict", ""),
            argument=text_of(request, "argument"),
        )
    except NotFound:
        raise
    except LabelerError as error:
        return _refused(request, error)
    messages.success(request, "Thank you: your second look is recorded.")
    return redirect("second-looks")


def _refused(request: PersonRequest, error: LabelerError) -> HttpResponse:
    messages.error(request, error.detail)
    return redirect("second-looks")
