"""Invitations: created and withdrawn by admins, accepted by programs."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from annotations import people
from annotations.api import throttles
from annotations.models import Invitation, User

from .test_api_errors import assert_problem

PASSWORD = "a long enough sentence"
URL = "/api/v1/invitations/"
SHAPE = {
    "id",
    "email",
    "roles",
    "by",
    "state",
    "created_at",
    "expires_at",
    "accepted_by",
}


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def invite(client, **body):
    return client.post(URL, {"roles": ["judge"]} | body, format="json")


def accept(client, secret, username="new", password=PASSWORD):
    body = {"secret": secret, "username": username, "password": password}
    return client.post(f"{URL}accept/", body, format="json")


def secret_of(response):
    return response.json()["url"].rstrip("/").rsplit("/", 1)[1]


def test_the_link_is_shown_only_once(api, admin):
    client = api(admin)
    response = invite(client)
    assert response.status_code == 201
    created = response.json()
    assert set(created) == SHAPE | {"url", "is_mailed"}
    assert re.fullmatch(r"http://testserver/invitations/[\w-]{43}/", created["url"])
    assert (created["by"], created["state"], created["is_mailed"]) == (
        "ada",
        "open",
        False,
    )
    later = client.get(f"{URL}{created['id']}/")
    assert set(later.json()) == SHAPE
    assert secret_of(response) not in later.content.decode()
    assert secret_of(response) not in client.get(URL).content.decode()


def test_an_invitation_with_an_address_is_mailed(api, admin, mailoutbox):
    created = invite(api(admin), email="new@example.org").json()
    assert created["is_mailed"] is True
    assert created["url"] in mailoutbox[0].body


def test_a_program_accepts_and_signs_in(api, admin):
    response = invite(api(admin), email="new@example.org")
    accepted = accept(api(), secret_of(response))
    assert accepted.status_code == 201
    expected = {"username": "new", "email": "new@example.org", "roles": ["judge"]}
    assert accepted.json() == expected
    credentials = {"username": "new", "password": PASSWORD}
    signed_in = api().post("/api/v1/tokens/", credentials, format="json")
    assert signed_in.status_code == 201
    details = api(admin).get(f"{URL}{response.json()['id']}/").json()
    assert (details["state"], details["accepted_by"]) == ("accepted", "new")


def test_an_invalid_invitation_gives_the_reason(api, admin):
    client = api(admin)
    accepted, withdrawn, expired = (invite(client) for _ in range(3))
    accept(api(), secret_of(accepted))
    assert client.delete(f"{URL}{withdrawn.json()['id']}/").status_code == 204
    Invitation.objects.filter(pk=expired.json()["id"]).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    for response, why in (
        (accepted, "used"),
        (withdrawn, "withdrawn"),
        (expired, "expired"),
    ):
        answer = accept(api(), secret_of(response), username="other")
        assert_problem(answer, 410, f"invitation-{why}")
    assert not User.objects.filter(username="other").exists()


def test_an_accepted_invitation_cannot_be_withdrawn(api, admin):
    response = invite(api(admin))
    accept(api(), secret_of(response))
    answer = api(admin).delete(f"{URL}{response.json()['id']}/")
    assert_problem(answer, 409, "conflict")


def test_inviting_an_existing_user_is_a_conflict(api, admin, judge):
    assert_problem(invite(api(admin), email=judge.email), 409, "conflict")


@pytest.mark.parametrize(
    ("body", "invalid_field"),
    [
        ({"roles": ["king"]}, "roles.0"),
        ({"email": "nonsense"}, "email"),
        ({"days": 3}, "days"),
    ],
)
def test_wrong_fields_are_named(api, admin, body, invalid_field):
    problem = assert_problem(invite(api(admin), **body), 400, "invalid")
    assert set(problem["errors"]) == {invalid_field}


def test_a_weak_password_is_refused_and_the_link_stays_valid(api, admin):
    secret = secret_of(invite(api(admin)))
    problem = assert_problem(
        accept(api(), secret, password="qwertyuiop"), 400, "invalid"
    )
    assert set(problem["errors"]) == {"password"}
    assert accept(api(), secret).status_code == 201


def test_guessing_secrets_is_slowed_down(api, admin, monkeypatch):
    monkeypatch.setattr(throttles, "FAILURES_MAX", 3)
    for number in range(3):
        assert_problem(accept(api(), f"x{number}"), 404, "not-found")
    _, secret = people.invite(roles=[], by=admin)
    response = accept(api(), secret)
    assert_problem(response, 429, "locked-out")
    assert int(response["Retry-After"]) >= 1


def test_invitations_are_listed_newest_first_in_pages(api, admin):
    expected = [invite(api(admin)).json()["id"] for _ in range(3)]
    url, ids = f"{URL}?limit=2", []
    while url:
        page = api(admin).get(url).json()
        ids += [line["id"] for line in page["results"]]
        url = page["next"]
    assert ids == expected[::-1]


def test_more_invitations_cost_no_more_queries(
    api, admin, django_assert_max_num_queries
):
    client = api(admin)
    for _ in range(5):
        invite(client)
    with django_assert_max_num_queries(2):
        assert len(client.get(URL).json()["results"]) == 5


def test_an_unknown_invitation_is_not_found(api, admin):
    assert_problem(api(admin).get(f"{URL}4711/"), 404, "not-found")
