"""Users, and sign-in for programs."""

from typing import Any

from rest_framework import serializers

from annotations.api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictSerializer,
)
from annotations.api.pagination import ListQuery
from annotations.models import Role, User

USERNAME = r"^[\w.@+-]+\Z"
_NAME = "[A-Za-z0-9_+-]{1,30}"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?"
EMAIL = rf"^(?:{_NAME}(?:\.{_NAME}){{0,3}}@(?:{_LABEL}\.){{1,4}}[A-Za-z]{{2,20}})?\Z"


class NameField(serializers.RegexField, StrictCharField):
    """A username."""

    def __init__(self) -> None:
        super().__init__(USERNAME, max_length=150)


class EmailField(serializers.RegexField, StrictCharField):
    """An email address, or an empty text."""

    def __init__(self) -> None:
        super().__init__(EMAIL, max_length=254, required=False, allow_blank=True)


def password_field(*, required: bool = True) -> StrictCharField:
    """Return a field for a new password."""
    return StrictCharField(
        min_length=10, max_length=128, write_only=True, required=required
    )


def roles_field(*, required: bool = False) -> serializers.ListField:
    """Return a field for a list of roles."""
    return serializers.ListField(
        child=StrictChoiceField(choices=Role.values),
        required=required,
        max_length=len(Role),
    )


class Credentials(StrictSerializer):
    """A username and a password."""

    username = StrictCharField(max_length=150)
    password = StrictCharField(max_length=128, write_only=True)


class TokenShape(serializers.Serializer[Any]):
    """A new token. It is shown only once; the server stores its digest."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class Me(serializers.ModelSerializer[User]):
    """The user of the request."""

    email = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.values))

    class Meta:
        model = User
        fields = ("username", "email", "roles")
        read_only_fields = fields


class UserShape(serializers.ModelSerializer[User]):
    """A user as admins see it."""

    email = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.values))

    class Meta:
        model = User
        fields = (
            "username",
            "email",
            "roles",
            "is_active",
            "date_joined",
            "last_login",
        )
        read_only_fields = fields


class PeopleQuery(ListQuery):
    """Which users."""

    name = StrictCharField(
        required=False,
        max_length=150,
        help_text="The start of the username, in upper or lower case.",
    )


class NewUser(StrictSerializer):
    """A new user."""

    username = NameField()
    password = password_field()
    email = EmailField()
    roles = roles_field()


class UserChange(StrictSerializer):
    """Changes of a user. Fields that are not sent stay."""

    email = EmailField()
    password = password_field(required=False)
    roles = roles_field()
    is_active = StrictBooleanField(required=False)
