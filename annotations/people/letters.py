"""Mails that lead people in: an invitation's link, a link to set a new password."""

import hashlib
import logging
from contextlib import suppress
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.core.mail import send_mail
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from annotations.errors import MailNotSent, WrongState
from annotations.models import Invitation, User, audit

from .addresses import users_of

log = logging.getLogger(__name__)

# What a link to a new password has in place of what only its receiver may know.
UID, TOKEN = "-uid-", "-token-"
RESETS_MAX = 3
RESETS_WINDOW = 3600  # seconds

INVITATION = """Hello,

{inviter} invites you to Labeler. Choose a name and a password here:

{link}

The link works once, until {until:%d %B %Y, %H:%M} UTC. If you did not expect this
mail, do nothing.
"""
RESET = """Hello {username},

somebody, probably you, wants to set a new password for your user at Labeler. Here it
is done:

{link}

The link works once, for {hours} hours. If you did not ask for it, do nothing: your
password stays as it is.
"""


def send_invitation(*, invitation: Invitation, link: str) -> bool:
    """Send the link to whom it invites; False where nobody can be written to."""
    if not invitation.email:
        return False
    text = INVITATION.format(
        inviter=invitation.by.username, link=link, until=invitation.expires_at
    )
    try:
        _send("An invitation to Labeler", text, invitation.email)
    except MailNotSent:
        return False
    return True


def send_reset(*, user: User, link: str, by: User) -> None:
    """Send somebody a link to set a new password, as an admin wishes.

    `link` holds UID and TOKEN where these belong. WrongState where no mail may go to this
    person.
    """
    if not user.is_active:
        raise WrongState(f"{user.username} is deactivated.")
    if not user.email:
        raise WrongState(f"{user.username} has no e-mail address.")
    if not _may_write(user.email):
        raise WrongState(
            f"{user.username} got {RESETS_MAX} such mails within the hour."
        )
    _write_reset(user, link)
    audit.write("reset-sent", by=by, user=user.pk)


def send_resets(*, address: str, link: str) -> None:
    """Send everybody of an address who signs in by a password a link to a new one.

    Strangers ask for this, so it answers nothing and raises nothing: nobody learns who
    is here. It goes to the address as it is kept here, not as it was typed.
    """
    people = [
        user
        for user in users_of(address)
        if user.is_active and user.has_usable_password()
    ]
    if people and _may_write(address):
        for user in people:
            with suppress(MailNotSent):  # it is in the log
                _write_reset(user, link)


def _write_reset(user: User, link: str) -> None:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    filled = link.replace(UID, uid)
    filled = filled.replace(TOKEN, default_token_generator.make_token(user))
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    text = RESET.format(username=user.username, link=filled, hours=hours)
    _send("A new password for Labeler", text, user.email)


def _may_write(address: str) -> bool:
    """Whether this address may get one more mail in this hour; it is counted."""
    digest = hashlib.sha256(address.casefold().encode()).hexdigest()
    key = f"resets-sent:{digest}"
    cache.add(key, 0, timeout=RESETS_WINDOW)
    try:
        return cache.incr(key) <= RESETS_MAX
    except ValueError:  # the hour ended just now
        return True


def _send(subject: str, text: str, address: str) -> None:
    try:
        send_mail(subject, text, None, [address])
    except (OSError, SMTPException) as error:
        log.warning("The mail server failed: %s", error)
        raise MailNotSent("The mail could not be sent.") from error
