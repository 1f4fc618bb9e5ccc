"""Sign-in through a real OpenID Connect provider that runs beside the tests."""

import importlib
import re
import sys
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.urls import NoReverseMatch, clear_url_caches, get_resolver, reverse
from oidc_provider_mock import User as Account
from playwright.sync_api import expect

from annotations import people
from annotations.models import AuditEntry, Invitation, User
from annotations.tests.factories import UserFactory
from labeler import oidc

ACCOUNTS = {
    "jo": {"email": "Jo@example.org", "email_verified": True},
    "jo-too": {"email": "jo@example.org", "email_verified": True},
    "nobody": {"email": "nobody@example.org", "email_verified": True},
    "unverified": {"email": "jo@example.org", "email_verified": False},
    "unsaid": {"email": "jo@example.org"},
    "no address": {},
    "new": {"email": "new@example.org", "email_verified": "true"},
}
SIGN_IN, CALLBACK = "/oidc/sign-in/", "/oidc/callback/"


@pytest.fixture(scope="module")
def provider():
    """Return the address of a provider that needs only the name of an account."""
    accounts = [Account(sub=sub, claims=claims) for sub, claims in ACCOUNTS.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=accounts) as server:
        # The app is on localhost. The way back crosses sites, as in production.
        yield f"http://127.0.0.1:{server.server_port}"


def configure(settings, url):
    """Set the settings that the environment sets in production."""
    provider_settings = {
        "id": "oidc-test",
        "url": url,
        "client_id": "labeler",
        "secret": "secret",
        "name": "Example University",
    }
    settings.OIDC = provider_settings
    settings.SOCIALACCOUNT_PROVIDERS = oidc.providers(provider_settings)
    reload_addresses()


def reload_addresses():
    for name in ("frontend.urls", "labeler.urls"):
        importlib.reload(sys.modules[name])
    clear_url_caches()


@pytest.fixture
def restored_addresses(settings):
    """Reload the addresses from the settings after the test."""
    get_resolver().url_patterns  # noqa: B018  load them before the test
    yield
    settings.OIDC = None
    reload_addresses()


@pytest.fixture
def oidc_enabled(settings, provider, restored_addresses):
    """Configure the provider."""
    configure(settings, provider)


def callback_address(client, sub, start=SIGN_IN, **consent):
    """Sign in at the provider. Return the address that it redirects to."""
    redirect = client.get(start)
    assert redirect.status_code == 302
    form = consent or {"sub": sub}
    response = requests.post(redirect.url, data=form, allow_redirects=False, timeout=5)
    return response.headers["Location"].removeprefix("http://testserver")


def sign_in(client, sub, start=SIGN_IN):
    return client.get(callback_address(client, sub, start))


def signed_in_user(client):
    user_id = client.session.get("_auth_user_id")
    return User.objects.get(pk=user_id) if user_id else None


def test_without_the_setting_the_addresses_do_not_exist(client, db):
    assert client.get(SIGN_IN).status_code == 404
    assert client.get(CALLBACK).status_code == 404
    assert "Sign in with" not in client.get(reverse("sign-in")).text


