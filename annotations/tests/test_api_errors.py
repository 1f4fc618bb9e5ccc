"""Every error is a problem with a reason, and expected errors are never a 500."""

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from annotations import errors
from annotations.api.errors import status_of
from annotations.queue import NothingToLease

PROBLEM = "application/problem+json"
FUTURE_ADDRESSES = [
    "audit/",
    "webhooks/",
    "tokens/current/",
]


def assert_problem(response, status, slug):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def children(kind):
    return {kind}.union(*(children(child) for child in kind.__subclasses__()))


def test_every_domain_error_has_a_status():
    kinds = children(errors.LabelerError) - {errors.LabelerError, NothingToLease}
    arguments = {errors.Invalid: {"field": ["wrong"]}}
    assert {errors.Invalid, errors.NotFound, errors.WrongState} < kinds
    for kind in kinds:
        assert status_of(kind(arguments.get(kind, "text"))), kind


@pytest.mark.parametrize("address", FUTURE_ADDRESSES)
def test_calls_of_future_versions_do_not_exist(api, admin, address):
    assert_problem(api(admin).get(f"/api/v1/{address}"), 404, "not-found")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_address_is_a_problem_without_redirect_or_csrf_page(db, method):
    client = APIClient(enforce_csrf_checks=True)
    for address in ("/api/v1/nowhere", "/api/v1/me", "/api/", "/api/v2/me/"):
        assert_problem(getattr(client, method)(address), 404, "not-found")


def test_addresses_outside_the_api_answer_with_pages(client, db):
    response = client.get("/metrics")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_a_wrong_method_names_the_allowed_ones(api, admin):
    response = api(admin).delete("/api/v1/me/")
    assert_problem(response, 405, "method-not-allowed")
    assert "GET" in response["Allow"]


def test_options_names_the_methods(api, admin):
    response = api(admin).options("/api/v1/users/")
    assert response.status_code == 204
    assert {"GET", "POST"} <= set(response["Allow"].split(", "))


def test_head_is_get_without_a_body(api, admin):
    response = api(admin).head("/api/v1/me/")
    assert (response.status_code, response.content) == (200, b"")


def test_a_401_names_the_authentication_scheme(api, db):
    response = api().get("/api/v1/me/")
    assert_problem(response, 401, "not-signed-in")
    assert response["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"username": "a\\u0000b"}',
        b'{"username": "\\ud800"}',
        b'{"a\\u0000": 1}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=range(10),
)
def test_invalid_json_is_malformed(api, admin, body):
    response = api(admin).post("/api/v1/users/", body, content_type="application/json")
    if body:
        assert_problem(response, 400, "malformed")
    else:
        assert_problem(response, 400, "invalid")


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_not_an_object_is_invalid(api, admin, body):
    client = api(admin)
    assert_problem(client.post("/api/v1/users/", body, format="json"), 400, "invalid")
    response = client.post("/api/v1/batches/", body, format="json")
    assert_problem(response, 400, "invalid")


def test_another_content_type_is_refused(api, admin):
    response = api(admin).post("/api/v1/users/", "a=1", content_type="text/plain")
    assert_problem(response, 415, "unsupported-media-type")


def test_the_size_of_a_body_is_limited(api, admin):
    body = b'{"username": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
    response = api(admin).post("/api/v1/users/", body, content_type="application/json")
    assert_problem(response, 413, "too-large")


def test_unknown_fields_are_named_and_change_nothing(api, admin, judge):
    response = api(admin).patch(
        f"/api/v1/users/{judge.username}/",
        {"email": "new@example.org", "is_superuser": True, "id": 1},
        format="json",
    )
    problem = assert_problem(response, 400, "invalid")
    assert set(problem["errors"]) == {"is_superuser", "id"}
    judge.refresh_from_db()
    assert judge.email != "new@example.org"


def test_several_wrong_fields_are_all_named(api, admin):
    body = {"username": 5, "password": "short", "roles": ["king"]}
    response = api(admin).post("/api/v1/users/", body, format="json")
    problem = assert_problem(response, 400, "invalid")
    assert set(problem["errors"]) == {"username", "password", "roles.0"}


def test_a_session_needs_the_csrf_token(admin):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(admin)
    body = {"username": "new", "password": "a long enough sentence"}
    response = client.post("/api/v1/users/", body, format="json")
    assert_problem(response, 403, "not-allowed")
    client.get("/sign-in/")
    client.cookies["csrftoken"] = "x" * 32
    response = client.post(
        "/api/v1/users/", body, format="json", HTTP_X_CSRFTOKEN="x" * 32
    )
    assert response.status_code == 201


def test_a_token_needs_no_csrf_token(api, admin):
    client = api(admin)
    client.handler.enforce_csrf_checks = True
    response = client.post("/api/v1/users/", {}, format="json")
    assert_problem(response, 400, "invalid")


def test_bugs_are_problems_without_details(api, admin, monkeypatch, caplog):
    def fail(**fields):
        raise RuntimeError("an internal message")

    monkeypatch.setattr("annotations.people.create", fail)
    client = api(admin)
    client.raise_request_exception = False
    body = {"username": "new", "password": "a long enough sentence"}
    response = client.post("/api/v1/users/", body, format="json")
    problem = assert_problem(response, 500, "server-error")
    assert "internal" not in problem["detail"]


@pytest.mark.parametrize(
    "address",
    [
        "batches/99999999999999999999/",
        "batches/-1/",
        "batches/1.5/",
        "entities/%00/",
        "entities/" + "x" * 129 + "/",
        "entities/a b/",
        "entities/%FF%FE/",
        "candidates/1.99999/image/",
        "candidates/999999999999999999/image/",
        "images/" + "g" * 64 + "/",
        "users/%00/",
        "imports/0/refused.tsv",
    ],
)
def test_odd_addresses_are_not_found(api, admin, address):
    client = api(admin)
    client.raise_request_exception = True
    response = client.get(f"/api/v1/{address}")
    assert response.status_code in (404, 405), address


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=",
        "cursor=-1",
        "cursor=99999999999999999999",
        "cursor=%00",
        "limit=0",
        "limit=201",
        "limit=1.5",
    ],
)
def test_a_bad_cursor_or_limit_is_invalid(api, admin, query):
    response = api(admin).get(f"/api/v1/users/?{query}")
    problem = assert_problem(response, 400, "invalid")
    assert set(problem["errors"]) <= {"cursor", "limit"}
