"""An admin's pages of people: find them, change their roles, invite others."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from annotations import people, queue
from annotations.models import AssignmentState, Invitation, User
from annotations.tests.factories import UserFactory

from .scenes import opened_batch
from .test_accounts import sign_in

ACTIONS = ("change-person", "deactivate", "reactivate", "send-reset")


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def names_in(response):
    return re.findall(r'<a href="/people/([^/"?]+)/">', response.text)


def test_people_are_listed_by_name_with_roles_state_and_last_sign_in(
    admin_client, admin
):
    UserFactory(username="Zoe", roles=["judge", "adjudicator"], is_active=False)
    UserFactory(username="bob", email="")
    response = admin_client.get(reverse("people"))
    assert names_in(response) == ["ada", "bob", "Zoe"]
    assert "judge, adjudicator" in response.text
    assert "Deactivated" in response.text
    assert f"{admin.last_login:%Y-%m-%d %H:%M}" in response.text


def test_people_are_found_by_the_start_of_their_name(admin_client):
    UserFactory(username="Adam")
    UserFactory(username="bob")
    assert names_in(admin_client.get(reverse("people"), {"name": "AD"})) == [
        "ada",
        "Adam",
    ]
    response = admin_client.get(reverse("people"), {"name": '<x"\0'})
    assert "No name begins with “&lt;x&quot;”" in response.text


def test_a_long_list_continues_after_the_last_name(admin_client):
    names = [UserFactory(username=f"judge{n:03}").username for n in range(60)]
    first = admin_client.get(reverse("people"), {"name": "judge"})
    next_link = re.search(r'href="([^"]+)" rel="next"', first.text)[1]
    second = admin_client.get(next_link.replace("&amp;", "&"))
    assert names_in(first) + names_in(second) == names
    assert 'rel="next"' not in second.text


def test_queries_do_not_grow_with_people_and_invitations(
    admin_client, django_assert_num_queries
):
    def check_queries():
        with django_assert_num_queries(4):
            admin_client.get(reverse("people"))

    check_queries()
    for number in range(20):
        UserFactory()
        inviter = UserFactory(roles=["admin"])
        people.invite(email=f"x{number}@example.org", roles=["judge"], by=inviter)
    check_queries()


def test_e_mail_address_and_roles_are_changed(admin_client, judge):
    address = reverse("change-person", args=[judge.username])
    fields = {"email": "jo@example.net", "roles": ["judge", "adjudicator"]}
    response = admin_client.post(address, fields, follow=True)
    assert "Saved." in response.text
    assert 'value="jo@example.net"' in response.text
    judge.refresh_from_db()
    assert (judge.email, judge.roles) == ("jo@example.net", ["judge", "adjudicator"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"roles": ["king"]}, "Select a valid choice."), ({"email": "x"}, "valid email")],
)
def test_invalid_values_are_refused_with_the_reason(
    admin_client, judge, fields, sentence
):
    address = reverse("change-person", args=[judge.username])
    assert sentence in admin_client.post(address, fields).text
    assert User.objects.get(pk=judge.pk).email == judge.email


def test_the_effects_of_deactivation_are_shown_before_it(admin_client, admin, judge):
    batch = opened_batch(judge, by=admin)
    page = queue.lease(judge=judge, batch=batch)
    confirmation = admin_client.get(reverse("person", args=[judge.username]))
    assert "1 held page becomes free for other judges." in confirmation.text
    assert "All verdicts stay and count." in confirmation.text
    result = admin_client.post(
        reverse("deactivate", args=[judge.username]), follow=True
    )
    assert "jo is deactivated." in result.text
    page.refresh_from_db()
    assert page.state == AssignmentState.RELEASED
    assert not User.objects.get(pk=judge.pk).is_active
    response = admin_client.post(
        reverse("reactivate", args=[judge.username]), follow=True
    )
    assert "jo can sign in again." in response.text
    assert User.objects.get(pk=judge.pk).is_active


def test_the_last_admin_cannot_be_deactivated(admin_client, admin):
    address = reverse("deactivate", args=[admin.username])
    assert "The last active admin" in admin_client.post(address, follow=True).text


def test_a_password_reset_link_is_sent(admin_client, judge, mailoutbox):
    address = reverse("send-reset", args=[judge.username])
    assert "on its way to jo" in admin_client.post(address, follow=True).text
    assert mailoutbox[0].to == [judge.email]


def test_a_person_without_an_address_gets_no_reset_link(admin_client, mailoutbox):
    person = UserFactory(email="")
    page = admin_client.get(reverse("person", args=[person.username]))
    assert "Add an e-mail address" in page.text
    admin_client.post(reverse("send-reset", args=[person.username]))
    assert mailoutbox == []


def test_an_invitation_is_created_and_its_link_is_shown_once(admin_client, mailoutbox):
    fields = {"email": "new@example.org", "roles": ["judge", "adjudicator"]}
    response = admin_client.post(reverse("invite"), fields)
    assert response.status_code == 201
    link = re.search(
        r'value="(http://testserver/invitations/[\w-]{43}/)"', response.text
    )
    assert link[1] in mailoutbox[0].body
    assert "no-store" in response["Cache-Control"]
    list_text = admin_client.get(reverse("people")).text
    assert "new@example.org" in list_text
    assert link[1] not in list_text
    assert admin_client.get(reverse("invite")).url == reverse("people")


def test_a_failed_e_mail_is_reported(admin_client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    fields = {"email": "new@example.org", "roles": ["judge"]}
    response = admin_client.post(reverse("invite"), fields)
    assert "The e-mail to new@example.org could not be sent." in response.text
    assert "/invitations/" in response.text


def test_without_a_mail_server_the_admin_must_pass_on_the_link(admin_client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    fields = {"email": "new@example.org", "roles": ["judge"]}
    response = admin_client.post(reverse("invite"), fields)
    assert "<strong>There is no mail server</strong>" in response.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"email": "jo@example.org", "roles": ["judge"]},
            "already has this e-mail address",
        ),
        ({"email": "x", "roles": ["judge"]}, "valid email"),
        ({"roles": []}, "This field is required."),
    ],
)
def test_an_invalid_invitation_is_refused_with_the_reason(
    admin_client, judge, fields, sentence
):
    assert sentence in admin_client.post(reverse("invite"), fields).text
    assert not Invitation.objects.exists()


def test_an_invitation_is_withdrawn(admin_client, admin):
    invitation, _ = people.invite(email="new@example.org", roles=[], by=admin)
    address = reverse("withdraw-invitation", args=[invitation.pk])
    response = admin_client.post(address, follow=True)
    assert "The invitation is withdrawn." in response.text
    assert "There are no open invitations." in response.text
    assert (
        admin_client.post(reverse("withdraw-invitation", args=[4711])).status_code
        == 404
    )


def test_only_admins_can_open_people(client, admin, judge, stranger):
    invitation, _ = people.invite(roles=[], by=admin)
    client.force_login(judge)
    assert client.get(reverse("people")).status_code == 404
    assert client.get(reverse("person", args=["sam"])).status_code == 404
    for name in ACTIONS:
        assert client.post(reverse(name, args=["sam"])).status_code == 404
    assert client.post(reverse("invite"), {"roles": ["admin"]}).status_code == 404
    withdraw_address = reverse("withdraw-invitation", args=[invitation.pk])
    assert client.post(withdraw_address).status_code == 404
    assert Invitation.objects.get().state == "open"


def test_actions_need_a_button(admin_client, judge):
    for name in ACTIONS:
        assert admin_client.get(reverse(name, args=[judge.username])).status_code == 405


def test_an_unknown_person_is_not_found(admin_client):
    assert admin_client.get(reverse("person", args=["nobody"])).status_code == 404
    assert admin_client.post(reverse("deactivate", args=["nobody"])).status_code == 404


@pytest.mark.parametrize("address", ["/sign-in/", "/django-admin/login/"])
def test_failures_lock_the_username_on_every_sign_in_page(
    client, admin, settings, address
):
    settings.AXES_FAILURE_LIMIT = 3
    admin.set_password("correct horse battery")
    admin.save()
    fields = {"username": "ada", "password": "wrong"}
    statuses = [client.post(address, fields).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    fields["password"] = "correct horse battery"
    assert client.post("/django-admin/login/", fields).status_code == 429
    assert sign_in(client, "ada", "correct horse battery").status_code == 429
    assert client.get(reverse("people")).status_code == 302


def test_the_password_page_of_the_admin_site_redirects_to_our_page(admin_client):
    response = admin_client.get("/django-admin/password_change/")
    assert response.url == reverse("change-password")