def test_the_setting_adds_two_addresses_and_no_others(client, db, oidc_enabled):
    page = client.get(reverse("sign-in"), {"next": "/password/"})
    assert "Sign in with Example University" in page.text
    assert f'href="{SIGN_IN}?next=/password/"' in page.text
    for name in ("account_signup", "account_login", "socialaccount_connections"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for address in ("signup/", "3rdparty/", "oidc/labeler/login/", "accounts/email/"):
        assert client.get(f"/{address}").status_code == 404


def test_a_verified_address_signs_in_its_user(client, judge, oidc_enabled):
    response = sign_in(client, "jo")
    assert response.url == reverse("home")
    assert signed_in_user(client) == judge
    link = SocialAccount.objects.get()
    assert (link.user, link.uid, link.extra_data) == (judge, "jo", {})
    assert not SocialToken.objects.exists()
    assert AuditEntry.objects.filter(action="recognised-by-address").count() == 1


def test_after_the_first_sign_in_the_subject_identifies_the_user(
    client, judge, oidc_enabled
):
    sign_in(client, "jo")
    User.objects.filter(pk=judge.pk).update(email="elsewhere@example.org")
    UserFactory(email="jo@example.org")
    client.logout()
    sign_in(client, "jo")
    assert signed_in_user(client) == judge


def test_a_later_owner_of_the_address_is_refused(client, judge, oidc_enabled):
    sign_in(client, "jo")
    client.logout()
    response = sign_in(client, "jo-too")
    assert response.status_code == 403
    assert "linked to another account" in response.text
    assert signed_in_user(client) is None


def test_sign_in_redirects_to_the_requested_page_but_to_no_other_site(
    client, judge, oidc_enabled
):
    assert sign_in(client, "jo", f"{SIGN_IN}?next=/password/").url == "/password/"
    for address in ("https://evil.example/", "//evil.example/", "javascript:1"):
        assert sign_in(client, "jo", f"{SIGN_IN}?next={address}").url == "/"


@pytest.mark.parametrize("sub", ["nobody", "unverified", "unsaid", "no address"])
def test_unknown_people_and_unverified_addresses_are_refused(
    client, judge, oidc_enabled, sub
):
    response = sign_in(client, sub)
    assert response.status_code == 403
    assert "Only people whom an admin has added or invited" in response.text
    assert signed_in_user(client) is None
    assert User.objects.get() == judge
    assert not SocialAccount.objects.exists()


def test_deactivated_users_are_refused_with_and_without_a_link(
    client, judge, oidc_enabled
):
    User.objects.update(is_active=False)
    assert sign_in(client, "jo").status_code == 403
    User.objects.update(is_active=True)
    sign_in(client, "jo")
    client.logout()
    User.objects.update(is_active=False)
    response = sign_in(client, "jo")
    assert response.status_code == 403
    assert "Your account in Labeler has been deactivated." in response.text
    assert signed_in_user(client) is None


def test_an_address_of_two_users_is_refused(client, judge, oidc_enabled):
    UserFactory(email="jo@example.org")
    assert "Several users in Labeler" in sign_in(client, "jo").text
    assert signed_in_user(client) is None


def test_an_invited_person_becomes_a_user(client, admin, oidc_enabled):
    people.invite(email="new@example.org", roles=["adjudicator"], by=admin)
    sign_in(client, "new")
    user = signed_in_user(client)
    assert (user.username, user.roles) == ("new", ["adjudicator"])
    assert not user.has_usable_password()
    assert Invitation.objects.get().accepted_by == user
    client.logout()
    sign_in(client, "new")
    assert signed_in_user(client) == user


def test_a_username_locked_by_wrong_passwords_stays_locked(
    client, judge, oidc_enabled, settings
):
    settings.AXES_FAILURE_LIMIT = 3
    judge.set_password("correct horse battery")
    judge.save()
    credentials = {"username": "jo", "password": "wrong"}
    for _ in range(3):
        client.post(reverse("sign-in"), credentials)
    credentials["password"] = "correct horse battery"
    sign_in(client, "nobody")
    assert client.post(reverse("sign-in"), credentials).status_code == 429


def test_a_sign_in_at_the_provider_replaces_the_signed_in_user(
    client, judge, admin, oidc_enabled
):
    client.force_login(admin)
    sign_in(client, "jo", f"{SIGN_IN}?process=connect")
    assert signed_in_user(client) == judge
    assert SocialAccount.objects.get().user == judge


def test_another_site_cannot_start_a_sign_in(client, judge, oidc_enabled):
    for site in ("cross-site", "same-site"):
        response = client.get(SIGN_IN, headers={"Sec-Fetch-Site": site})
        assert response.url == reverse("sign-in")
    response = client.get(SIGN_IN, headers={"Sec-Fetch-Site": "same-origin"})
    assert response.url.startswith("http://127.0.0.1:")


def test_the_request_carries_a_state_and_a_challenge(client, db, oidc_enabled):
    query = parse_qs(urlsplit(client.get(SIGN_IN).url).query)
    assert query["redirect_uri"] == ["http://testserver/oidc/callback/"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) >= 16


def test_an_unrequested_callback_is_refused(client, judge, oidc_enabled):
    callback = callback_address(client, "jo")
    other_client = type(client)()
    response = other_client.get(callback)
    assert response.status_code == 400
    assert "was started in another browser" in response.text
    assert client.get(callback).url == "/"
    assert client.get(callback).status_code == 400  # a state works once
    assert client.get(CALLBACK).status_code == 400


def test_a_cancelled_sign_in_has_a_message(client, judge, oidc_enabled):
    callback = callback_address(client, "jo", action="deny")
    (state,) = client.session["socialaccount_states"]
    for address in (callback, f"{callback}&state={state}"):
        response = client.get(address)
        assert response.status_code == 400
        assert "You cancelled the sign-in." in response.text


def test_an_unreachable_provider_has_a_message(
    client, db, settings, restored_addresses
):
    configure(settings, "http://127.0.0.1:1")
    response = client.get(SIGN_IN)
    assert response.status_code == 502
    assert "The provider does not answer correctly." in response.text


def test_an_invalid_code_is_refused(client, judge, oidc_enabled):
    callback = re.sub(r"code=\w+", "code=x", callback_address(client, "jo"))
    response = client.get(callback)
    assert response.status_code == 502
    assert signed_in_user(client) is None


def test_an_admin_sees_the_links_and_can_delete_them(
    client, judge, admin, oidc_enabled
):
    sign_in(client, "jo")
    client.force_login(judge)
    links = reverse("admin:socialaccount_socialaccount_changelist")
    assert client.get(links).status_code == 302
    client.force_login(admin)
    assert "jo" in client.get(links).text
    link = SocialAccount.objects.get()
    delete_address = reverse("admin:socialaccount_socialaccount_delete", args=[link.pk])
    client.post(delete_address, {"post": "yes"})
    assert not SocialAccount.objects.exists()
    client.logout()
    sign_in(client, "jo-too")
    assert signed_in_user(client) == judge


def test_the_admin_site_adds_no_links_and_no_providers(client, admin):
    client.force_login(admin)
    index = client.get(reverse("admin:index")).text
    assert "socialapp" not in index
    assert "emailaddress" not in index
    add_address = reverse("admin:socialaccount_socialaccount_add")
    assert client.get(add_address).status_code == 403


def test_in_a_browser_one_button_signs_in_through_the_provider(
    opened, judge, oidc_enabled
):
    page = opened(None, "/password/")
    page.context.route("https://**", lambda route: route.abort())
    page.get_by_role("link", name="Sign in with Example University").click()
    page.wait_for_url("http://127.0.0.1:*/**")
    page.get_by_role("button", name="jo", exact=True).click()
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    assert page.url.endswith("/password/")


def test_in_a_browser_a_refused_person_reads_the_reason(opened, judge, oidc_enabled):
    page = opened(None, "/")
    page.context.route("https://**", lambda route: route.abort())
    page.get_by_role("link", name="Sign in with Example University").click()
    page.get_by_role("button", name="nobody", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(
        "No user and no invitation in Labeler"
    )
    page.get_by_role("link", name="Back to sign in").click()
    expect(page.get_by_label("Password")).to_be_visible()
