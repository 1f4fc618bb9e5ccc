"""Sign in at an OpenID Connect provider, if the settings name one.

django-allauth handles the protocol: state, PKCE, code, tokens. This module and
`people.recognise` decide who can sign in. No page and no other URL of allauth is used.
"""

import logging
from typing import Any, Never

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthError, ProviderException
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import (
    OpenIDConnectOAuth2Adapter,
)
from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from requests import RequestException

from annotations import people
from annotations.errors import LabelerError, NotRecognised
from annotations.models import User

log = logging.getLogger(__name__)

# Providers that do not answer, or answer with something unexpected.
FAILURES = (RequestException, KeyError, TypeError, ValueError)
LOST = "The sign-in took too long, or was started in another browser. Please try again."
CANCELLED = "You cancelled the sign-in."
BROKEN = "The provider does not answer correctly. Please try again later, or use your password."
ELSEWHERE = ("cross-site", "same-site")


@never_cache
@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider. The page uses a link, not a form.

    Chromium checks the redirects of a form against `form-action` of the content
    security policy, and the provider's URL is known only after discovery. The
    Sec-Fetch-Site header replaces the CSRF token: other sites cannot start a sign-in.
    """
    if request.headers.get("Sec-Fetch-Site") in ELSEWHERE:
        return redirect("sign-in")
    provider = Adapter(request).get_provider(request, provider=_provider()["id"])
    try:
        response: HttpResponse = provider.redirect(
            request, "login", next_url=_next_path(request)
        )
    except FAILURES as error:
        log.warning("The sign-in provider failed: %r", error)
        return _refuse(request, BROKEN, status=502)
    return response


def _provider() -> dict[str, str]:
    # These URLs exist only when a provider is configured.
    return settings.OIDC or {}


def _next_path(request: HttpRequest) -> str:
    address = request.GET.get("next", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    if url_has_allowed_host_and_scheme(address, hosts, require_https=is_secure):
        return address
    return ""


@never_cache
@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Handle the return from the provider: sign in, or explain why not."""
    view = OAuth2CallbackView.adapter_view(Answer(request, provider_id))
    try:
        response: HttpResponse = view(request)
    except FAILURES as error:
        log.warning("The sign-in provider failed: %r", error)
        return _refuse(request, BROKEN, status=502)
    return response


class Answer(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The provider's claims. Only the subject is stored."""

    def complete_login(
        self, request: HttpRequest, app: Any, token: Any, **kwargs: Any
    ) -> SocialLogin:
        """Check that userinfo and ID token have one subject; take the e-mail address."""
        login = super().complete_login(request, app, token, **kwargs)
        sources = login.account.extra_data
        userinfo, id_token = (
            sources.get("userinfo") or {},
            sources.get("id_token") or {},
        )
        if userinfo and id_token and userinfo.get("sub") != id_token.get("sub"):
            raise ProviderException("Userinfo and ID token differ in their subject.")
        claims = userinfo if userinfo.get("email") else id_token
        email, verified = claims.get("email"), claims.get("email_verified")
        is_verified = verified is True or verified == "true"
        login.email_addresses = [EmailAddress(email=email or "", verified=is_verified)]
        login.account.extra_data = {}
        return login


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Takes over from allauth as soon as the person is identified."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> Never:
        """Sign in or refuse instead of continuing in allauth."""
        raise ImmediateHttpResponse(_sign_in(request, sociallogin))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> Never:
        """Explain why the sign-in failed."""
        is_declined = request.GET.get("error") == "access_denied"
        if error == AuthError.CANCELLED or is_declined:
            raise ImmediateHttpResponse(_refuse(request, CANCELLED, status=400))
        if exception is None:
            raise ImmediateHttpResponse(_refuse(request, LOST, status=400))
        log.warning("The sign-in provider failed: %r", exception)
        raise ImmediateHttpResponse(_refuse(request, BROKEN, status=502))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Refuse: users are created by invitation only."""
        return False


def _sign_in(request: HttpRequest, login: SocialLogin) -> HttpResponse:
    try:
        user = _person_of(login)
    except LabelerError as refusal:
        return _refuse(request, refusal.detail, status=403)
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(login.state.get("next") or "home")


@transaction.atomic
def _person_of(login: SocialLogin) -> User:
    """Return the user of a provider account, and link it on the first sign-in."""
    account = login.account
    if account.pk:
        if not account.user.is_active:
            raise NotRecognised("Your account in Labeler has been deactivated.")
        linked: User = account.user
        return linked
    (address,) = login.email_addresses
    user = people.recognise(email=address.email, is_verified=address.verified)
    links = SocialAccount.objects.filter(provider=account.provider, user=user)
    # An e-mail address can pass to another person; a subject cannot.
    if links.exclude(uid=account.uid).exists():
        raise NotRecognised(
            "Your account in Labeler is linked to another account of this provider."
        )
    links.get_or_create(
        uid=account.uid, defaults={"provider": account.provider, "user": user}
    )
    return user


def _refuse(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    context = {"why": why, "provider": _provider()["name"]}
    return render(request, "frontend/oidc.html", context, status=status)
