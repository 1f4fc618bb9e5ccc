"""Invitations: admins create and withdraw them; the person with the link accepts."""

from functools import partial

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotations import people
from annotations.errors import (
    Invalid,
    InvitationOver,
    NotFound,
    WrongState,
)
from annotations.models import Invitation, User
from frontend.forms import add_errors
from frontend.forms.people import AcceptanceForm, InvitationForm

from .access import PersonRequest, admins_only
from .actions import perform
from .people import list_page

# Without a mail server, mails go to the log, where the invited person cannot read them.
LOG = "django.core.mail.backends.console.EmailBackend"


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: PersonRequest) -> HttpResponse:
    """Create an invitation, mail its link, and show the link in this answer only.

    There is no redirect, because the link would have to be stored for the next page.
    """
    if request.method != "POST":
        return redirect("people")
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            invitation, secret = people.invite(by=request.user, **form.cleaned_data)
        except Invalid as invalid:
            add_errors(form, invalid)
        except WrongState as conflict:
            form.add_error("email", conflict.detail)
        else:
            link = request.build_absolute_uri(reverse("invitation", args=[secret]))
            is_sent = people.send_invitation(invitation=invitation, link=link)
            created = {"invitation": invitation, "link": link, "is_sent": is_sent}
            created["is_logged"] = settings.EMAIL_BACKEND == LOG
            return list_page(request, InvitationForm(), made=created, status=201)
    return list_page(request, form)


@admins_only
@require_POST
def withdraw(request: PersonRequest, invitation_id: int) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = get_object_or_404(Invitation, pk=invitation_id)
    action = partial(people.withdraw, invitation=invitation, by=request.user)
    perform(request, action, "The invitation is withdrawn. Its link no longer works.")
    return redirect("people")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a username and a password, and sign in. GET does not use the link up."""
    form = AcceptanceForm(request.POST or None)
    try:
        invitation = people.invitation_by_secret(secret)
        if request.method == "POST" and form.is_valid():
            user = _accept(form, secret)
            if user is not None:
                backend = "django.contrib.auth.backends.ModelBackend"
                auth.login(request, user, backend=backend)
                return redirect("home")
    except (NotFound, InvitationOver) as error:
        status = 404 if isinstance(error, NotFound) else 410
        refusal = {"why": error.detail}
        return render(request, "frontend/invitation.html", refusal, status=status)
    context = {"invitation": invitation, "form": form}
    return render(request, "frontend/invitation.html", context)


def _accept(form: AcceptanceForm, secret: str) -> User | None:
    fields = form.cleaned_data
    try:
        return people.accept(
            secret=secret, username=fields["username"], password=fields["password"]
        )
    except Invalid as invalid:
        add_errors(form, invalid)
    except WrongState as conflict:
        form.add_error("username", conflict.detail)
    return None
