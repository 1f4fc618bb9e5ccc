"""The OpenAPI document is complete, and the server does what it says."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from knox.models import AuthToken

from annotations.models import Role

from .factories import CandidateFactory, EntityFactory, UserFactory
from .pictures import stored

HERE = Path(__file__).parent
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(document):
    found = [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    assert len(found) > 80
    return found


def test_the_document_is_valid_and_without_warnings(tmp_path):
    target = str(tmp_path / "schema.yaml")
    call_command("spectacular", validate=True, fail_on_warn=True, file=target)


def test_every_call_has_a_sentence_and_a_name_of_its_own(document):
    found = operations(document)
    assert len(found) == len({operation["operationId"] for *_, operation in found})
    assert all(operation.get("description") for *_, operation in found)


def test_every_problem_is_a_problem_document(document):
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and status != "414":
                assert list(response["content"]) == ["application/problem+json"], (
                    path,
                    method,
                    status,
                )


def test_every_call_but_those_for_strangers_names_401_and_403(document):
    for path, _, operation in operations(document):
        if path not in ("/api/v1/tokens/", "/api/v1/invitations/accept/"):
            assert {"401", "403"} <= set(operation["responses"]), path


def test_bodies_allow_no_unnamed_fields(document):
    schemas = document["components"]["schemas"]
    bodies = [name for name in schemas if name.endswith("Request")]
    assert len(bodies) > 20
    for name in bodies:
        assert schemas[name]["additionalProperties"] is False, name


@pytest.mark.parametrize(
    "address", ["/api/schema/", "/api/docs/", "/api/docs/?script="]
)
def test_anybody_may_read_it(client, db, address):
    response = client.get(address)
    assert response.status_code == 200


def test_the_readable_form_runs_no_inline_script(client, db):
    response = client.get("/api/docs/")
    page = response.content.decode()
    assert page.count("<script") == page.count("<script src=")
    policy = response["Content-Security-Policy"]
    scripts = policy.partition("script-src")[2].partition(";")[0]
    assert "unsafe-inline" not in scripts
    assert "//" not in page.replace("http://testserver", "")


@pytest.fixture
def world(transactional_db, judge, make_batch, enqueued):
    """Something of everything, so that calls find what they ask for."""
    UserFactory(username="other", roles=[Role.ADMIN, Role.JUDGE])
    make_batch([judge], candidates=3, page_size=2)
    CandidateFactory(entity=EntityFactory(key="m.seen"), image=stored(seed=1))


# Coverage takes the longest by far, and a judge may do little of what it tries.
@pytest.mark.parametrize(
    ("role", "phases", "examples"),
    [
        ("admin", "examples,coverage,fuzzing,stateful", 3),
        ("judge", "examples,fuzzing,stateful", 4),
    ],
)
@pytest.mark.timeout(240)
def test_the_server_does_what_the_document_says(
    role, phases, examples, world, admin, judge, live_server, settings, tmp_path
):
    """A bounded run of schemathesis: the same one with more examples runs for minutes."""
    settings.ALLOWED_HOSTS = ["*"]
    _, token = AuthToken.objects.create(admin if role == "admin" else judge)
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(HERE / "schemathesis.toml"), "run"),
        f"{live_server.url}/api/schema/",
        *("-H", f"Authorization: Token {token}", "--seed", "1"),
        *("--phases", phases, "--max-examples", str(examples), "--workers", "2"),
        *("--generation-database", "none", "--no-color", "--warnings", "off"),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-20_000:]
