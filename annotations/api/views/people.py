"""Sign-in for programs, and users for admins."""

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from django.contrib.auth import authenticate
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import people
from annotations.api import throttles
from annotations.api.errors import LockedOut, WrongCredentials
from annotations.api.pagination import listed, page_of
from annotations.api.permissions import IsAdmin
from annotations.api.schema import RETRY_AFTER, answers
from annotations.api.serializers.people import (
    Credentials,
    Me,
    NewUser,
    PeopleQuery,
    TokenShape,
    UserChange,
    UserShape,
)
from annotations.errors import NotFound
from annotations.models import User

from .base import ApiView, ask, read


class Tokens(ApiView):
    """Sign in for programs."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        request=Credentials,
        parameters=[RETRY_AFTER],
        responses=answers({201: TokenShape}, 401, 429),
    )
    def post(self, request: Request) -> Response:
        """Trade a name and a password for a token."""
        credentials = read(Credentials, request)
        if wait := throttles.wait_for(request):
            raise LockedOut(wait=wait)
        user = authenticate(request, **credentials)
        if not isinstance(user, User):
            throttles.count_failure(request)
            self._refuse(request, credentials["username"])
        instance, token = AuthToken.objects.create(user)
        return Response({"token": token, "expires_at": instance.expiry}, status=201)

    def _refuse(self, request: Request, username: str) -> None:
        """Wrong, or locked after too many wrong ones; `axes` counts them by name."""
        if AxesProxyHandler.is_allowed(request, {"username": username}):
            raise WrongCredentials
        raise LockedOut(wait=get_cool_off(request).total_seconds())


class Myself(ApiView):
    """Who is asking."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=answers({200: Me}))
    def get(self, request: Request) -> Response:
        """The signed-in user and the roles."""
        return Response(Me(self.user).data)


class Users(ApiView):
    """All users."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[PeopleQuery], responses=answers({200: listed(UserShape)})
    )
    def get(self, request: Request) -> Response:
        """List users, or those whose name begins so."""
        found = people.named(ask(PeopleQuery, request).get("name", ""))
        return page_of(request, found, lambda rows: UserShape(rows, many=True).data)

    @extend_schema(request=NewUser, responses=answers({201: UserShape}, 409))
    def post(self, request: Request) -> Response:
        """Make a user; 409 where the name is taken, whatever its case."""
        user = people.create(by=self.user, **read(NewUser, request))
        return Response(UserShape(user).data, status=201)


class OneUser(ApiView):
    """A user by name."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: UserShape}))
    def get(self, request: Request, username: str) -> Response:
        """Show a user."""
        return Response(UserShape(_user(username)).data)

    @extend_schema(request=UserChange, responses=answers({200: UserShape}, 409))
    def patch(self, request: Request, username: str) -> Response:
        """Change roles, address, password, or let somebody in or out."""
        fields = read(UserChange, request)
        user = people.change(user=_user(username), by=self.user, **fields)
        return Response(UserShape(user).data)


class PasswordReset(ApiView):
    """A way back in for somebody who forgot the password."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        request=None,
        responses=answers({204: None}, 409, 502, described="The mail is sent."),
    )
    def post(self, request: Request, username: str) -> Response:
        """Send somebody a link to set a new password; 409 where no mail may go."""
        path = reverse("reset-password", args=[people.UID, people.TOKEN])
        link = request.build_absolute_uri(path)
        people.send_reset(user=_user(username), link=link, by=self.user)
        return Response(status=204)


def _user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound(f"There is no user {username}.")
    return user
