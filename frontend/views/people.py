"""An admin's pages of people: users, their roles, open invitations."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotations import people as stage
from annotations import queue
from annotations.models import User
from frontend.forms.people import InvitationForm, PersonForm

from .access import PersonRequest, admins_only, search_of
from .actions import perform
from .paging import first_rows
from .resets import link_for_resets

SHOWN = 50
INVITATIONS_SHOWN = 100


@admins_only
@require_safe
def people(request: PersonRequest) -> HttpResponse:
    """List users by username; `name` is a prefix, `after` the last one shown."""
    return list_page(request, InvitationForm())


def list_page(
    request: PersonRequest,
    form: InvitationForm,
    made: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the list with the invitation form and, once, a new invitation's link."""
    prefix, after = search_of(request, "name"), search_of(request, "after")
    page = first_rows(stage.users_by_prefix(prefix, after=after), SHOWN)
    next_query = None
    if page.last is not None:
        next_query = "?" + urlencode({"name": prefix, "after": page.last.username})
    invitations = stage.open_invitations().select_related("by").order_by("-pk")
    context = {
        "people": page.rows,
        "prefix": prefix,
        "after": after,
        "following": next_query,
        "form": form,
        "made": made,
        "invitations": invitations[:INVITATIONS_SHOWN],
        "now": timezone.now(),
    }
    return render(request, "frontend/people.html", context, status=status)


@admins_only
@require_safe
def show(request: PersonRequest, username: str) -> HttpResponse:
    """Show a user and the properties that an admin can change."""
    person = _person(username)
    initial = {"email": person.email, "roles": person.roles}
    return _show(request, person, PersonForm(initial=initial))


def _show(request: PersonRequest, person: User, form: PersonForm) -> HttpResponse:
    held_pages = len(queue.held_pages(person))
    context = {"person": person, "form": form, "held": held_pages}
    return render(request, "frontend/person.html", context)


@admins_only
@require_POST
def change(request: PersonRequest, username: str) -> HttpResponse:
    """Change address and roles. A user who is no longer a judge loses held pages."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _show(request, _person(username), form)
    return _act(request, username, stage.change, "Saved.", **form.cleaned_data)


@admins_only
@require_POST
def deactivate(request: PersonRequest, username: str) -> HttpResponse:
    """Deactivate a user: judgments stay, held pages become free."""
    success = f"{username} is deactivated. Held pages are free again. Judgments stay."
    return _act(request, username, stage.change, success, is_active=False)


@admins_only
@require_POST
def reactivate(request: PersonRequest, username: str) -> HttpResponse:
    """Let a deactivated user sign in again."""
    success = f"{username} can sign in again."
    return _act(request, username, stage.change, success, is_active=True)


@admins_only
@require_POST
def send_reset(request: PersonRequest, username: str) -> HttpResponse:
    """Mail a password reset link to a user."""
    success = f"A mail with a link is on its way to {username}."
    link = link_for_resets(request)
    return _act(request, username, stage.send_reset, success, link=link)


def _act(
    request: PersonRequest,
    username: str,
    action: Callable[..., object],
    success: str,
    **fields: Any,
) -> HttpResponse:
    person = _person(username)
    perform(request, partial(action, user=person, by=request.user, **fields), success)
    # Admins who removed their own role cannot see the person's page any more.
    is_own = person.pk == request.user.pk
    return redirect("home") if is_own else redirect("person", person.username)


def _person(username: str) -> User:
    if "\0" in username:
        raise Http404
    return get_object_or_404(User, username=username)
