"""Mails with links: their receivers, their limits, their content."""

import re
import socket

import pytest
from django.core.cache import cache

from annotations import people, tasks
from annotations.errors import MailNotSent, WrongState
from annotations.models import AuditEntry

from .factories import UserFactory

PASSWORD = "a long enough sentence"
LINK = f"https://labeler.example/reset/{people.UID}/{people.TOKEN}/"


@pytest.fixture(autouse=True)
def forgetful_cache():
    cache.clear()


@pytest.fixture
def member(db):
    """Return a user with a password."""
    return UserFactory(username="pat", password=PASSWORD)


@pytest.fixture
def no_mail_server(settings):
    """Send mail to a port without a server."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = listener.getsockname()
        yield


def test_a_forgotten_password_is_answered_by_mail(member, mailoutbox):
    tasks.send_resets("PAT@example.org", LINK)
    (mail,) = mailoutbox
    assert mail.to == ["pat@example.org"]
    assert "Hello pat" in mail.body
    assert re.search(r"https://labeler\.example/reset/\w+/[\w-]+/\n", mail.body)


def test_unknown_and_deactivated_users_get_no_mail(db, mailoutbox):
    UserFactory(email="gone@example.org", password=PASSWORD, is_active=False)
    UserFactory(email="elsewhere@example.org")  # has no password
    for address in ("gone@example.org", "elsewhere@example.org", "no@example.org", ""):
        people.send_resets(address=address, link=LINK)
    assert mailoutbox == []


def test_a_similar_address_gets_no_mail(db, mailoutbox):
    UserFactory(email="mike@example.org", password=PASSWORD)
    people.send_resets(address="mıke@example.org", link=LINK)
    assert mailoutbox == []


def test_each_user_of_an_address_gets_a_link(member, mailoutbox):
    UserFactory(username="pat2", email=member.email, password=PASSWORD)
    people.send_resets(address=member.email, link=LINK)
    assert len({mail.body for mail in mailoutbox}) == 2


def test_mails_to_an_address_are_limited_per_hour(member, admin, mailoutbox):
    for address in ["pat@example.org", "PAT@example.org"] * 4:
        people.send_resets(address=address, link=LINK)
    assert len(mailoutbox) == 3
    with pytest.raises(WrongState):
        people.send_reset(user=member, link=LINK, by=admin)


def test_an_admin_sends_a_link_to_an_active_user(admin, judge, mailoutbox):
    people.send_reset(user=judge, link=LINK, by=admin)
    assert mailoutbox[0].to == [judge.email]
    entry = AuditEntry.objects.get(action="reset-sent")
    assert (entry.by, entry.details) == (admin, {"user": judge.pk})


@pytest.mark.parametrize("fields", [{"is_active": False}, {"email": ""}])
def test_an_admin_cannot_send_a_link_to_users_who_get_no_mail(
    admin, fields, mailoutbox
):
    with pytest.raises(WrongState):
        people.send_reset(user=UserFactory(**fields), link=LINK, by=admin)
    assert mailoutbox == []


def test_an_invitation_is_sent_to_its_address(admin, mailoutbox, settings):
    settings.DEFAULT_FROM_EMAIL = "labeler@labeler.example"
    invitation, _ = people.invite(email="new@example.org", roles=[], by=admin)
    assert people.send_invitation(invitation=invitation, link="https://a.example/x")
    (mail,) = mailoutbox
    assert (mail.to, mail.from_email) == (
        ["new@example.org"],
        "labeler@labeler.example",
    )
    assert "ada invites you" in mail.body
    assert "https://a.example/x\n" in mail.body


def test_without_an_address_nothing_is_sent(admin, mailoutbox):
    invitation, _ = people.invite(roles=[], by=admin)
    assert not people.send_invitation(invitation=invitation, link="https://a.example")
    assert mailoutbox == []


def test_only_admins_learn_that_the_mail_server_failed(admin, member, no_mail_server):
    invitation, _ = people.invite(email="new@example.org", roles=[], by=admin)
    assert not people.send_invitation(invitation=invitation, link="https://a.example")
    with pytest.raises(MailNotSent):
        people.send_reset(user=member, link=LINK, by=admin)
    people.send_resets(address=member.email, link=LINK)
