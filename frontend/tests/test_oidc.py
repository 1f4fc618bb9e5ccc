"""Sign-in at a real OpenID Connect provider that runs beside the tests."""

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
    """The address of a provider who lets anybody in who names an account."""
    accounts = [Account(sub=sub, claims=claims) for sub, claims in ACCOUNTS.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=accounts) as server:
        # Not localhost, where we are: coming back crosses sites, as it does in life.
        yield f"http://127.0.0.1:{server.server_port}"


def set_up(settings, url):
    """What the environment would say before the start."""
    given = {
        "id": "oidc-test",
        "url": url,
        "client_id": "labeler",
        "secret": "secret",
        "name": "Example University",
    }
    settings.OIDC = given
    settings.SOCIALACCOUNT_PROVIDERS = oidc.providers(given)
    reload_addresses()


def reload_addresses():
    for name in ("frontend.urls", "labeler.urls"):
        importlib.reload(sys.modules[name])
    clear_url_caches()


@pytest.fixture
def addresses_as_set(settings):
    """Addresses follow the settings again when the test is over."""
    get_resolver().url_patterns  # noqa: B018  they are read once before
    yield
    settings.OIDC = None
    reload_addresses()


@pytest.fixture
def by_oidc(settings, provider, addresses_as_set):
    """The settings name the provider."""
    set_up(settings, provider)


def come_back(client, sub, start=SIGN_IN, **consent):
    """Go to the provider, say who one is, and be sent back: the address to come to."""
    away = client.get(start)
    assert away.status_code == 302
    form = consent or {"sub": sub}
    back = requests.post(away.url, data=form, allow_redirects=False, timeout=5)
    return back.headers["Location"].removeprefix("http://testserver")


def sign_in(client, sub, start=SIGN_IN):
    return client.get(come_back(client, sub, start))


def signed_in(client):
    number = client.session.get("_auth_user_id")
    return User.objects.get(pk=number) if number else None


def test_without_the_setting_there_is_no_such_door(client, db):
    assert client.get(SIGN_IN).status_code == 404
    assert client.get(CALLBACK).status_code == 404
    assert "Sign in with" not in client.get(reverse("sign-in")).text


