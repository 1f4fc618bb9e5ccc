"""An admin's pages of people: find them, change what they may do, invite others."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from annotations import people, queue
from annotations.models import AssignmentState, Invitation, User
from annotations.tests.factories import UserFactory

from .scenes import opened_batch
from .test_accounts import sign_in

ACTS = ("change-person", "deactivate", "reactivate", "send-reset")


@pytest.fixture(autouse=True)
def forgetful_cache():
    cache.clear()


@pytest.fixture
def desk(client, admin):
    """The admin's browser."""
    client.force_login(admin)
    return client


def names_in(response):
    return re.findall(r'<a href="/people/([^/"?]+)/">', response.text)


def test_people_are_listed_by_name_with_what_matters(desk, admin):
    UserFactory(username="Zoe", roles=["judge", "adjudicator"], is_active=False)
    UserFactory(username="bob", email="")
    response = desk.get(reverse("people"))
    assert names_in(response) == ["ada", "bob", "Zoe"]
    assert "judge, adjudicator" in response.text
    assert "Deactivated" in response.text
    assert f"{admin.last_login:%Y-%m-%d %H:%M}" in response.text


def test_people_are_found_by_the_beginning_of_their_name(desk):
    UserFactory(username="Adam")
    UserFactory(username="bob")
    assert names_in(desk.get(reverse("people"), {"name": "AD"})) == ["ada", "Adam"]
    nobody = desk.get(reverse("people"), {"name": '<x"\0'})
    assert "No name begins with “&lt;x&quot;”" in nobody.text


def test_a_long_list_goes_on_after_the_last_name(desk):
    made = [UserFactory(username=f"judge{n:03}").username for n in range(60)]
    first = desk.get(reverse("people"), {"name": "judge"})
    following = re.search(r'href="([^"]+)" rel="next"', first.text)[1]
    second = desk.get(following.replace("&amp;", "&"))
    assert names_in(first) + names_in(second) == made
    assert 'rel="next"' not in second.text


def test_the_list_asks_as_often_for_many_as_for_few(desk, django_assert_num_queries):
    def queries():
        with django_assert_num_queries(4):
            desk.get(reverse("people"))

    queries()
    for number in range(20):
        UserFactory()
        inviter = UserFactory(roles=["admin"])
        people.invite(email=f"x{number}@example.org", roles=["judge"], by=inviter)
    queries()


def test_address_and_roles_are_changed(desk, judge):
    address = reverse("change-person", args=[judge.username])
    fields = {"email": "jo@example.net", "roles": ["judge", "adjudicator"]}
    response = desk.post(address, fields, follow=True)
    assert "Saved." in response.text
    assert 'value="jo@example.net"' in response.text
    judge.refresh_from_db()
    assert (judge.email, judge.roles) == ("jo@example.net", ["judge", "adjudicator"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"roles": ["king"]}, "Select a valid choice."), ({"email": "x"}, "valid email")],
)
def test_what_cannot_be_saved_is_named(desk, judge, fields, sentence):
    address = reverse("change-person", args=[judge.username])
    assert sentence in desk.post(address, fields).text
    assert User.objects.get(pk=judge.pk).email == judge.email


def test_deactivating_says_what_it_does_before_it_does_it(desk, admin, judge):
    batch = opened_batch(judge, by=admin)
    held = queue.lease(judge=judge, batch=batch)
    before = desk.get(reverse("person", args=[judge.username]))
    assert "1 held page becomes free for other judges." in before.text
    assert "All verdicts stay and count." in before.text
    after = desk.post(reverse("deactivate", args=[judge.username]), follow=True)
    assert "jo is deactivated." in after.text
    held.refresh_from_db()
    assert held.state == AssignmentState.RELEASED
    assert not User.objects.get(pk=judge.pk).is_active
    back = desk.post(reverse("reactivate", args=[judge.username]), follow=True)
    assert "jo can sign in again." in back.text
    assert User.objects.get(pk=judge.pk).is_active


