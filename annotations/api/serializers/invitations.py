"""Invitations, and what whoever accepts one sends."""

from rest_framework import serializers

from annotations.api.fields import Strict, Text
from annotations.models import Invitation, InvitationState, Role

from .people import EmailField, NameField, password_field, roles_field


class InvitationShape(serializers.ModelSerializer):
    """An invitation as admins see one; its link is shown only when it is made."""

    email = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.values))
    by = serializers.CharField(source="by.username")
    state = serializers.ChoiceField(InvitationState.values)
    accepted_by = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = (
            "id",
            "email",
            "roles",
            "by",
            "state",
            "created_at",
            "expires_at",
            "accepted_by",
        )

    def get_accepted_by(self, invitation: Invitation) -> str | None:
        """The name of the user that came of it."""
        user = invitation.accepted_by
        return user.username if user else None


class NewInvitationShape(InvitationShape):
    """An invitation that was just made."""

    url = serializers.CharField(help_text="The link. It is never shown again.")
    is_mailed = serializers.BooleanField(
        help_text="Whether a mail with the link was sent; false without an address."
    )

    class Meta:
        model = Invitation
        fields = (*InvitationShape.Meta.fields, "url", "is_mailed")


class NewInvitation(Strict):
    """Whom to invite, and to what."""

    email = EmailField()
    roles = roles_field(required=True)


class Acceptance(Strict):
    """What somebody who is invited chooses; `secret` is the last part of the link."""

    secret = Text(max_length=100, write_only=True)
    username = NameField()
    password = password_field()
