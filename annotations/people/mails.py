"""Mails with a link: to accept an invitation, or to set a new password."""

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

from .addresses import users_by_email

log = logging.getLogger(__name__)

# Placeholders in a reset link for the parts that only its receiver should know.
UID, TOKEN = "-uid-", "-token-"
MAX_RESETS = 3  # per address and window
RESETS_WINDOW = 3600  # seconds

INVITATION = """Hello,

{inviter} invites you to Labeler. Choose a name and a password here:

{link}

The link works once, until {until:%d %B %Y, %H:%M} UTC. If you did not expect this
mail, ignore it.
"""
RESET = """Hello {username},

Someone asked to set a new password for your account at Labeler. If it was you, set it
here:

{link}

The link works once, for {hours} hours. If you did not ask for it, ignore this mail.
Your password stays the same.
"""


def send_invitation(*, invitation: Invitation, link: str) -> bool:
    """Mail an invitation's link. Return False without an address or if sending fails."""
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
    """Mail a user a link to set a new password, at the request of an admin.

    `link` contains the placeholders UID and TOKEN. Raises WrongState if the user cannot
    get this mail.
    """
    if not user.is_active:
        raise WrongState(f"{user.username} is deactivated.")
    if not user.email:
        raise WrongState(f"{user.username} has no e-mail address.")
    if not _count_mail(user.email):
        raise WrongState(
            f"{user.username} got {MAX_RESETS} of these mails within an hour. Try "
            "again later."
        )
    _mail_reset(user, link)
    audit.write("reset-sent", by=by, user=user.pk)


def send_resets(*, address: str, link: str) -> None:
    """Mail a link to set a new password to each active user of an address.

    Users without a password get no mail. Anyone can request this, so it returns and
    raises nothing that reveals whether there is such a user. It sends to the stored
    address, not to the one that was typed.
    """
    users = [
        user
        for user in users_by_email(address)
        if user.is_active and user.has_usable_password()
    ]
    if users and _count_mail(address):
        for user in users:
            with suppress(MailNotSent):  # it is in the log
                _mail_reset(user, link)


def _mail_reset(user: User, link: str) -> None:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    personal_link = link.replace(UID, uid).replace(TOKEN, token)
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    text = RESET.format(username=user.username, link=personal_link, hours=hours)
    _send("A new password for Labeler", text, user.email)


def _count_mail(address: str) -> bool:
    """Count a mail to this address. Return whether the hourly limit allows it."""
    digest = hashlib.sha256(address.casefold().encode()).hexdigest()
    key = f"resets-sent:{digest}"
    cache.add(key, 0, timeout=RESETS_WINDOW)
    try:
        return int(cache.incr(key)) <= MAX_RESETS
    except ValueError:  # the hour has just ended
        return True


def _send(subject: str, text: str, address: str) -> None:
    try:
        send_mail(subject, text, None, [address])
    except (OSError, SMTPException) as error:
        log.warning("The mail server failed: %s", error)
        raise MailNotSent("The mail could not be sent.") from error
