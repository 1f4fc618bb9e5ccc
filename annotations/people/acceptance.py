"""How somebody who was invited becomes a user."""

from django.db import transaction
from django.utils import timezone

from annotations.errors import Conflict
from annotations.models import Invitation, User, audit

from .addresses import users_of
from .invitations import invitation_of
from .users import create


@transaction.atomic
def accept(*, secret: str, username: str, password: str) -> User:
    """Make the user whom the link invites, under a name and password of their own.

    Once: the row is locked, so of two at a time the second finds it used. The address
    is the invitation's; a provider's sign-in goes by addresses, so nobody names one of
    their own.
    """
    invitation = invitation_of(secret, is_locked=True)
    return _make(invitation, username=username, password=password)


def _make(invitation: Invitation, *, username: str, password: str | None) -> User:
    if users_of(invitation.email):
        raise Conflict("A user with the address of this invitation is here already.")
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
