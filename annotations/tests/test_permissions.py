"""Permissions: every call of the OpenAPI document, made by every kind of user.

A call that is missing in `EXPECTED` fails, so the table grows with the API.
"""

import json
import uuid

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from annotations import adjudication, batches, people, queue
from annotations.models import Import, Release, Role

from .factories import (
    CandidateFactory,
    EntityFactory,
    EvaluationFactory,
    ScorerFactory,
    UserFactory,
)
from .pictures import stored

PEOPLE = (
    "anonymous",
    "judge",
    "other_judge",
    "stranger",
    "adjudicator",
    "admin",
    "deactivated",
)
SIGNED_IN = {"judge": 2, "other_judge": 2, "stranger": 2, "adjudicator": 2, "admin": 2}
ADMINS = {"admin": 2}
# The fixture `world` has a batch of judge and other_judge. Its page belongs to judge.
ITS_JUDGES = {"admin": 2, "judge": 2, "other_judge": 2, "stranger": 404}
# Lists are filtered: judges get their own objects.
FILTERED = {"admin": 2, "judge": 2, "other_judge": 2, "stranger": 2}
JUDGES = {"judge": 2, "other_judge": 2, "stranger": 2}
ADJUDICATORS = {"adjudicator": 2, "admin": 2}
ALL_400, ALL_404, ALL_409 = (
    dict.fromkeys(ADJUDICATORS, status) for status in (400, 404, 409)
)
OWN_PAGE = {"judge": 2, "other_judge": 404, "stranger": 404}
OWN_TILE = {"judge": 2, "other_judge": 404, "stranger": 404, "admin": 404}

