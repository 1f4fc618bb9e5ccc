"""A forgotten password: ask for a link, and set a new one by it."""

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
from frontend.forms import blame
from frontend.forms.people import ForgottenForm


def link_for_resets(request: HttpRequest) -> str:
    """The address of the page below, to be filled in by the stage."""
    path = reverse("reset-password", args=[people.UID, people.TOKEN])
    return request.build_absolute_uri(path)


class Forgotten(FormView):
    """Takes an address, and says the same whether anybody here has it.

    A worker looks it up and writes, so the answer is as fast, too.
    """

    template_name = "frontend/resets.html"
    form_class = ForgottenForm

    def form_valid(self, form: ForgottenForm) -> HttpResponse:
        """Have the mail written."""
        address = form.cleaned_data["email"]
        tasks.send_resets.delay(address, link_for_resets(self.request))
        hours = settings.PASSWORD_RESET_TIMEOUT // 3600
        context = {"address": address, "hours": hours}
        return render(self.request, "frontend/resets.html", context)


class Reset(PasswordResetConfirmView):
    """Sets the new password. It signs nobody in: a lock-out stays what it is."""

    template_name = "frontend/reset.html"
    success_url = reverse_lazy("sign-in")

    user: User  # a form is taken only where there is one

    def get_user(self, uidb64: str) -> User | None:
        """Whose link it is; nobody's once they have been deactivated."""
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it through the stage, which ends every token."""
        password = form.cleaned_data["new_password1"]
        try:
            people.change(user=self.user, by=self.user, password=password)
        except Invalid as invalid:
            blame(form, invalid, {"password": "new_password1"})
            return self.form_invalid(form)
        self.request.session.pop(INTERNAL_RESET_SESSION_TOKEN, None)
        messages.success(self.request, "Your password is set. Sign in with it.")
        return redirect(self.get_success_url())
