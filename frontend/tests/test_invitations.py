"""The page of an invitation, where people choose a username and a password."""

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import people
from annotations.models import Invitation, User

PASSWORD = "correct horse battery"


@pytest.fixture
def open_invitation(admin):
    """Return an open invitation and the address of its page."""
    invitation, secret = people.invite(
        email="new@example.org", roles=["judge"], by=admin
    )
    return invitation, reverse("invitation", args=[secret])


def accept(client, address, **fields):
    data = {"username": "new", "password": PASSWORD, "again": PASSWORD}
    return client.post(address, data | fields, follow=True)


def test_the_link_creates_a_user_and_signs_in(client, open_invitation):
    page = client.get(open_invitation[1])
    assert "ada invites you as judge." in page.text
    assert "E-mails go to new@example.org." in page.text
    assert "no-store" in page["Cache-Control"]
    home = accept(client, open_invitation[1])
    assert home.redirect_chain == [(reverse("home"), 302)]
    assert "Hello, new" in home.text
    assert User.objects.get(username="new").email == "new@example.org"


def test_invited_people_cannot_choose_their_roles_or_e_mail_address(
    client, open_invitation
):
    accept(client, open_invitation[1], roles=["admin"], email="ada@example.org")
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
def test_an_error_is_shown_at_its_field(client, open_invitation, fields, sentence):
    assert sentence in accept(client, open_invitation[1], **fields).text
    assert Invitation.objects.get().state == "open"


def test_a_used_link_has_a_message(client, open_invitation):
    accept(client, open_invitation[1])
    client.logout()
    page = client.get(open_invitation[1])
    assert page.status_code == 410
    assert "This invitation has been used." in page.text
    assert accept(client, open_invitation[1], username="other").status_code == 410


def test_an_expired_link_has_a_message(client, open_invitation):
    Invitation.objects.update(expires_at=timezone.now())
    page = client.get(open_invitation[1])
    assert page.status_code == 410
    assert "This invitation has expired." in page.text


def test_a_withdrawn_link_has_a_message(client, open_invitation, admin):
    people.withdraw(invitation=open_invitation[0], by=admin)
    assert "has been withdrawn" in accept(client, open_invitation[1]).text
    assert not User.objects.filter(username="new").exists()


def test_a_wrong_link_is_not_found(client, open_invitation):
    page = client.get(reverse("invitation", args=["x" * 43]))
    assert page.status_code == 404
    assert "Check that you copied the whole link." in page.text


def test_signed_in_people_learn_that_the_form_creates_another_user(
    client, judge, open_invitation
):
    client.force_login(judge)
    assert "You are signed in as jo." in client.get(open_invitation[1]).text
    assert "Hello, new" in accept(client, open_invitation[1]).text


def test_there_is_no_open_sign_up(client, db):
    for address in ("/signup/", "/accounts/signup/", "/3rdparty/signup/", "/login/"):
        assert client.get(address).status_code == 404