def test_the_last_admin_is_told_to_stay(desk, admin):
    address = reverse("deactivate", args=[admin.username])
    assert "The last active admin" in desk.post(address, follow=True).text


def test_a_link_to_a_new_password_is_sent(desk, judge, mailoutbox):
    address = reverse("send-reset", args=[judge.username])
    assert "on its way to jo" in desk.post(address, follow=True).text
    assert mailoutbox[0].to == [judge.email]


def test_without_an_address_no_link_can_be_sent(desk, mailoutbox):
    person = UserFactory(email="")
    page = desk.get(reverse("person", args=[person.username]))
    assert "Add an e-mail address" in page.text
    desk.post(reverse("send-reset", args=[person.username]))
    assert mailoutbox == []


def test_an_invitation_is_made_and_its_link_shown_once(desk, mailoutbox):
    fields = {"email": "new@example.org", "roles": ["judge", "adjudicator"]}
    response = desk.post(reverse("invite"), fields)
    assert response.status_code == 201
    link = re.search(
        r'value="(http://testserver/invitations/[\w-]{43}/)"', response.text
    )
    assert link[1] in mailoutbox[0].body
    assert "no-store" in response["Cache-Control"]
    listed = desk.get(reverse("people")).text
    assert "new@example.org" in listed
    assert link[1] not in listed
    assert desk.get(reverse("invite")).url == reverse("people")


def test_a_mail_that_cannot_be_sent_is_told(desk, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    fields = {"email": "new@example.org", "roles": ["judge"]}
    response = desk.post(reverse("invite"), fields)
    assert "The e-mail to new@example.org could not be sent." in response.text
    assert "/invitations/" in response.text


def test_without_a_mail_server_the_link_has_to_be_passed_on(desk, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    fields = {"email": "new@example.org", "roles": ["judge"]}
    response = desk.post(reverse("invite"), fields)
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
def test_an_invitation_that_cannot_be_made_says_why(desk, judge, fields, sentence):
    assert sentence in desk.post(reverse("invite"), fields).text
    assert not Invitation.objects.exists()


def test_an_invitation_is_withdrawn(desk, admin):
    invitation, _ = people.invite(email="new@example.org", roles=[], by=admin)
    address = reverse("withdraw-invitation", args=[invitation.pk])
    response = desk.post(address, follow=True)
    assert "The invitation is withdrawn." in response.text
    assert "There are no open invitations." in response.text
    assert desk.post(reverse("withdraw-invitation", args=[4711])).status_code == 404


def test_others_know_of_no_people(client, admin, judge, stranger):
    invitation, _ = people.invite(roles=[], by=admin)
    client.force_login(judge)
    assert client.get(reverse("people")).status_code == 404
    assert client.get(reverse("person", args=["sam"])).status_code == 404
    for name in ACTS:
        assert client.post(reverse(name, args=["sam"])).status_code == 404
    assert client.post(reverse("invite"), {"roles": ["admin"]}).status_code == 404
    withdrawing = reverse("withdraw-invitation", args=[invitation.pk])
    assert client.post(withdrawing).status_code == 404
    assert Invitation.objects.get().state == "open"


def test_acts_need_a_button_not_a_link(desk, judge):
    for name in ACTS:
        assert desk.get(reverse(name, args=[judge.username])).status_code == 405


def test_an_unknown_person_is_not_found(desk):
    assert desk.get(reverse("person", args=["nobody"])).status_code == 404
    assert desk.post(reverse("deactivate", args=["nobody"])).status_code == 404


@pytest.mark.parametrize("address", ["/sign-in/", "/django-admin/login/"])
def test_failures_lock_every_door_to_the_same_name(client, admin, settings, address):
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


def test_the_admin_sites_own_door_to_a_new_password_leads_to_ours(desk):
    response = desk.get("/django-admin/password_change/")
    assert response.url == reverse("change-password")
