"""A judge's second looks: the votes on a picture, and the judge's new answer."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotations import adjudication, images
from annotations.errors import LabelerError, NotFound

from .access import PersonRequest, signed_in, text_of


@signed_in
@require_safe
def looks(request: PersonRequest) -> HttpResponse:
    """Redirect to the first second look that waits, or say that there is none."""
    first = adjudication.open_second_looks(request.user).first()
    if first is not None:
        return redirect("second-look", first.pk)
    return render(request, "frontend/no_second_look.html")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def look(request: PersonRequest, look_id: int) -> HttpResponse:
    """Show a second look, with the votes once they were shown, or store the answer."""
    try:
        if request.method == "POST":
            return _answer(request, look_id)
        second_look = adjudication.read_second_look(
            second_look_id=look_id, judge=request.user
        )
    except NotFound as error:
        if request.method == "POST":
            return _refused(request, error)
        raise Http404 from error
    entity = second_look.candidate.entity
    representative, is_verified = images.representative_of(entity)
    context = {
        "look": second_look,
        "candidate": second_look.candidate,
        "entity": entity,
        "representative": representative,
        "is_verified": is_verified,
        "left": adjudication.open_second_looks(request.user).count(),
    }
    return render(request, "frontend/second_look.html", context)


@signed_in
@require_POST
def see(request: PersonRequest, look_id: int) -> HttpResponse:
    """Show the other judges' votes and arguments from now on."""
    try:
        adjudication.show_second_look(second_look_id=look_id, judge=request.user)
    except NotFound as error:
        return _refused(request, error)
    return redirect("second-look", look_id)


def _answer(request: PersonRequest, look_id: int) -> HttpResponse:
    try:
        adjudication.answer_second_look(
            second_look_id=look_id,
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