def test_with_it_there_are_two_addresses_and_no_other(client, db, by_oidc):
    page = client.get(reverse("sign-in"), {"next": "/password/"})
    assert "Sign in with Example University" in page.text
    assert f'href="{SIGN_IN}?next=/password/"' in page.text
    for name in ("account_signup", "account_login", "socialaccount_connections"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for address in ("signup/", "3rdparty/", "oidc/labeler/login/", "accounts/email/"):
        assert client.get(f"/{address}").status_code == 404


def test_whoever_has_the_verified_address_comes_in(client, judge, by_oidc):
    response = sign_in(client, "jo")
    assert response.url == reverse("home")
    assert signed_in(client) == judge
    link = SocialAccount.objects.get()
    assert (link.user, link.uid, link.extra_data) == (judge, "jo", {})
    assert not SocialToken.objects.exists()
    assert AuditEntry.objects.filter(action="recognised-by-address").count() == 1


def test_from_then_on_the_subject_counts_and_no_address(client, judge, by_oidc):
    sign_in(client, "jo")
    User.objects.filter(pk=judge.pk).update(email="elsewhere@example.org")
    UserFactory(email="jo@example.org")
    client.logout()
    sign_in(client, "jo")
    assert signed_in(client) == judge


def test_whoever_gets_the_address_later_is_somebody_else(client, judge, by_oidc):
    sign_in(client, "jo")
    client.logout()
    response = sign_in(client, "jo-too")
    assert response.status_code == 403
    assert "linked to another account" in response.text
    assert signed_in(client) is None


def test_one_lands_where_one_wanted_to_go_but_on_no_other_site(client, judge, by_oidc):
    assert sign_in(client, "jo", f"{SIGN_IN}?next=/password/").url == "/password/"
    for address in ("https://evil.example/", "//evil.example/", "javascript:1"):
        assert sign_in(client, "jo", f"{SIGN_IN}?next={address}").url == "/"


@pytest.mark.parametrize("sub", ["nobody", "unverified", "unsaid", "no address"])
def test_strangers_and_unverified_addresses_are_refused(client, judge, by_oidc, sub):
    response = sign_in(client, sub)
    assert response.status_code == 403
    assert "Only people whom an admin has added or invited" in response.text
    assert signed_in(client) is None
    assert User.objects.get() == judge
    assert not SocialAccount.objects.exists()


def test_the_deactivated_are_refused_linked_or_not(client, judge, by_oidc):
    User.objects.update(is_active=False)
    assert sign_in(client, "jo").status_code == 403
    User.objects.update(is_active=True)
    sign_in(client, "jo")
    client.logout()
    User.objects.update(is_active=False)
    response = sign_in(client, "jo")
    assert response.status_code == 403
    assert "Your account in Labeler has been deactivated." in response.text
    assert signed_in(client) is None


def test_two_users_of_an_address_are_refused(client, judge, by_oidc):
    UserFactory(email="jo@example.org")
    assert "Several users in Labeler" in sign_in(client, "jo").text
    assert signed_in(client) is None


def test_who_is_invited_becomes_a_user(client, admin, by_oidc):
    people.invite(email="new@example.org", roles=["adjudicator"], by=admin)
    sign_in(client, "new")
    user = signed_in(client)
    assert (user.username, user.roles) == ("new", ["adjudicator"])
    assert not user.has_usable_password()
    assert Invitation.objects.get().accepted_by == user
    client.logout()
    sign_in(client, "new")
    assert signed_in(client) == user


def test_a_name_locked_by_guesses_at_its_password_stays_locked(
    client, judge, by_oidc, settings
):
    settings.AXES_FAILURE_LIMIT = 3
    judge.set_password("correct horse battery")
    judge.save()
    guess = {"username": "jo", "password": "wrong"}
    for _ in range(3):
        client.post(reverse("sign-in"), guess)
    guess["password"] = "correct horse battery"
    sign_in(client, "nobody")
    assert client.post(reverse("sign-in"), guess).status_code == 429


def test_whoever_is_signed_in_becomes_who_the_provider_says(
    client, judge, admin, by_oidc
):
    client.force_login(admin)
    sign_in(client, "jo", f"{SIGN_IN}?process=connect")
    assert signed_in(client) == judge
    assert SocialAccount.objects.get().user == judge


def test_another_site_cannot_start_a_sign_in(client, judge, by_oidc):
    for site in ("cross-site", "same-site"):
        response = client.get(SIGN_IN, headers={"Sec-Fetch-Site": site})
        assert response.url == reverse("sign-in")
    response = client.get(SIGN_IN, headers={"Sec-Fetch-Site": "same-origin"})
    assert response.url.startswith("http://127.0.0.1:")


def test_the_request_carries_a_state_and_a_challenge(client, db, by_oidc):
    asked = parse_qs(urlsplit(client.get(SIGN_IN).url).query)
    assert asked["redirect_uri"] == ["http://testserver/oidc/callback/"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 16


def test_an_answer_that_nobody_asked_for_is_refused(client, judge, by_oidc):
    back = come_back(client, "jo")
    stranger = type(client)()
    response = stranger.get(back)
    assert response.status_code == 400
    assert "was started in another browser" in response.text
    assert client.get(back).url == "/"
    assert client.get(back).status_code == 400  # a state works once
    assert client.get(CALLBACK).status_code == 400


def test_who_declines_there_is_told_so(client, judge, by_oidc):
    back = come_back(client, "jo", action="deny")
    (state,) = client.session["socialaccount_states"]
    for address in (back, f"{back}&state={state}"):
        response = client.get(address)
        assert response.status_code == 400
        assert "You cancelled the sign-in." in response.text


def test_a_provider_that_is_down_is_told(client, db, settings, addresses_as_set):
    set_up(settings, "http://127.0.0.1:1")
    response = client.get(SIGN_IN)
    assert response.status_code == 502
    assert "The provider does not answer correctly." in response.text


def test_a_code_that_is_no_good_is_told(client, judge, by_oidc):
    back = re.sub(r"code=\w+", "code=x", come_back(client, "jo"))
    response = client.get(back)
    assert response.status_code == 502
    assert signed_in(client) is None


def test_an_admin_sees_the_links_and_deletes_what_is_old(client, judge, admin, by_oidc):
    sign_in(client, "jo")
    client.force_login(judge)
    links = reverse("admin:socialaccount_socialaccount_changelist")
    assert client.get(links).status_code == 302
    client.force_login(admin)
    assert "jo" in client.get(links).text
    link = SocialAccount.objects.get()
    delete = reverse("admin:socialaccount_socialaccount_delete", args=[link.pk])
    client.post(delete, {"post": "yes"})
    assert not SocialAccount.objects.exists()
    client.logout()
    sign_in(client, "jo-too")
    assert signed_in(client) == judge


def test_the_admin_site_adds_no_links_and_no_providers(client, admin):
    client.force_login(admin)
    index = client.get(reverse("admin:index")).text
    assert "socialapp" not in index
    assert "emailaddress" not in index
    adding = reverse("admin:socialaccount_socialaccount_add")
    assert client.get(adding).status_code == 403


def test_in_a_browser_one_button_leads_there_and_back(opened, judge, by_oidc):
    page = opened(None, "/password/")
    page.context.route("https://**", lambda route: route.abort())
    page.get_by_role("link", name="Sign in with Example University").click()
    page.wait_for_url("http://127.0.0.1:*/**")
    page.get_by_role("button", name="jo", exact=True).click()
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    assert page.url.endswith("/password/")


def test_in_a_browser_a_stranger_reads_why(opened, judge, by_oidc):
    page = opened(None, "/")
    page.context.route("https://**", lambda route: route.abort())
    page.get_by_role("link", name="Sign in with Example University").click()
    page.get_by_role("button", name="nobody", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(
        "No user and no invitation in Labeler"
    )
    page.get_by_role("link", name="Back to sign in").click()
    expect(page.get_by_label("Password")).to_be_visible()
