"""Invitations: links with which a person can create their own user, once."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotations.errors import (
    Invalid,
    InvitationExpired,
    InvitationOver,
    InvitationUsed,
    InvitationWithdrawn,
    NotFound,
    WrongState,
)
from annotations.models import Invitation, InvitationState, User, audit

from .addresses import is_same_address, users_by_email
from .roles import valid_roles

OVER: dict[InvitationState, tuple[type[InvitationOver], str]] = {
    InvitationState.ACCEPTED: (
        InvitationUsed,
        "This invitation has been used. Sign in with the name that you chose.",
    ),
    InvitationState.WITHDRAWN: (
        InvitationWithdrawn,
        "This invitation has been withdrawn. Ask an admin for a new one.",
    ),
    InvitationState.EXPIRED: (
        InvitationExpired,
        "This invitation has expired. Ask an admin for a new one.",
    ),
}


@transaction.atomic
def invite(
    *, email: str = "", roles: Sequence[str], by: User, days: int | None = None
) -> tuple[Invitation, str]:
    """Create an invitation. Return it with the secret of its link, which is not stored.

    Raises WrongState if a user or an open invitation has the address.
    """
    roles = valid_roles(roles)
    _check_address(email)
    secret = secrets.token_urlsafe(32)
    valid_days = settings.INVITATION_DAYS if days is None else days
    invitation = Invitation.objects.create(
        digest=_digest(secret),
        email=email,
        roles=roles,
        by=by,
        expires_at=timezone.now() + timedelta(days=valid_days),
    )
    audit.write("invited", by=by, invitation=invitation.pk, roles=roles)
    return invitation, secret


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User) -> Invitation:
    """Withdraw an invitation. Raises WrongState once it has been accepted."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at:
        raise WrongState("The invitation has been used. Deactivate the user instead.")
    if not invitation.withdrawn_at:
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
        audit.write("invitation-withdrawn", by=by, invitation=invitation.pk)
    return invitation


def withdraw_all_of(inviter: User, *, by: User | None) -> None:
    """Withdraw the open invitations of a user who is no longer allowed to invite."""
    invitations = Invitation.objects.filter(
        by=inviter, accepted_at__isnull=True, withdrawn_at__isnull=True
    )
    invitation_ids = list(invitations.select_for_update().values_list("pk", flat=True))
    Invitation.objects.filter(pk__in=invitation_ids).update(withdrawn_at=timezone.now())
    for invitation_id in invitation_ids:
        audit.write("invitation-withdrawn", by=by, invitation=invitation_id)


def open_invitations() -> QuerySet[Invitation]:
    """Return the invitations that can be accepted now."""
    return Invitation.objects.filter(
        accepted_at__isnull=True,
        withdrawn_at__isnull=True,
        expires_at__gt=timezone.now(),
    )


def invitation_by_secret(secret: str, *, is_locked: bool = False) -> Invitation:
    """Return the open invitation of a link.

    If `is_locked`, lock it: then it cannot be accepted or withdrawn elsewhere before the
    transaction ends. Raises NotFound, or the error that says why it is over.
    """
    invitations = Invitation.objects.all()
    if is_locked:
        invitations = invitations.select_for_update()
    invitation = invitations.filter(digest=_digest(secret)).first()
    if invitation is None:
        raise NotFound(
            "There is no such invitation. Check that you copied the whole link."
        )
    if invitation.state != InvitationState.OPEN:
        error_class, message = OVER[invitation.state]
        raise error_class(message)
    return invitation


def invitations_to(address: str) -> list[Invitation]:
    """Return the open invitations to an e-mail address, newest first."""
    if not address:
        return []
    invitations = open_invitations().filter(email__iexact=address).order_by("-pk")
    return [
        invitation
        for invitation in invitations
        if is_same_address(invitation.email, address)
    ]


def _check_address(email: str) -> None:
    if not email:
        return
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid({"email": error.messages}) from error
    if users_by_email(email):
        raise WrongState(
            "A user already has this e-mail address. The user can be deactivated."
        )
    if invitations_to(email):
        raise WrongState(
            "There is already an open invitation to this address. Withdraw it first."
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
