"""Invitations, and their acceptance."""

from rest_framework import serializers

from annotations.api.fields import StrictCharField, StrictSerializer
from annotations.models import Invitation, InvitationState, Role

from .users import EmailField, NameField, password_field, roles_field


class InvitationShape(serializers.ModelSerializer[Invitation]):
    """An invitation as admins see it. Its link is shown only at its creation."""

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
        """Return the username of the user who accepted it."""
        user = invitation.accepted_by
        return user.username if user else None


class NewInvitationShape(InvitationShape):
    """A new invitation."""

    url = serializers.CharField(help_text="The link. It is never shown again.")
    is_mailed = serializers.BooleanField(
        help_text="Whether a mail with the link was sent; false without an address."
    )

    class Meta:
        model = Invitation
        fields = (*InvitationShape.Meta.fields, "url", "is_mailed")


class NewInvitation(StrictSerializer):
    """The email address and the roles of the invited person."""

    email = EmailField()
    roles = roles_field(required=True)


class Acceptance(StrictSerializer):
    """The username and password of the new user; `secret` is the end of the link."""

    secret = StrictCharField(max_length=100, write_only=True)
    username = NameField()
    password = password_field()
