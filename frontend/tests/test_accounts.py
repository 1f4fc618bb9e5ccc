"""Signing in, signing out and changing the password."""

import pytest
from django.urls import reverse
from knox.models import AuthToken

from annotations.models import User

PASSWORD = "correct horse battery"


@pytest.fixture
def member(judge):
    """Return a judge with a password."""
    judge.set_password(PASSWORD)
    judge.save()
    return judge


def sign_in(client, username, password, **data):
    return client.post(
        reverse("sign-in"), {"username": username, "password": password, **data}
    )


@pytest.mark.parametrize("name", ["home", "imports", "new-batch", "change-password"])
def test_visitors_are_redirected_to_sign_in(client, db, name):
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response.url == f"{reverse('sign-in')}?next={reverse(name)}"


def test_sign_in_redirects_to_the_home_page(client, member):
    response = sign_in(client, member.username, PASSWORD)
    assert response.status_code == 302
    assert response.url == reverse("home")


def test_sign_in_redirects_to_the_requested_page(client, member):
    response = sign_in(client, member.username, PASSWORD, next="/password/")
    assert response.url == "/password/"


def test_sign_in_never_redirects_to_another_site(client, member):
    response = sign_in(client, member.username, PASSWORD, next="https://evil.example/")
    assert response.url == reverse("home")


def test_a_wrong_password_and_an_unknown_name_get_the_same_message(client, member):
    wrong = sign_in(client, member.username, "wrong")
    unknown = sign_in(client, "nobody", "wrong")
    message = "Wrong username or password."
    assert message in wrong.text
    assert message in unknown.text


def test_repeated_failures_lock_sign_in_for_a_while(client, member, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(2):
        assert sign_in(client, member.username, "wrong").status_code == 200
    for password in ("wrong", PASSWORD):
        response = sign_in(client, member.username, password)
        assert response.status_code == 429
        assert "Wait 15 minutes" in response.text
        assert response["Retry-After"] == "900"


def test_a_deactivated_person_cannot_sign_in(client, member):
    User.objects.filter(pk=member.pk).update(is_active=False)
    response = sign_in(client, member.username, PASSWORD)
    assert response.status_code == 200
    assert "Wrong username or password" in response.text


def test_a_deactivated_person_is_signed_out_at_the_next_request(client, member):
    client.force_login(member)
    assert client.get(reverse("home")).status_code == 200
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get(reverse("home")).status_code == 302


def test_signing_out_needs_a_button_not_a_link(client, judge):
    client.force_login(judge)
    assert client.get(reverse("sign-out")).status_code == 405
    assert client.post(reverse("sign-out")).url == reverse("sign-in")
    assert client.get(reverse("home")).status_code == 302


def test_changing_the_password_keeps_the_person_signed_in(client, member):
    client.force_login(member)
    data = {
        "old_password": PASSWORD,
        "new_password1": "another long secret",
        "new_password2": "another long secret",
    }
    response = client.post(reverse("change-password"), data, follow=True)
    assert "Your password has been changed." in response.text
    member.refresh_from_db()
    assert member.check_password("another long secret")


def test_changing_the_password_revokes_api_tokens(client, member):
    AuthToken.objects.create(member)
    client.force_login(member)
    new_password = "another long secret"
    data = {
        "old_password": PASSWORD,
        "new_password1": new_password,
        "new_password2": new_password,
    }
    client.post(reverse("change-password"), data)
    assert not AuthToken.objects.exists()
    assert client.get(reverse("home")).status_code == 200


def test_a_weak_password_is_refused_with_the_reason(client, member):
    client.force_login(member)
    data = {"old_password": PASSWORD, "new_password1": "abc", "new_password2": "abc"}
    response = client.post(reverse("change-password"), data)
    assert "too short" in response.text


def test_pages_are_never_cached(client, judge):
    client.force_login(judge)
    assert "no-store" in client.get(reverse("home"))["Cache-Control"]
