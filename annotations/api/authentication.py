"""Authentication of programs by token."""

import re

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework.authentication import (
    BaseAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from annotations.models import User

PREFIX = "Token"
TOKEN = re.compile(rb"[0-9a-f]{64}")


class TokenAuthentication(BaseAuthentication):
    """Authentication by `Authorization: Token <token>`, in one query.

    knox's own class reads all tokens of a user on every request, and fails on a token
    that is not text.
    """

    def authenticate(self, request: Request) -> tuple[User, AuthToken] | None:
        """Return the user of the token; None if the header has another scheme."""
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != PREFIX.lower().encode():
            return None
        if not TOKEN.fullmatch(secret):
            raise AuthenticationFailed("Invalid token.")
        digest = hash_token(secret.decode())
        token = AuthToken.objects.select_related("user").filter(digest=digest).first()
        if token is None or (token.expiry and token.expiry < timezone.now()):
            raise AuthenticationFailed("Invalid token.")
        if not token.user.is_active:
            raise AuthenticationFailed("Invalid token.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme that a 401 asks for."""
        return PREFIX


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The description of token authentication in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return a bearer scheme with our prefix, the closest that OpenAPI has."""
        return build_bearer_security_scheme_object("Authorization", PREFIX)
