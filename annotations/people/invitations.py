"""Links by which somebody may make a user for themselves, once and for a while."""

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

from .addresses import same_address, users_of
from .roles import known_roles

OVER: dict[InvitationState, tuple[type[InvitationOver], str]] = {
    InvitationState.ACCEPTED: (
        InvitationUsed,
        "This invitation has been used. Sign in with the name that was chosen.",
    ),
    InvitationState.WITHDRAWN: (
        InvitationWithdrawn,
        "This invitation has been withdrawn. Ask an admin for another one.",
    ),
    InvitationState.EXPIRED: (
        InvitationExpired,
        "This invitation has expired. Ask an admin for another one.",
    ),
}


@transaction.atomic
def invite(
    *, email: str = "", roles: Sequence[str], by: User, days: int | None = None
) -> tuple[Invitation, str]:
    """Make an invitation; with it the secret of its link, which is not kept anywhere.

    An address that a user or an open invitation has is refused: Conflict.
    """
    roles = known_roles(roles)
    _check_address(email)
    secret = secrets.token_urlsafe(32)
    lasts = settings.INVITATION_DAYS if days is None else days
    invitation = Invitation.objects.create(
        digest=_digest(secret),
        email=email,
        roles=roles,
        by=by,
        expires_at=timezone.now() + timedelta(days=lasts),
    )
    audit.write("invited", by=by, invitation=invitation.pk, roles=roles)
    return invitation, secret


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User) -> Invitation:
    """Take an invitation back; Conflict once it has been accepted."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at:
        raise WrongState("It has been accepted. Deactivate the user instead.")
    if not invitation.withdrawn_at:
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
        audit.write("invitation-withdrawn", by=by, invitation=invitation.pk)
    return invitation


def withdraw_all_of(inviter: User, *, by: User | None) -> None:
    """Take everything back that somebody invited to who may no longer invite."""
    waiting = Invitation.objects.filter(
        by=inviter, accepted_at__isnull=True, withdrawn_at__isnull=True
    )
    numbers = list(waiting.select_for_update().values_list("pk", flat=True))
    Invitation.objects.filter(pk__in=numbers).update(withdrawn_at=timezone.now())
    for number in numbers:
        audit.write("invitation-withdrawn", by=by, invitation=number)


def open_invitations() -> QuerySet[Invitation]:
    """Those that can still be accepted."""
    return Invitation.objects.filter(
        accepted_at__isnull=True,
        withdrawn_at__isnull=True,
        expires_at__gt=timezone.now(),
    )


def invitation_of(secret: str, *, is_locked: bool = False) -> Invitation:
    """The open invitation of a link; NotFound, or the error that says why it is over.

    Locked, nobody else accepts or withdraws it before the transaction ends.
    """
    rows = Invitation.objects.all()
    if is_locked:
        rows = rows.select_for_update()
    invitation = rows.filter(digest=_digest(secret)).first()
    if invitation is None:
        raise NotFound("There is no such invitation. Was the whole link copied?")
    if invitation.state != InvitationState.OPEN:
        kind, sentence = OVER[invitation.state]
        raise kind(sentence)
    return invitation


def invitations_to(address: str) -> list[Invitation]:
    """The open invitations of an e-mail address, newest first."""
    if not address:
        return []
    found = open_invitations().filter(email__iexact=address).order_by("-pk")
    return [each for each in found if same_address(each.email, address)]


def _check_address(email: str) -> None:
    if not email:
        return
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid({"email": error.messages}) from error
    if users_of(email):
        raise WrongState("A user with this address is here already, active or not.")
    if invitations_to(email):
        raise WrongState(
            "An open invitation has this address already. Withdraw it first."
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
