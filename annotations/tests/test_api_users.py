"""Users: created and changed by admins."""

import re

from django.core.cache import cache

from annotations.models import User

from .factories import UserFactory
from .test_api_errors import assert_problem

PASSWORD = "a long enough sentence"


def test_an_admin_creates_a_user_who_can_sign_in(api, admin):
    body = {"username": "new", "password": PASSWORD, "roles": ["judge"]}
    response = api(admin).post("/api/v1/users/", body, format="json")
    assert response.status_code == 201
    details = response.json()
    assert set(details) == {
        "username",
        "email",
        "roles",
        "is_active",
        "date_joined",
        "last_login",
    }
    assert (details["username"], details["roles"]) == ("new", ["judge"])
    credentials = {"username": "new", "password": PASSWORD}
    response = api().post("/api/v1/tokens/", credentials, format="json")
    assert response.status_code == 201


def test_a_taken_name_is_a_conflict(api, admin, judge):
    body = {"username": judge.username.upper(), "password": PASSWORD}
    response = api(admin).post("/api/v1/users/", body, format="json")
    assert_problem(response, 409, "conflict")


def test_a_common_password_is_named(api, admin):
    body = {"username": "new", "password": "qwertyuiop"}
    response = api(admin).post("/api/v1/users/", body, format="json")
    assert set(assert_problem(response, 400, "invalid")["errors"]) == {"password"}


def test_users_are_listed_page_by_page_without_counting(api, admin):
    names = {admin.username} | {UserFactory().username for _ in range(4)}
    url, usernames, pages = "/api/v1/users/?limit=2", [], 0
    while url:
        page = api(admin).get(url).json()
        assert set(page) == {"next", "results"}
        usernames += [user["username"] for user in page["results"]]
        url, pages = page["next"], pages + 1
        assert url is None or url.startswith("http://testserver/api/v1/users/?")
    assert (set(usernames), len(usernames), pages) == (names, 5, 3)


def test_users_are_found_by_the_start_of_their_name(api, admin, judge):
    UserFactory(username="Jonas")
    url, usernames = "/api/v1/users/?name=JO&limit=1", []
    while url:
        page = api(admin).get(url).json()
        usernames += [user["username"] for user in page["results"]]
        url = page["next"]
    assert usernames == ["jo", "Jonas"]
    assert api(admin).get("/api/v1/users/?name=x").json()["results"] == []
    assert_problem(api(admin).get("/api/v1/users/?name=%00"), 400, "invalid")


def test_an_admin_sends_a_link_to_reset_the_password(api, admin, judge, mailoutbox):
    cache.clear()
    url = f"/api/v1/users/{judge.username}/password-reset/"
    assert api(admin).post(url).status_code == 204
    assert mailoutbox[0].to == [judge.email]
    link = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    assert api().get(link, follow=True).context["validlink"]
    judge.email = ""
    judge.save()
    assert_problem(api(admin).post(url), 409, "conflict")


def test_a_mail_server_that_does_not_answer_is_named(api, admin, judge, settings):
    cache.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    url = f"/api/v1/users/{judge.username}/password-reset/"
    assert_problem(api(admin).post(url), 502, "mail-not-sent")


def test_an_admin_changes_roles_and_deactivates_users(api, admin, judge):
    url = f"/api/v1/users/{judge.username}/"
    judges_client = api(judge)
    client = api(admin)
    response = client.patch(url, {"roles": ["judge", "adjudicator"]}, format="json")
    assert response.json()["roles"] == ["judge", "adjudicator"]
    assert client.get(url).json() == response.json()
    assert client.patch(url, {"is_active": False}, format="json").status_code == 200
    assert_problem(judges_client.get("/api/v1/me/"), 401, "not-signed-in")


def test_deactivating_a_user_ends_the_session(client, api, admin, judge):
    client.force_login(judge)
    assert client.get("/api/v1/me/").status_code == 200
    url = f"/api/v1/users/{judge.username}/"
    api(admin).patch(url, {"is_active": False}, format="json")
    assert client.get("/api/v1/me/").status_code == 401


def test_the_last_admin_cannot_be_deactivated(api, admin):
    url = f"/api/v1/users/{admin.username}/"
    response = api(admin).patch(url, {"is_active": False}, format="json")
    assert_problem(response, 409, "conflict")


def test_an_unknown_user_is_not_found(api, admin):
    assert_problem(api(admin).get("/api/v1/users/nobody/"), 404, "not-found")


def test_a_password_is_never_shown(api, admin, judge):
    url = f"/api/v1/users/{judge.username}/"
    response = api(admin).patch(url, {"password": PASSWORD}, format="json")
    assert PASSWORD not in response.content.decode()
    assert User.objects.get(pk=judge.pk).check_password(PASSWORD)
