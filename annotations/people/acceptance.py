"""Accept invitations, and recognise people by a sign-in provider's verified address."""

import re

from django.db import transaction
from django.utils import timezone

from annotations.errors import NotRecognised, WrongState
from annotations.models import Invitation, InvitationState, User, audit

from .addresses import users_by_email
from .invitations import invitation_by_secret, invitations_to
from .users import create

INVALID_NAME_CHARACTERS = re.compile(r"[^\w.@+-]+")


@transaction.atomic
def accept(*, secret: str, username: str, password: str) -> User:
    """Create the invited user under a name and password of their choice.

    The invitation's row is locked, so the second of two simultaneous calls finds it
    used. The e-mail address is always the invitation's: sign-in by a provider
    recognises users by address, so people must not choose one themselves.
    """
    invitation = invitation_by_secret(secret, is_locked=True)
    return _create_user(invitation, username=username, password=password)


@transaction.atomic
def recognise(*, email: str, is_verified: bool) -> User:
    """Return the user for whom a sign-in provider has verified an address.

    That is the one active user with this address, or else a new user for an open
    invitation to it. Raises NotRecognised for everyone else. The caller remembers which
    account at the provider belongs to this user.
    """
    if not (email and is_verified):
        raise NotRecognised(
            "Your sign-in provider has not verified your e-mail address."
        )
    users = users_by_email(email)
    active = [user for user in users if user.is_active]
    if len(active) > 1:
        raise NotRecognised("Several users in Labeler have your e-mail address.")
    if users and not active:
        raise NotRecognised("Your account in Labeler has been deactivated.")
    user = active[0] if active else _accept_by_address(email)
    audit.write("recognised-by-address", by=user, user=user.pk)
    return user


def _accept_by_address(email: str) -> User:
    """Create the user who is invited to this address, with a name derived from it."""
    for open_invitation in invitations_to(email)[:1]:
        locked = Invitation.objects.select_for_update().get(pk=open_invitation.pk)
        if locked.state == InvitationState.OPEN:
            local_part = email.partition("@")[0]
            name = _free_name(INVALID_NAME_CHARACTERS.sub("", local_part)[:140])
            return _create_user(locked, username=name, password=None)
    raise NotRecognised("No user and no invitation in Labeler has your e-mail address.")


def _create_user(
    invitation: Invitation, *, username: str, password: str | None
) -> User:
    if users_by_email(invitation.email):
        raise WrongState("A user already has the e-mail address of this invitation.")
    user = create(
        username=username,
        password=password,
        roles=invitation.roles,
        email=invitation.email,
        by=invitation.by,
    )
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    audit.write("invitation-accepted", by=user, invitation=invitation.pk)
    return user


def _free_name(preferred: str) -> str:
    """Return the preferred name, with a number appended if it is taken."""
    name, number = preferred or "person", 1
    while User.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{preferred or 'person'}{number}"
    return name
