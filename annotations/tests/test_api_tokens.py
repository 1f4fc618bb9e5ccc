"""Sign-in for programs: tokens, and protection against guessing."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from knox.models import AuthToken
from rest_framework.test import APIClient

from annotations.api import throttles

from .factories import UserFactory
from .test_api_errors import assert_problem

PASSWORD = "a long enough sentence"
URL = "/api/v1/tokens/"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def person(db):
    return UserFactory(username="pat", password=PASSWORD)


def sign_in(username="pat", password=PASSWORD):
    body = {"username": username, "password": password}
    return APIClient().post(URL, body, format="json")


def ask_with(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=token)
    return client.get("/api/v1/me/")


def test_a_token_is_valid_until_it_expires(person):
    response = sign_in()
    assert response.status_code == 201
    assert set(response.json()) == {"token", "expires_at"}
    assert parse_datetime(response.json()["expires_at"]) > timezone.now()
    token = f"Token {response.json()['token']}"
    answer = ask_with(token)
    assert answer.json() == {
        "username": "pat",
        "email": person.email,
        "roles": ["judge"],
    }
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert_problem(ask_with(token), 401, "not-signed-in")


def test_each_sign_in_creates_another_token(person):
    tokens = {sign_in().json()["token"] for _ in range(2)}
    assert len(tokens) == 2
    assert all(ask_with(f"Token {token}").status_code == 200 for token in tokens)


def test_a_failed_sign_in_does_not_say_what_was_wrong(person):
    UserFactory(username="gone", password=PASSWORD, is_active=False)
    answers = [
        sign_in(password="something else"),
        sign_in(username="nobody"),
        sign_in(username="gone"),
    ]
    for answer in answers:
        assert_problem(answer, 401, "wrong-credentials")
        assert answer["WWW-Authenticate"] == "Token"
    assert len({answer.content for answer in answers}) == 1


def test_deactivating_a_user_ends_the_token(person):
    token = f"Token {sign_in().json()['token']}"
    person.is_active = False
    person.save()
    assert_problem(ask_with(token), 401, "not-signed-in")


@pytest.mark.parametrize(
    "header",
    ["Token", "Token ", "Token x y", "Token é", "Token " + "0" * 64, "token zz"],
)
def test_malformed_tokens_are_refused(db, header):
    assert_problem(ask_with(header), 401, "not-signed-in")


def test_guessing_locks_the_account_even_with_the_right_password(person, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(2):
        assert_problem(sign_in(password="guess"), 401, "wrong-credentials")
    locked = [sign_in(password="guess"), sign_in()]
    for response in locked:
        assert_problem(response, 429, "locked-out")
        assert int(response["Retry-After"]) > 0


def test_a_locked_account_does_not_lock_others(person, settings):
    settings.AXES_FAILURE_LIMIT = 3
    UserFactory(username="other", password=PASSWORD)
    for _ in range(4):
        sign_in(password="guess")
    assert sign_in(username="other").status_code == 201


def test_an_address_that_guesses_many_names_is_slowed_down(person, monkeypatch):
    monkeypatch.setattr(throttles, "FAILURES_MAX", 3)
    for number in range(3):
        assert_problem(sign_in(username=f"x{number}"), 401, "wrong-credentials")
    response = sign_in()
    assert_problem(response, 429, "locked-out")
    assert 1 <= int(response["Retry-After"]) <= throttles.WINDOW


def test_successful_sign_ins_are_not_slowed_down(person, monkeypatch):
    monkeypatch.setattr(throttles, "FAILURES_MAX", 1)
    assert {sign_in().status_code for _ in range(3)} == {201}


def test_authentication_by_token_costs_one_query(api, judge, django_assert_num_queries):
    client = api(judge)
    with django_assert_num_queries(1):
        client.get("/api/v1/me/")
