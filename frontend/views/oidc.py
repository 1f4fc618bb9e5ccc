"""Sign in at an OpenID Connect provider, where the settings name one.

django-allauth speaks with the provider: state, PKCE, code, tokens. Who comes in is
decided here and in `people.recognise`; of allauth no page and no other address exists.
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

# What a provider may do wrong: not answer, or say something else than it should.
FAILURES = (RequestException, KeyError, TypeError, ValueError)
LOST = "The sign-in took too long, or began in another browser. Please try again."
CANCELLED = "You did not sign in there."
BROKEN = (
    "It does not answer as it should. Please try again later, or use your password."
)
ELSEWHERE = ("cross-site", "same-site")


@never_cache
@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the provider. A link, so that the content policy names no provider.

    Chromium holds the redirects of a form against `form-action`, and where they go to
    is known only once the provider has been asked. What a form's token is for, the
    browser's own word on where the click was does: other sites cannot start this.
    """
    if request.headers.get("Sec-Fetch-Site") in ELSEWHERE:
        return redirect("sign-in")
    provider = Adapter(request).get_provider(request, provider=_provider()["id"])
    try:
        return provider.redirect(request, "login", next_url=_onward(request))
    except FAILURES as error:
        log.warning("The sign-in provider failed: %r", error)
        return _refuse(request, BROKEN, status=502)


def _provider() -> dict[str, str]:
    # These addresses exist only where there is one.
    return settings.OIDC or {}


def _onward(request: HttpRequest) -> str:
    address = request.GET.get("next", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    if url_has_allowed_host_and_scheme(address, hosts, require_https=is_secure):
        return address
    return ""


@never_cache
@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider: in, or to a page that says why not."""
    view = OAuth2CallbackView.adapter_view(Answer(request, provider_id))
    try:
        return view(request)
    except FAILURES as error:
        log.warning("The sign-in provider failed: %r", error)
        return _refuse(request, BROKEN, status=502)


class Answer(OpenIDConnectOAuth2Adapter):
    """What the provider says of somebody, of which nothing but the subject is kept."""

    def complete_login(
        self, request: HttpRequest, app: Any, token: Any, **kwargs: Any
    ) -> SocialLogin:
        """Both sources must mean the same person; an address counts if verified."""
        login = super().complete_login(request, app, token, **kwargs)
        said = login.account.extra_data
        told, signed = said.get("userinfo") or {}, said.get("id_token") or {}
        if told and signed and told.get("sub") != signed.get("sub"):
            raise ProviderException("Userinfo and ID token differ in their subject.")
        claims = told if told.get("email") else signed
        email, verified = claims.get("email"), claims.get("email_verified")
        is_verified = verified is True or verified == "true"
        login.email_addresses = [EmailAddress(email=email or "", verified=is_verified)]
        login.account.extra_data = {}
        return login


class Adapter(DefaultSocialAccountAdapter):
    """Ends allauth's way through at the point where somebody has been identified."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> Never:
        """Sign in or refuse, in place of what allauth would do."""
        raise ImmediateHttpResponse(_come_in(request, sociallogin))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> Never:
        """Say that nobody was identified."""
        is_declined = request.GET.get("error") == "access_denied"
        if error == AuthError.CANCELLED or is_declined:
            raise ImmediateHttpResponse(_refuse(request, CANCELLED, status=400))
        if exception is None:
            raise ImmediateHttpResponse(_refuse(request, LOST, status=400))
        log.warning("The sign-in provider failed: %r", exception)
        raise ImmediateHttpResponse(_refuse(request, BROKEN, status=502))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody makes a user but by invitation."""
        return False


def _come_in(request: HttpRequest, login: SocialLogin) -> HttpResponse:
    try:
        user = _person_of(login)
    except LabelerError as refusal:
        return _refuse(request, refusal.detail, status=403)
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(login.state.get("next") or "home")


@transaction.atomic
def _person_of(login: SocialLogin) -> User:
    """Whose account at the provider it is; whoever is recognised is linked to it."""
    account = login.account
    if account.pk:
        if not account.user.is_active:
            raise NotRecognised("Your user here has been deactivated.")
        return account.user
    (address,) = login.email_addresses
    user = people.recognise(email=address.email, is_verified=address.verified)
    links = SocialAccount.objects.filter(provider=account.provider, user=user)
    # Addresses pass from one person to another; subjects do not.
    if links.exclude(uid=account.uid).exists():
        raise NotRecognised("Your user here belongs to another account there.")
    links.get_or_create(
        uid=account.uid, defaults={"provider": account.provider, "user": user}
    )
    return user


def _refuse(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    context = {"why": why, "provider": _provider()["name"]}
    return render(request, "frontend/oidc.html", context, status=status)
