"""Users, and how programs sign in."""

from rest_framework import serializers

from annotations.api.fields import Choice, Flag, Strict, Text
from annotations.api.pagination import ListQuery
from annotations.models import Role, User

USERNAME = r"^[\w.@+-]+\Z"
_NAME = "[A-Za-z0-9_+-]{1,30}"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?"
EMAIL = rf"^(?:{_NAME}(?:\.{_NAME}){{0,3}}@(?:{_LABEL}\.){{1,4}}[A-Za-z]{{2,20}})?\Z"


class NameField(serializers.RegexField, Text):
    """A sign-in name."""

    def __init__(self) -> None:
        super().__init__(USERNAME, max_length=150)


class EmailField(serializers.RegexField, Text):
    """An address to write to, or none."""

    def __init__(self) -> None:
        super().__init__(EMAIL, max_length=254, required=False, allow_blank=True)


def password_field() -> Text:
    return Text(min_length=10, max_length=128, write_only=True)


def roles_field(*, required: bool = False) -> serializers.ListField:
    return serializers.ListField(
        child=Choice(choices=Role.values), required=required, max_length=len(Role)
    )


class Credentials(Strict):
    """A name and a password."""

    username = Text(max_length=150)
    password = Text(max_length=128, write_only=True)


class TokenShape(serializers.Serializer):
    """A token is shown this once; the server keeps only its digest."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class Me(serializers.ModelSerializer):
    """Who is asking."""

    email = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.values))

    class Meta:
        model = User
        fields = ("username", "email", "roles")
        read_only_fields = fields


class UserShape(serializers.ModelSerializer):
    """A user as admins see one."""

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

    name = Text(
        required=False, max_length=150, help_text="How the name begins, in any case."
    )


class NewUser(Strict):
    """A user to be made."""

    username = NameField()
    password = password_field()
    email = EmailField()
    roles = roles_field()


class UserChange(Strict):
    """What may be changed of a user; what is not named stays."""

    email = EmailField()
    password = Text(min_length=10, max_length=128, write_only=True, required=False)
    roles = roles_field()
    is_active = Flag(required=False)