# The status for each user. Users who are missing get 401 without a valid sign-in, else
# 403. 2 is any success. An empty body is refused after the permission check: 400.
EXPECTED = {
    "POST tokens/": dict.fromkeys(PEOPLE, 400),
    "GET me/": SIGNED_IN,
    "GET users/": ADMINS,
    "POST users/": {"admin": 400},
    "GET users/{username}/": ADMINS,
    "PATCH users/{username}/": ADMINS,
    "POST users/{username}/password-reset/": ADMINS,
    "GET invitations/": ADMINS,
    "POST invitations/": {"admin": 400},
    "GET invitations/{id}/": ADMINS,
    "DELETE invitations/{id}/": ADMINS,
    "POST invitations/accept/": dict.fromkeys(PEOPLE, 400),
    "GET entities/": FILTERED,
    "GET entities/{key}/": ITS_JUDGES,
    "PATCH entities/{key}/": ADMINS,
    "DELETE entities/{key}/": ADMINS,
    "GET entities/{key}/representative/": ITS_JUDGES | {"adjudicator": 2},
    "DELETE images/{sha256}/": {"admin": 404},
    "GET candidates/": ADMINS,
    "GET candidates/{id}/": ADMINS,
    "GET candidates/{id}/history/": ADMINS,
    "GET candidates/{id}/original/": ADMINS,
    "GET candidates/{ref}/image/": OWN_TILE | {"adjudicator": 404},
    "GET candidates/{ref}/thumbnail/": OWN_TILE | {"adjudicator": 404},
    "POST candidates/{ref}/reports/": OWN_TILE | {"judge": 400},
    "GET imports/": ADMINS,
    "POST imports/": {"admin": 400},
    "GET imports/{id}/": ADMINS,
    "GET imports/{id}/refused.tsv": ADMINS,
    "GET batches/": FILTERED,
    "POST batches/": {"admin": 400},
    "POST batches/preview/": {"admin": 400},
    "GET batches/{id}/": ITS_JUDGES,
    "PATCH batches/{id}/": ADMINS,
    "POST batches/{id}/open/": ADMINS,
    "POST batches/{id}/close/": ADMINS,
    "POST batches/{id}/refresh/": ADMINS,
    "POST batches/{id}/judges/": {"admin": 400},
    "DELETE batches/{id}/judges/{username}/": ADMINS,
    "POST batches/{id}/judges/{username}/void/": {"admin": 400},
    "GET batches/{id}/guidelines/": ADMINS,
    "GET batches/{id}/progress/": ITS_JUDGES,
    "GET batches/{id}/agreement/": ADMINS,
    "GET batches/{id}/reliability/": ADJUDICATORS,
    "GET batches/{id}/conflicts/": ADJUDICATORS,
    "GET batches/{id}/conflicts/{candidate}/": ADJUDICATORS,
    "POST batches/{id}/conflicts/{candidate}/put-off/": ADJUDICATORS,
    "POST batches/{id}/conflicts/{candidate}/comments/": ADJUDICATORS | ALL_400,
    "POST batches/{id}/conflicts/{candidate}/second-looks/": ADJUDICATORS | ALL_409,
    "GET batches/{id}/conflicts/{candidate}/settled/{place}/": ADJUDICATORS | ALL_404,
    "POST conflicts/lease/": ADJUDICATORS,
    "GET rulings/": ADJUDICATORS,
    "POST rulings/": ADJUDICATORS | ALL_400,
    "DELETE rulings/{id}/": ADJUDICATORS,
    "DELETE reports/{id}/": ADJUDICATORS,
    "GET second-looks/": JUDGES,
    "POST second-looks/{id}/see/": dict.fromkeys(JUDGES, 404),
    "POST second-looks/{id}/answer/": dict.fromkeys(JUDGES, 400),
    "GET batches/{id}/held/": ADMINS,
    "GET batches/{id}/hours.tsv": ADMINS,
    "GET assignments/": JUDGES,
    "POST assignments/lease/": JUDGES,
    "GET assignments/{id}/": OWN_PAGE,
    "GET assignments/{id}/settled/{place}/": OWN_PAGE | {"judge": 404},
    "POST assignments/{id}/renew/": OWN_PAGE,
    "POST assignments/{id}/release/": OWN_PAGE | ADMINS,
    "POST assignments/{id}/submit/": OWN_PAGE | {"judge": 409},
    "PUT judgments/": dict.fromkeys(JUDGES, 400),
    "GET scorers/": ADMINS,
    "GET scorers/{id}/": ADMINS,
    "PATCH scorers/{id}/": ADMINS,
    "GET scorers/{id}/fits/": ADMINS,
    "POST scorers/{id}/fits/": ADMINS,
    "GET scorers/{id}/failures/": ADMINS,
    "POST scorers/{id}/failures/retry/": ADMINS,
    "DELETE scorers/{id}/embeddings/": ADMINS,
    "GET batches/{id}/scoring/": ADMINS,
    "GET releases/{id}/evaluations/": ADMINS,
    "POST releases/{id}/evaluations/": {"admin": 400},
    "GET evaluations/{id}/": ADMINS,
    "DELETE evaluations/{id}/": ADMINS,
    "GET releases/": ADMINS,
    "POST releases/": {"admin": 400},
    "POST releases/preview/": {"admin": 400},
    "GET releases/{id}/": ADMINS,
    "DELETE releases/{id}/": {"admin": 409},
    "POST releases/{id}/retry/": {"admin": 409},
    "GET releases/{id}/changes/": {"admin": 400},
    "GET releases/{id}/truth.tsv": {"admin": 404},
    "GET releases/{id}/judgments.tsv": {"admin": 404},
    "GET releases/{id}/measurement.tsv": {"admin": 400},
    "GET releases/{id}/key.tsv": {"admin": 400},
    "GET releases/{id}/removals.tsv": {"admin": 404},
    "GET releases/{id}/datasheet.md": {"admin": 404},
    "GET releases/{id}/croissant.json": {"admin": 404},
    "GET truth.tsv": ADMINS,
    "GET judgments.tsv": ADMINS,
}


def calls():
    document = SchemaGenerator().get_schema(request=None, public=True)
    return sorted(
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, item in document["paths"].items()
        for method in item
    )


@pytest.fixture
def world(db, admin, judge, other_judge, stranger, adjudicator):
    """An open batch, a page of the judge, and one user of every kind."""
    entity = EntityFactory(key="m.world")
    CandidateFactory(entity=entity, image=stored(seed=2))
    batch = batches.create(by=admin, name="b", entities=[entity.key])
    names = [judge.username, other_judge.username]
    batches.add_judges(batch=batch, usernames=names, by=admin)
    batches.open_batch(batch=batch, by=admin)
    reported_candidate = CandidateFactory(entity=entity)
    batches.refresh(batch=batch, by=admin)
    report = queue.report(
        candidate=reported_candidate, by=admin, reason="other", comment=""
    )
    ruled_candidate = CandidateFactory(entity=entity)
    batches.refresh(batch=batch, by=admin)
    ruling = adjudication.rule(
        batch=batch, candidate=ruled_candidate.pk, verdict="yes", by=admin
    )
    return {
        "reported": reported_candidate,
        "rulings": ruling.pk,
        "reports": report.pk,
        "page": queue.lease(judge=judge),
        "batch": batch,
        "scorer": ScorerFactory(),
        "evaluation": EvaluationFactory(release__state="failed"),
        "release": unmade_release(batch),
        "import": Import.objects.create(by=admin),
        "invitation": people.invite(roles=["judge"], by=admin)[0],
        "people": {
            "anonymous": None,
            "judge": judge,
            "other_judge": other_judge,
            "stranger": stranger,
            "adjudicator": adjudicator,
            "admin": admin,
            "deactivated": UserFactory(is_active=False, roles=[Role.ADMIN]),
        },
    }


