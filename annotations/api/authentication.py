"""Who is asking: a program by its token."""

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
    """`Authorization: Token <token>`, found by its digest in one query.

    knox's own class asks for all the tokens of a user on every request, and fails on
    a token that is no text.
    """

    def authenticate(self, request: Request) -> tuple[User, AuthToken] | None:
        """The user of the token; None where the header is not for us."""
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != PREFIX.lower().encode():
            return None
        if not TOKEN.fullmatch(token):
            raise AuthenticationFailed("Invalid token.")
        digest = hash_token(token.decode())
        found = AuthToken.objects.select_related("user").filter(digest=digest).first()
        if found is None or (found.expiry and found.expiry < timezone.now()):
            raise AuthenticationFailed("Invalid token.")
        if not found.user.is_active:
            raise AuthenticationFailed("Invalid token.")
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return PREFIX


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A header with a prefix, which OpenAPI has no other word for."""
        return build_bearer_security_scheme_object("Authorization", PREFIX)
