"""Who works here: users, invitations, and the mails that lead people in.

There is no open sign-up: an admin makes a user, or invites somebody who makes their
own (docs/adr/0011-people-come-by-invitation.md).
"""

from .acceptance import accept, recognise
from .addresses import named
from .invitations import invitation_of, invite, open_invitations, withdraw
from .letters import TOKEN, UID, send_invitation, send_reset, send_resets
from .users import change, create, judges

__all__ = [
    "TOKEN",
    "UID",
    "accept",
    "change",
    "create",
    "invitation_of",
    "invite",
    "judges",
    "named",
    "open_invitations",
    "recognise",
    "send_invitation",
    "send_reset",
    "send_resets",
    "withdraw",
]
