"""A forgotten password: a link by e-mail, then a new password."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse
from knox.models import AuthToken

from annotations import people
from annotations.models import AuditEntry, User

from .test_accounts import sign_in

OLD = "correct horse battery"
NEW = "another long secret"


@pytest.fixture(autouse=True)
def empty_cache(worker_at_hand):
    """Forget earlier requests, which count towards the limit of e-mails."""
    cache.clear()


@pytest.fixture
def member(judge):
    """Return a judge with a password."""
    judge.set_password(OLD)
    judge.save()
    return judge


def request_link(client, address):
    return client.post(reverse("forgotten"), {"email": address})


def link_in(mail):
    return re.search(r"http://testserver(/\S+)", mail.body)[1]


def choose_password(client, link, password=NEW, again=NEW):
    form = client.get(link, follow=True)
    fields = {"new_password1": password, "new_password2": again}
    return client.post(form.request["PATH_INFO"], fields, follow=True)


def test_the_sign_in_page_links_to_the_reset(client, db):
    assert reverse("forgotten") in client.get(reverse("sign-in")).text


def test_known_and_unknown_addresses_get_the_same_answer(client, member, mailoutbox):
    known_page, unknown_page = (
        request_link(client, a) for a in (member.email, "no@example.org")
    )
    assert known_page.text.replace(member.email, "no@example.org") == unknown_page.text
    assert len(mailoutbox) == 1


def test_an_invalid_address_is_refused(client, db):
    assert "valid email" in request_link(client, "nonsense").text


def test_a_new_password_revokes_tokens_and_ends_sessions(
    client, member, mailoutbox, api_token
):
    other_client = type(client)()
    other_client.force_login(member)
    request_link(client, member.email)
    page = choose_password(client, link_in(mailoutbox[0]))
    assert "Your password is set. Sign in with it." in page.text
    assert not AuthToken.objects.exists()
    assert other_client.get(reverse("home")).status_code == 302
    assert sign_in(client, "jo", OLD).status_code == 200
    assert sign_in(client, "jo", NEW).status_code == 302
    assert AuditEntry.objects.get(action="user-changed").by == member


@pytest.fixture
def api_token(member):
    """Return an API token of the member."""
    return AuthToken.objects.create(member)


def test_a_link_works_once(client, member, mailoutbox):
    request_link(client, member.email)
    link = link_in(mailoutbox[0])
    choose_password(client, link)
    assert "This link was already used" in client.get(link, follow=True).text


def test_an_old_link_has_expired(client, member, mailoutbox, settings):
    request_link(client, member.email)
    settings.PASSWORD_RESET_TIMEOUT = -1
    page = client.get(link_in(mailoutbox[0]), follow=True)
    assert "it has expired" in page.text


def test_an_invented_link_is_refused(client, member):
    for user, token in (("MQ", "x-y"), ("é", "x"), ("x" * 90, "set-password")):
        page = client.get(reverse("reset-password", args=[user, token]), follow=True)
        assert "This link was already used" in page.text


def test_a_weak_password_is_refused_with_the_reason(client, member, mailoutbox):
    request_link(client, member.email)
    page = choose_password(client, link_in(mailoutbox[0]), "password12", "password12")
    assert "too common" in page.text
    assert User.objects.get(pk=member.pk).check_password(OLD)


def test_a_link_is_refused_after_deactivation(client, member, admin, mailoutbox):
    request_link(client, member.email)
    link = link_in(mailoutbox[0])
    form = client.get(link, follow=True)
    assert form.context["validlink"]
    people.change(user=member, by=admin, is_active=False)
    fields = {"new_password1": NEW, "new_password2": NEW}
    page = client.post(form.request["PATH_INFO"], fields)
    assert "This link was already used" in page.text
    assert "This link was already used" in client.get(link, follow=True).text
    assert User.objects.get(pk=member.pk).check_password(OLD)


def test_a_new_password_does_not_end_a_lock(client, member, mailoutbox, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        sign_in(client, "jo", "wrong")
    request_link(client, member.email)
    page = choose_password(client, link_in(mailoutbox[0]))
    assert "Your password is set." in page.text
    assert "_auth_user_id" not in client.session
    assert sign_in(client, "jo", NEW).status_code == 429


def test_an_address_gets_at_most_three_e_mails(client, member, mailoutbox):
    answers = {request_link(client, member.email).text for _ in range(5)}
    assert len(mailoutbox) == 3
    assert len(answers) == 1
