"""Invitations: an admin makes and withdraws them, whoever has the link accepts it."""

from django.conf import settings
from django.contrib import auth, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotations import people
from annotations.errors import (
    Invalid,
    InvitationOver,
    LabelerError,
    NotFound,
    WrongState,
)
from annotations.models import Invitation, User
from frontend.forms import blame
from frontend.forms.people import AcceptanceForm, InvitationForm

from .access import PersonRequest, admins_only
from .people import list_page

# Without a mail server mails stand in the log, where no guest reads them.
LOG = "django.core.mail.backends.console.EmailBackend"


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: PersonRequest) -> HttpResponse:
    """Make an invitation, send its link, and show it: only in this answer.

    No redirect: the link would have to be kept for the page that follows.
    """
    if request.method != "POST":
        return redirect("people")
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            invitation, secret = people.invite(by=request.user, **form.cleaned_data)
        except Invalid as invalid:
            blame(form, invalid)
        except WrongState as conflict:
            form.add_error("email", conflict.detail)
        else:
            link = request.build_absolute_uri(reverse("invitation", args=[secret]))
            is_sent = people.send_invitation(invitation=invitation, link=link)
            made = {"invitation": invitation, "link": link, "is_sent": is_sent}
            made["is_logged"] = settings.EMAIL_BACKEND == LOG
            return list_page(request, InvitationForm(), made=made, status=201)
    return list_page(request, form)


@admins_only
@require_POST
def withdraw(request: PersonRequest, invitation_id: int) -> HttpResponse:
    """Take an invitation back."""
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404
    try:
        people.withdraw(invitation=invitation, by=request.user)
    except LabelerError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "The invitation is withdrawn. Its link is void.")
    return redirect("people")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a name and a password, and come in. Looking at the page uses nothing up."""
    form = AcceptanceForm(request.POST or None)
    try:
        invitation = people.invitation_of(secret)
        if request.method == "POST" and form.is_valid():
            user = _accept(form, secret)
            if user is not None:
                backend = "django.contrib.auth.backends.ModelBackend"
                auth.login(request, user, backend=backend)
                return redirect("home")
    except (NotFound, InvitationOver) as error:
        status = 404 if isinstance(error, NotFound) else 410
        why = {"why": error.detail}
        return render(request, "frontend/invitation.html", why, status=status)
    context = {"invitation": invitation, "form": form}
    return render(request, "frontend/invitation.html", context)


def _accept(form: AcceptanceForm, secret: str) -> User | None:
    name, password = form.cleaned_data["username"], form.cleaned_data["password"]
    try:
        return people.accept(secret=secret, username=name, password=password)
    except Invalid as invalid:
        blame(form, invalid)
    except WrongState as conflict:
        form.add_error("username", conflict.detail)
    return None
