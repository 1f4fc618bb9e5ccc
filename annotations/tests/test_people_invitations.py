"""Invitations: who is let in by a link, once and for a while."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotations import people
from annotations.errors import (
    Invalid,
    InvitationExpired,
    InvitationUsed,
    InvitationWithdrawn,
    LabelerError,
    NotFound,
    WrongState,
)
from annotations.models import AuditEntry, Invitation, InvitationState, Role, User

from .factories import UserFactory

PASSWORD = "a long enough sentence"


@pytest.fixture
def invited(admin):
    """An open invitation and the secret of its link."""
    return people.invite(email="New@Example.org", roles=["judge"], by=admin)


def accept(secret, username="new", password=PASSWORD):
    return people.accept(secret=secret, username=username, password=password)


def test_whoever_has_the_link_becomes_what_they_were_invited_to(admin, invited):
    invitation, secret = invited
    user = accept(secret)
    assert user.check_password(PASSWORD)
    assert (user.roles, user.email) == ([Role.JUDGE], "New@Example.org")
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.ACCEPTED
    assert invitation.accepted_by == user
    acts = AuditEntry.objects.values_list("action", "by__username")
    assert set(acts) == {
        ("invited", "ada"),
        ("user-made", "ada"),
        ("invitation-accepted", "new"),
    }


def test_the_secret_is_not_kept(invited):
    _, secret = invited
    kept = Invitation.objects.values().get()
    assert secret not in str(kept)
    told = str(list(AuditEntry.objects.values()))
    assert secret not in told
    assert "Example.org" not in told


def test_the_setting_says_how_long_it_is_open(admin, settings):
    settings.INVITATION_DAYS = 3
    invitation, _ = people.invite(roles=["judge"], by=admin)
    left = invitation.expires_at - timezone.now()
    assert timedelta(days=2.9) < left <= timedelta(days=3)


def test_looking_uses_nothing_up(invited):
    invitation, secret = invited
    assert people.invitation_of(secret) == people.invitation_of(secret) == invitation


def test_a_wrong_secret_is_no_invitation(invited):
    for secret in ("", "x", invited[1][:-1], invited[0].digest):
        with pytest.raises(NotFound):
            accept(secret)


def test_an_expired_one_is_over(invited):
    invitation, secret = invited
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(InvitationExpired):
        people.invitation_of(secret)
    with pytest.raises(InvitationExpired):
        accept(secret)
    assert not people.open_invitations().exists()


def test_a_used_one_is_over(invited):
    accept(invited[1])
    with pytest.raises(InvitationUsed):
        accept(invited[1], username="second")
    assert not User.objects.filter(username="second").exists()


def test_a_withdrawn_one_is_over(admin, invited):
    people.withdraw(invitation=invited[0], by=admin)
    with pytest.raises(InvitationWithdrawn):
        accept(invited[1])


def test_withdrawing_twice_is_once(admin, invited):
    first = people.withdraw(invitation=invited[0], by=admin)
    again = people.withdraw(invitation=invited[0], by=admin)
    assert first.withdrawn_at == again.withdrawn_at
    assert AuditEntry.objects.filter(action="invitation-withdrawn").count() == 1


def test_an_accepted_one_cannot_be_withdrawn(admin, invited):
    accept(invited[1])
    with pytest.raises(WrongState):
        people.withdraw(invitation=invited[0], by=admin)


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["judge"]}])
def test_the_invitations_of_an_admin_who_goes_are_withdrawn(admin, change):
    other = UserFactory(roles=["admin"])
    _, secret = people.invite(roles=["admin"], by=other)
    _, kept = people.invite(roles=["judge"], by=admin)
    people.change(user=other, by=admin, **change)
    with pytest.raises(InvitationWithdrawn):
        accept(secret)
    assert accept(kept)


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [
        ({"username": "two words"}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "new@example.org"}, "password"),
    ],
)
def test_what_is_refused_leaves_the_invitation_open(invited, fields, blamed):
    with pytest.raises(Invalid) as refusal:
        accept(invited[1], **fields)
    assert set(refusal.value.errors) == {blamed}
    assert accept(invited[1])


def test_a_taken_name_leaves_the_invitation_open(admin, invited):
    with pytest.raises(WrongState):
        accept(invited[1], username="ADA")
    assert accept(invited[1])


def test_who_is_here_is_not_invited_again(admin, judge):
    UserFactory(email="gone@example.org", is_active=False)
    for address in (judge.email.upper(), "gone@example.org"):
        with pytest.raises(WrongState):
            people.invite(email=address, roles=[], by=admin)


def test_an_address_has_one_open_invitation(admin, invited):
    with pytest.raises(WrongState):
        people.invite(email="new@example.org", roles=[], by=admin)
    people.withdraw(invitation=invited[0], by=admin)
    assert people.invite(email="new@example.org", roles=[], by=admin)


def test_who_came_in_otherwise_meanwhile_is_not_made_twice(admin, invited):
    UserFactory(email="new@example.org")
    with pytest.raises(WrongState):
        accept(invited[1])


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [({"roles": ["king"]}, "roles"), ({"email": "nonsense"}, "email")],
)
def test_an_invitation_that_breaks_a_rule_is_named(admin, fields, blamed):
    with pytest.raises(Invalid) as refusal:
        people.invite(**{"roles": [], "by": admin} | fields)
    assert set(refusal.value.errors) == {blamed}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_comes_in(admin, invited):
    came, refused = [], []
    ready = threading.Barrier(2)

    def try_as(name):
        ready.wait()
        try:
            came.append(accept(invited[1], username=name))
        except LabelerError as error:
            refused.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=try_as, args=(name,)) for name in ("a1", "b2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 1
    assert refused == [InvitationUsed]
    assert User.objects.exclude(pk=admin.pk).count() == 1


def test_people_are_found_by_the_beginning_of_their_name(db):
    for name in ("Bea", "ada", "adam", "Adele", "bob_", "bobx"):
        UserFactory(username=name)

    def found(*args, **kwargs):
        return [user.username for user in people.named(*args, **kwargs)]

    assert found("") == ["ada", "adam", "Adele", "Bea", "bob_", "bobx"]
    assert found("AD") == ["ada", "adam", "Adele"]
    assert found("bob_") == ["bob_"]
    assert found("ad", after="ADA") == ["adam", "Adele"]
    assert found("zz") == []
