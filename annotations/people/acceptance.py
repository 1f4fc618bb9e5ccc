"""How somebody who was invited becomes a user, and whom a sign-in provider vouches for."""

import re

from django.db import transaction
from django.utils import timezone

from annotations.errors import NotRecognised, WrongState
from annotations.models import Invitation, InvitationState, User, audit

from .addresses import users_of
from .invitations import invitation_of, invitations_to
from .users import create

NO_NAME = re.compile(r"[^\w.@+-]+")


@transaction.atomic
def accept(*, secret: str, username: str, password: str) -> User:
    """Make the user whom the link invites, under a name and password of their own.

    Once: the row is locked, so of two at a time the second finds it used. The address
    is the invitation's; a provider's sign-in goes by addresses, so nobody names one of
    their own.
    """
    invitation = invitation_of(secret, is_locked=True)
    return _make(invitation, username=username, password=password)


@transaction.atomic
def recognise(*, email: str, is_verified: bool) -> User:
    """The person for whom a sign-in provider vouches by a verified address.

    That is the one active user who has it, else whoever was invited by it. Everybody
    else is NotRecognised. The caller keeps which account at the provider is theirs.
    """
    if not (email and is_verified):
        raise NotRecognised("The address of your account has not been verified there.")
    users = users_of(email)
    active = [user for user in users if user.is_active]
    if len(active) > 1:
        raise NotRecognised("Several users here have the address of your account.")
    if users and not active:
        raise NotRecognised("Your user here has been deactivated.")
    user = active[0] if active else _invited(email)
    audit.write("recognised-by-address", by=user, user=user.pk)
    return user


def _invited(email: str) -> User:
    """Make the user who was invited by this address, under a name made of it."""
    for known in invitations_to(email)[:1]:
        invitation = Invitation.objects.select_for_update().get(pk=known.pk)
        if invitation.state == InvitationState.OPEN:
            name = _free_name(NO_NAME.sub("", email.partition("@")[0])[:140])
            return _make(invitation, username=name, password=None)
    raise NotRecognised("Nobody here has the address of your account.")


def _make(invitation: Invitation, *, username: str, password: str | None) -> User:
    if users_of(invitation.email):
        raise WrongState("A user with the address of this invitation is here already.")
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


def _free_name(wanted: str) -> str:
    """The name, or the next one with a number behind that nobody has."""
    name, number = wanted or "person", 1
    while User.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{wanted or 'person'}{number}"
    return name
