"""Users, invitations, and the mails for both.

There is no open sign-up. An admin creates a user, or invites a person who then creates
their own user (docs/adr/0011-users-join-by-invitation.md).
"""

from .acceptance import accept, recognise
from .addresses import users_by_prefix
from .invitations import invitation_by_secret, invite, open_invitations, withdraw
from .mails import TOKEN, UID, send_invitation, send_reset, send_resets
from .users import active_judges, change, create

__all__ = [
    "TOKEN",
    "UID",
    "accept",
    "active_judges",
    "change",
    "create",
    "invitation_by_secret",
    "invite",
    "open_invitations",
    "recognise",
    "send_invitation",
    "send_reset",
    "send_resets",
    "users_by_prefix",
    "withdraw",
]
