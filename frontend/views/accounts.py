"""Sign in, sign out, change the own password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy

from annotations import people
from frontend.forms import SignInForm


class SignIn(LoginView):
    """The only page for people without a session. Repeated failures lock it for a while."""

    template_name = "frontend/sign_in.html"
    authentication_form = SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the OpenID Connect provider, if one is configured."""
        return super().get_context_data(oidc=settings.OIDC, **kwargs)

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Answer a lock-out with a page instead of the plain text of django-axes.

        GET redirects a signed-in user. POST does not, so that another user can sign in
        on a page whose session has changed since it was opened.
        """
        self.redirect_authenticated_user = request.method != "POST"
        response = super().dispatch(request, *args, **kwargs)
        if getattr(request, "axes_locked_out", False):
            # Otherwise the middleware replaces this answer.
            request.axes_locked_out = False  # type: ignore[attr-defined]
            return self._locked(request)
        return response

    def _locked(self, request: HttpRequest) -> HttpResponse:
        minutes = round(settings.AXES_COOLOFF_TIME * 60)
        response = render(
            request, "frontend/locked_out.html", {"minutes": minutes}, status=429
        )
        response["Retry-After"] = str(minutes * 60)
        return response


class SignOut(LogoutView):
    """Ends the session. Only by POST, so that a link cannot sign a user out."""


class ChangePassword(PasswordChangeView):
    """Asks for the old password once and for the new one twice."""

    template_name = "frontend/change_password.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: Any) -> HttpResponse:
        """Change the password, which revokes API tokens, and keep this session."""
        password = form.cleaned_data["new_password1"]
        user = people.change(user=form.user, by=form.user, password=password)
        update_session_auth_hash(self.request, user)
        messages.success(self.request, "Your password has been changed.")
        return redirect(self.get_success_url())
