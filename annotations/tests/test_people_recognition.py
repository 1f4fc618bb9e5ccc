"""Users recognised by an address that a sign-in provider verified."""

import pytest
from django.utils import timezone

from annotations import people
from annotations.errors import NotRecognised
from annotations.models import AuditEntry, Invitation, User

from .factories import UserFactory


def recognise(email, *, is_verified=True):
    return people.recognise(email=email, is_verified=is_verified)


def test_the_one_active_user_of_a_verified_address_is_recognised(judge):
    assert recognise(judge.email.upper()) == judge
    entry = AuditEntry.objects.get(action="recognised-by-address")
    assert entry.by == judge


def test_a_deactivated_namesake_does_not_matter(judge):
    UserFactory(email=judge.email, is_active=False)
    assert recognise(judge.email) == judge


@pytest.mark.parametrize("is_verified", [True, False])
def test_strangers_are_refused(judge, is_verified):
    for address in ("nobody@example.org", "", "jo@example.org\n", "ｊo@example.net"):
        with pytest.raises(NotRecognised):
            recognise(address, is_verified=is_verified)
    assert User.objects.get() == judge


def test_an_unverified_address_is_refused(judge):
    with pytest.raises(NotRecognised):
        recognise(judge.email, is_verified=False)


def test_a_deactivated_user_is_refused_even_if_invited(admin):
    people.invite(email="gone@example.org", roles=["admin"], by=admin)
    UserFactory(email="gone@example.org", is_active=False)
    with pytest.raises(NotRecognised) as refusal:
        recognise("gone@example.org")
    assert "deactivated" in refusal.value.detail


def test_two_active_users_of_an_address_are_refused(judge):
    UserFactory(email=judge.email)
    with pytest.raises(NotRecognised):
        recognise(judge.email)


def test_an_invited_person_becomes_a_user_without_a_password(admin):
    invitation, _ = people.invite(email="an+na@example.org", roles=["judge"], by=admin)
    user = recognise("An+Na@example.org")
    assert (user.username, user.email) == ("An+Na", "an+na@example.org")
    assert user.roles == ["judge"]
    assert not user.has_usable_password()
    invitation.refresh_from_db()
    assert invitation.accepted_by == user


def test_a_taken_name_gets_a_number(admin):
    for name in ("Anna", "anna2"):
        UserFactory(username=name)
    people.invite(email="anna@example.com", roles=["judge"], by=admin)
    assert recognise("anna@example.com").username == "anna3"


def test_a_name_contains_only_valid_characters(admin):
    people.invite(email="o'#!@example.com", roles=["judge"], by=admin)
    assert recognise("o'#!@example.com").username == "o"
    people.invite(email="#!@example.com", roles=["judge"], by=admin)
    assert recognise("#!@example.com").username == "person"


@pytest.mark.parametrize(
    "change", [{"expires_at": timezone.now()}, {"withdrawn_at": timezone.now()}]
)
def test_an_invitation_that_is_over_creates_no_user(admin, change):
    people.invite(email="late@example.org", roles=["judge"], by=admin)
    Invitation.objects.update(**change)
    with pytest.raises(NotRecognised):
        recognise("late@example.org")
    assert User.objects.get() == admin
