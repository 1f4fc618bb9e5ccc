"""Forgotten passwords: request a link and set a new password with it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import (
    INTERNAL_RESET_SESSION_TOKEN,
    PasswordResetConfirmView,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.generic import FormView

from annotations import people, tasks
from annotations.errors import Invalid
from annotations.models import User
from frontend.forms import add_errors
from frontend.forms.people import ForgottenForm


def link_for_resets(request: HttpRequest) -> str:
    """Return the URL of the reset page, with placeholders for user id and token."""
    path = reverse("reset-password", args=[people.UID, people.TOKEN])
    return request.build_absolute_uri(path)


class Forgotten(FormView):  # type: ignore[type-arg]
    """Accepts an address and answers the same whether or not a user has it.

    A worker looks the address up, so the time of the answer does not reveal it either.
    """

    template_name = "frontend/resets.html"
    form_class = ForgottenForm

    def form_valid(self, form: ForgottenForm) -> HttpResponse:
        """Queue the mail."""
        address = form.cleaned_data["email"]
        tasks.send_resets.delay(address, link_for_resets(self.request))
        hours = settings.PASSWORD_RESET_TIMEOUT // 3600
        context = {"address": address, "hours": hours}
        return render(self.request, "frontend/resets.html", context)


class Reset(PasswordResetConfirmView):
    """Sets the new password. It does not sign in and does not end a lock-out."""

    template_name = "frontend/reset.html"
    success_url = reverse_lazy("sign-in")

    user: User  # forms are accepted only for an existing user

    def get_user(self, uidb64: str) -> User | None:
        """Return the link's user, None for deactivated users."""
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        """Change the password, which revokes every API token."""
        password = form.cleaned_data["new_password1"]
        try:
            people.change(user=self.user, by=self.user, password=password)
        except Invalid as invalid:
            add_errors(form, invalid, {"password": "new_password1"})
            return self.form_invalid(form)
        self.request.session.pop(INTERNAL_RESET_SESSION_TOKEN, None)
        messages.success(self.request, "Your password is set. Sign in with it.")
        return redirect(self.get_success_url())
