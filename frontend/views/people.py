"""An admin's pages of people: who is here, what they may do, who is invited."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotations import people as stage
from annotations import queue
from annotations.errors import LabelerError
from annotations.models import User
from frontend.forms.people import InvitationForm, PersonForm

from .access import PersonRequest, admins_only
from .resets import link_for_resets

SHOWN = 50
INVITATIONS_SHOWN = 100


@admins_only
@require_safe
def people(request: PersonRequest) -> HttpResponse:
    """List people by name; `name` is how it begins, `after` the last one shown."""
    return list_page(request, InvitationForm())


def list_page(
    request: PersonRequest,
    form: InvitationForm,
    made: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The list, with the form to invite and, right after it was made, a link."""
    prefix = request.GET.get("name", "").replace("\0", "").strip()
    after = request.GET.get("after", "").replace("\0", "")
    rows = list(stage.named(prefix, after=after)[: SHOWN + 1])
    following = None
    if len(rows) > SHOWN:
        rows = rows[:SHOWN]
        following = "?" + urlencode({"name": prefix, "after": rows[-1].username})
    invited = stage.open_invitations().select_related("by").order_by("-pk")
    context = {
        "people": rows,
        "prefix": prefix,
        "after": after,
        "following": following,
        "form": form,
        "made": made,
        "invitations": invited[:INVITATIONS_SHOWN],
        "now": timezone.now(),
    }
    return render(request, "frontend/people.html", context, status=status)


@admins_only
@require_safe
def show(request: PersonRequest, username: str) -> HttpResponse:
    """Show somebody, and what may be changed of them."""
    person = _person(username)
    given = {"email": person.email, "roles": person.roles}
    return _show(request, person, PersonForm(initial=given))


def _show(request: PersonRequest, person: User, form: PersonForm) -> HttpResponse:
    held = len(queue.held_by(person))
    context = {"person": person, "form": form, "held": held}
    return render(request, "frontend/person.html", context)


@admins_only
@require_POST
def change(request: PersonRequest, username: str) -> HttpResponse:
    """Note another address and other roles; who judges no more gives held pages back."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _show(request, _person(username), form)
    return _act(request, username, stage.change, "It is saved.", **form.cleaned_data)


@admins_only
@require_POST
def deactivate(request: PersonRequest, username: str) -> HttpResponse:
    """Let somebody in no more. Judgments stay, held pages are free for others."""
    said = "{} is deactivated. Held pages are free again; judgments stay."
    return _act(request, username, stage.change, said, is_active=False)


@admins_only
@require_POST
def reactivate(request: PersonRequest, username: str) -> HttpResponse:
    """Let somebody in again."""
    said = "{} may sign in again."
    return _act(request, username, stage.change, said, is_active=True)


@admins_only
@require_POST
def send_reset(request: PersonRequest, username: str) -> HttpResponse:
    """Send somebody a link to set a new password."""
    said = "A mail with a link is on its way to {}."
    link = link_for_resets(request)
    return _act(request, username, stage.send_reset, said, link=link)


def _act(
    request: PersonRequest,
    username: str,
    act: Callable[..., Any],
    said: str,
    **what: Any,
) -> HttpResponse:
    """Do one act and say on the person's page how it went."""
    person = _person(username)
    try:
        act(user=person, by=request.user, **what)
    except LabelerError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, said.replace("{}", person.username))
    # Who has just taken the own role or the own right to sign in cannot see it.
    is_own = person.pk == request.user.pk
    return redirect("home") if is_own else redirect("person", person.username)


def _person(username: str) -> User:
    is_name = "\0" not in username
    person = User.objects.filter(username=username).first() if is_name else None
    if person is None:
        raise Http404
    return person