def unmade_release(batch):
    return Release.objects.create(
        name="n",
        batches=[batch.pk],
        dev_entities=0,
        distractors=0,
        seed=0,
        created_by=batch.created_by,
    )


def address_of(path, world):
    page = world["page"]
    ids = {"batches": world["batch"].pk, "imports": world["import"].pk}
    ids |= {"invitations": world["invitation"].pk}
    ids |= {"assignments": page.pk, "candidates": page.candidates[0]}
    ids |= {"rulings": world["rulings"], "reports": world["reports"]}
    ids |= {"second-looks": 0, "scorers": world["scorer"].pk}
    ids |= {"evaluations": world["evaluation"].pk}
    ids |= {"releases": world["release"].pk}
    address = path.format(
        id=ids.get(path.split("/")[0]),
        candidate=world["reported"].pk,
        ref=page.tile_id(0),
        place=0,
        key="m.world",
        username="olga",
        sha256="0" * 64,
    )
    query = {
        "candidates/": "?entity=m.world",
        "rulings/": f"?batch={world['batch'].pk}",
        "truth.tsv": f"?batch={world['batch'].pk}",
        "judgments.tsv": f"?batch={world['batch'].pk}",
    }
    return f"/api/v1/{address}{query.get(path, '')}"


def ask(client, call, world):
    method, path = call.split(" ")
    send = getattr(client, method.lower())
    if call in ("POST imports/", "POST releases/{id}/evaluations/"):
        return send(address_of(path, world), {}, format="multipart")
    if method == "GET":
        return send(address_of(path, world))
    return send(address_of(path, world), {}, format="json")


def test_the_table_names_every_call_and_no_other():
    assert set(calls()) == set(EXPECTED)


@pytest.mark.parametrize("call", sorted(EXPECTED))
def test_every_user_gets_the_expected_status(call, world, api):
    # Admins last: their calls (delete, close) change the objects.
    for name in sorted(PEOPLE, key=lambda name: name == "admin"):
        response = ask(api(world["people"][name]), call, world)
        refusal = 401 if name in ("anonymous", "deactivated") else 403
        expected = EXPECTED[call].get(name, refusal)
        status = response.status_code
        message = (
            f"{call} by {name}: {status} {getattr(response, 'content', b'')[:200]!r}"
        )
        assert status == expected or status // 100 == expected, message
        if status >= 400:
            problem = json.loads(response.content)
            assert problem["status"] == status, message
            assert response["Content-Type"] == "application/problem+json", message


@pytest.mark.parametrize("call", sorted(EXPECTED))
def test_a_session_has_the_permissions_of_a_token(call, world):
    """A user can do the same with a session; CSRF protects unsafe methods only."""
    for name in ("judge", "adjudicator", "deactivated"):
        client = APIClient()
        client.force_login(world["people"][name])
        response = ask(client, call, world)
        refusal = 401 if name == "deactivated" else 403
        expected = EXPECTED[call].get(name, refusal)
        status = response.status_code
        assert status == expected or status // 100 == expected, (call, name, status)


def test_no_call_of_another_judge_changes_a_page(world, api):
    page, client = world["page"], api(world["people"]["other_judge"])
    for act in ("renew", "release", "submit"):
        client.post(f"/api/v1/assignments/{page.pk}/{act}/")
    mark = {
        "id": str(uuid.uuid4()),
        "assignment": page.pk,
        "candidate": page.tile_id(0),
        "verdict": "no",
        "decided_at": "2024-01-01T00:00:00Z",
        "seconds": 1,
        "how": "key",
    }
    response = client.put("/api/v1/judgments/", {"judgments": [mark]}, format="json")
    assert response.json()["results"][0]["reason"] == "not-yours"
    before = (page.state, page.expires_at)
    page.refresh_from_db()
    assert (page.state, page.expires_at) == before
