"""Whoever has an invitation's link chooses a name and a password."""

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import people
from annotations.models import Invitation, User

PASSWORD = "correct horse battery"


@pytest.fixture
def invited(admin):
    """An open invitation, and the address of its page."""
    invitation, secret = people.invite(
        email="new@example.org", roles=["judge"], by=admin
    )
    return invitation, reverse("invitation", args=[secret])


def accept(client, address, **fields):
    given = {"username": "new", "password": PASSWORD, "again": PASSWORD}
    return client.post(address, given | fields, follow=True)


def test_a_stranger_comes_in_by_the_link(client, invited):
    page = client.get(invited[1])
    assert "ada invites you as judge." in page.text
    assert "E-mails go to new@example.org." in page.text
    assert "no-store" in page["Cache-Control"]
    home = accept(client, invited[1])
    assert home.redirect_chain == [(reverse("home"), 302)]
    assert "Hello, new" in home.text
    assert User.objects.get(username="new").email == "new@example.org"


def test_nobody_chooses_roles_or_an_address_of_their_own(client, invited):
    accept(client, invited[1], roles=["admin"], email="ada@example.org")
    user = User.objects.get(username="new")
    assert (user.roles, user.email) == (["judge"], "new@example.org")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "ADA"}, "There is already a user named &quot;ADA&quot;."),
        ({"username": "two words"}, "Enter a valid username."),
        ({"password": "short", "again": "short"}, "too short"),
        ({"again": "something else"}, "The two passwords differ."),
        ({"username": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, invited, fields, sentence):
    assert sentence in accept(client, invited[1], **fields).text
    assert Invitation.objects.get().state == "open"


def test_a_used_link_says_so(client, invited):
    accept(client, invited[1])
    client.logout()
    page = client.get(invited[1])
    assert page.status_code == 410
    assert "This invitation has been used." in page.text
    assert accept(client, invited[1], username="other").status_code == 410


def test_an_expired_link_says_so(client, invited):
    Invitation.objects.update(expires_at=timezone.now())
    page = client.get(invited[1])
    assert page.status_code == 410
    assert "This invitation has expired." in page.text


def test_a_withdrawn_link_says_so(client, invited, admin):
    people.withdraw(invitation=invited[0], by=admin)
    assert "has been withdrawn" in accept(client, invited[1]).text
    assert not User.objects.filter(username="new").exists()


def test_a_wrong_link_is_no_invitation(client, invited):
    page = client.get(reverse("invitation", args=["x" * 43]))
    assert page.status_code == 404
    assert "Check that you copied the whole link." in page.text


def test_who_is_signed_in_is_told_that_this_makes_another_user(client, judge, invited):
    client.force_login(judge)
    assert "You are signed in as jo." in client.get(invited[1]).text
    assert "Hello, new" in accept(client, invited[1]).text


def test_there_is_no_open_sign_up(client, db):
    for address in ("/signup/", "/accounts/signup/", "/3rdparty/signup/", "/login/"):
        assert client.get(address).status_code == 404
