"""Sign-in for programs, and users for admins."""

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from django.contrib.auth import authenticate
from django.urls import reverse
from knox.models import AuthToken
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import people
from annotations.api import throttles
from annotations.api.errors import LockedOut, WrongCredentials
from annotations.api.pagination import paginate
from annotations.api.schema import RETRY_AFTER, list_operation, operation
from annotations.api.serializers.users import (
    Credentials,
    Me,
    NewUser,
    PeopleQuery,
    TokenShape,
    UserChange,
    UserShape,
)
from annotations.models import User

from .base import ApiView, ApiViewSet, get_or_404, read_body, read_query


class TokensView(ApiView):
    """Sign-in for programs."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @operation(
        {201: TokenShape}, 401, 429, request=Credentials, parameters=[RETRY_AFTER]
    )
    def post(self, request: Request) -> Response:
        """Exchange a username and a password for a token."""
        credentials = read_body(Credentials, request)
        if wait := throttles.wait_for(request):
            raise LockedOut(wait=wait)
        user = authenticate(request, **credentials)
        if not isinstance(user, User):
            throttles.count_failure(request)
            _refuse_sign_in(request, credentials["username"])
        instance, token = AuthToken.objects.create(user)
        return Response({"token": token, "expires_at": instance.expiry}, status=201)


def _refuse_sign_in(request: Request, username: str) -> None:
    """Raise for a wrong password, or for an account that `axes` locked after several."""
    if AxesProxyHandler.is_allowed(request, {"username": username}):
        raise WrongCredentials
    raise LockedOut(wait=get_cool_off(request).total_seconds())


class MeView(ApiView):
    """The user of the request."""

    permission_classes = (IsAuthenticated,)

    @operation({200: Me})
    def get(self, request: Request) -> Response:
        """Show the signed-in user and the roles."""
        return Response(Me(self.user).data)


class UserViewSet(ApiViewSet):
    """Users by name."""

    lookup_url_kwarg = "username"
    lookup_value_converter = "username"

    @list_operation(UserShape, query=PeopleQuery)
    def list(self, request: Request) -> Response:
        """List users, optionally those whose name starts with some letters."""
        rows = people.users_by_prefix(read_query(PeopleQuery, request).get("name", ""))
        return paginate(request, rows, UserShape)

    @operation({201: UserShape}, 409, request=NewUser)
    def create(self, request: Request) -> Response:
        """Create a user; 409 if the name is taken, in upper or lower case."""
        user = people.create(by=self.user, **read_body(NewUser, request))
        return Response(UserShape(user).data, status=201)

    @operation({200: UserShape})
    def retrieve(self, request: Request, username: str) -> Response:
        """Show a user."""
        return Response(UserShape(_user(username)).data)

    @operation({200: UserShape}, 409, request=UserChange)
    def partial_update(self, request: Request, username: str) -> Response:
        """Change roles, email address or password, or (de)activate the user."""
        fields = read_body(UserChange, request)
        user = people.change(user=_user(username), by=self.user, **fields)
        return Response(UserShape(user).data)

    @operation({204: None}, 409, 502, empty="The mail is sent.")
    @action(detail=True, methods=["post"], url_path="password-reset")
    def password_reset(self, request: Request, username: str) -> Response:
        """Send a link to set a new password; 409 if the user cannot get mail."""
        path = reverse("reset-password", args=[people.UID, people.TOKEN])
        link = request.build_absolute_uri(path)
        people.send_reset(user=_user(username), link=link, by=self.user)
        return Response(status=204)


def _user(username: str) -> User:
    return get_or_404(User.objects.all(), username, "username")
