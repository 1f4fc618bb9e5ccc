"""Invitations: a link that creates one user, until it expires."""

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
    """Return an open invitation and the secret of its link."""
    return people.invite(email="New@Example.org", roles=["judge"], by=admin)


def accept(secret, username="new", password=PASSWORD):
    return people.accept(secret=secret, username=username, password=password)


def test_the_link_creates_a_user_with_the_roles_of_the_invitation(admin, invited):
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


def test_the_secret_is_not_stored(invited):
    _, secret = invited
    stored_values = Invitation.objects.values().get()
    assert secret not in str(stored_values)
    audit_details = str(list(AuditEntry.objects.values()))
    assert secret not in audit_details
    assert "Example.org" not in audit_details


def test_the_setting_limits_how_long_it_is_open(admin, settings):
    settings.INVITATION_DAYS = 3
    invitation, _ = people.invite(roles=["judge"], by=admin)
    remaining_time = invitation.expires_at - timezone.now()
    assert timedelta(days=2.9) < remaining_time <= timedelta(days=3)


def test_reading_an_invitation_does_not_use_it(invited):
    invitation, secret = invited
    assert (
        people.invitation_by_secret(secret)
        == people.invitation_by_secret(secret)
        == invitation
    )


def test_a_wrong_secret_is_not_found(invited):
    for secret in ("", "x", invited[1][:-1], invited[0].digest):
        with pytest.raises(NotFound):
            accept(secret)


def test_an_expired_one_is_over(invited):
    invitation, secret = invited
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(InvitationExpired):
        people.invitation_by_secret(secret)
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


def test_withdrawing_twice_has_the_effect_of_once(admin, invited):
    first = people.withdraw(invitation=invited[0], by=admin)
    second = people.withdraw(invitation=invited[0], by=admin)
    assert first.withdrawn_at == second.withdrawn_at
    assert AuditEntry.objects.filter(action="invitation-withdrawn").count() == 1


def test_an_accepted_one_cannot_be_withdrawn(admin, invited):
    accept(invited[1])
    with pytest.raises(WrongState):
        people.withdraw(invitation=invited[0], by=admin)


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["judge"]}])
def test_a_former_admin_s_invitations_are_withdrawn(admin, change):
    leaving_admin = UserFactory(roles=["admin"])
    _, secret = people.invite(roles=["admin"], by=leaving_admin)
    _, other_secret = people.invite(roles=["judge"], by=admin)
    people.change(user=leaving_admin, by=admin, **change)
    with pytest.raises(InvitationWithdrawn):
        accept(secret)
    assert accept(other_secret)


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [
        ({"username": "two words"}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "new@example.org"}, "password"),
    ],
)
def test_an_invalid_field_leaves_the_invitation_open(invited, fields, blamed):
    with pytest.raises(Invalid) as refusal:
        accept(invited[1], **fields)
    assert set(refusal.value.errors) == {blamed}
    assert accept(invited[1])


def test_a_taken_name_leaves_the_invitation_open(admin, invited):
    with pytest.raises(WrongState):
        accept(invited[1], username="ADA")
    assert accept(invited[1])


def test_the_address_of_a_user_is_not_invited_again(admin, judge):
    UserFactory(email="gone@example.org", is_active=False)
    for address in (judge.email.upper(), "gone@example.org"):
        with pytest.raises(WrongState):
            people.invite(email=address, roles=[], by=admin)


def test_an_address_has_one_open_invitation(admin, invited):
    with pytest.raises(WrongState):
        people.invite(email="new@example.org", roles=[], by=admin)
    people.withdraw(invitation=invited[0], by=admin)
    assert people.invite(email="new@example.org", roles=[], by=admin)


def test_no_second_user_is_created_for_an_address(admin, invited):
    UserFactory(email="new@example.org")
    with pytest.raises(WrongState):
        accept(invited[1])


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [({"roles": ["king"]}, "roles"), ({"email": "nonsense"}, "email")],
)
def test_an_invalid_invitation_names_the_field(admin, fields, blamed):
    with pytest.raises(Invalid) as refusal:
        people.invite(**{"roles": [], "by": admin} | fields)
    assert set(refusal.value.errors) == {blamed}


@pytest.mark.django_db(transaction=True)
def test_only_one_of_two_simultaneous_acceptances_succeeds(admin, invited):
    came, errors = [], []
    ready = threading.Barrier(2)

    def try_as(name):
        ready.wait()
        try:
            came.append(accept(invited[1], username=name))
        except LabelerError as error:
            errors.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=try_as, args=(name,)) for name in ("a1", "b2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 1
    assert errors == [InvitationUsed]
    assert User.objects.exclude(pk=admin.pk).count() == 1


def test_users_are_found_by_the_beginning_of_their_name(db):
    for name in ("Bea", "ada", "adam", "Adele", "bob_", "bobx"):
        UserFactory(username=name)

    def found(*args, **kwargs):
        return [user.username for user in people.users_by_prefix(*args, **kwargs)]

    assert found("") == ["ada", "adam", "Adele", "Bea", "bob_", "bobx"]
    assert found("AD") == ["ada", "adam", "Adele"]
    assert found("bob_") == ["bob_"]
    assert found("ad", after="ADA") == ["adam", "Adele"]
    assert found("zz") == []
