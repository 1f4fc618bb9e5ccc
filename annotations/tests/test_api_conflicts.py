"""Conflicts in the API, in the order in which a program uses the calls."""

import pytest

from annotations import batches, queue
from annotations.models import Candidate, Report

from .desk import batch_of, say_all
from .factories import CandidateFactory
from .pictures import stored

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


@pytest.fixture
def disputed(judge, other_judge):
    """An open batch of two candidates on which two judges disagree."""
    batch = batch_of(judge, other_judge, candidates=2)
    for person, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(person, queue.lease(judge=person), verdict)
    return batch


def rule(client, batch, candidate, verdict="no", **more):
    body = {"batch": batch.pk, "candidate": candidate, "verdict": verdict, **more}
    return client.post(f"{V1}/rulings/", body, format="json")


def test_from_the_list_to_a_ruling_and_back(disputed, adjudicator, api):
    client = api(adjudicator)
    page = client.get(f"{V1}/batches/{disputed.pk}/conflicts/").json()
    assert page["next"] is None
    first, second = page["results"]
    assert first["kinds"] == ["disputed"]
    assert [(v["who"], v["judge"]) for v in first["votes"]] == [
        ("A", None),
        ("B", None),
    ]
    assert {v["verdict"] for v in first["votes"]} == {"yes", "no"}
    leased = client.post(f"{V1}/conflicts/lease/", {}, format="json").json()
    assert leased["batch"] == disputed.pk
    assert leased["candidate"] == first["candidate"]
    assert leased["expires_at"]
    note = f"{V1}/batches/{disputed.pk}/conflicts/{leased['candidate']}/comments/"
    assert client.post(note, {"text": "Her sister?"}, format="json").status_code == 201
    ruling = rule(client, disputed, leased["candidate"], note="The sister.")
    assert ruling.status_code == 201
    assert ruling.json()["by"] == adjudicator.username
    second_ruling = rule(client, disputed, leased["candidate"], "yes")
    assert (second_ruling.status_code, second_ruling.json()["type"]) == (
        409,
        "/problems/ruled",
    )
    case = client.get(
        f"{V1}/batches/{disputed.pk}/conflicts/{leased['candidate']}/"
    ).json()
    assert {v["judge"] for v in case["votes"]} == {"jo", "olga"}
    assert case["comments"][0]["text"] == "Her sister?"
    [standing_ruling] = client.get(f"{V1}/rulings/?batch={disputed.pk}").json()[
        "results"
    ]
    assert standing_ruling == ruling.json()
    next_lease = client.post(
        f"{V1}/conflicts/lease/", {"batch": disputed.pk}, format="json"
    )
    assert next_lease.json()["candidate"] == second["candidate"]
    reopened = client.delete(f"{V1}/rulings/{ruling.json()['id']}/")
    assert reopened.status_code == 204
    assert client.delete(f"{V1}/rulings/{ruling.json()['id']}/").status_code == 204
    conflicts = client.get(f"{V1}/batches/{disputed.pk}/conflicts/").json()["results"]
    assert len(conflicts) == 2


def test_a_candidates_history_names_everything(disputed, adjudicator, admin, api):
    candidate = Candidate.objects.order_by("pk")[0].pk
    rule(api(adjudicator), disputed, candidate, note="The sister.")
    events = api(admin).get(f"{V1}/candidates/{candidate}/history/").json()["events"]
    assert [(e["by"], e["batch"], e["said"]) for e in events[:1]] == [
        ("rut", disputed.pk, "The sister.")
    ]
    assert {e["by"] for e in events} == {"rut", "jo", "olga"}


def test_the_list_of_conflicts_is_paginated(disputed, adjudicator, api, judge):
    candidates = list(Candidate.objects.order_by("pk"))
    first = candidates[0]
    later = CandidateFactory(entity=first.entity)
    batches.refresh(batch=disputed, by=adjudicator)
    queue.report(candidate=later, by=judge, reason="other", comment="")
    client, address, ids = api(adjudicator), None, []
    address = f"{V1}/batches/{disputed.pk}/conflicts/?limit=1"
    while address:
        page = client.get(address).json()
        ids += [row["candidate"] for row in page["results"]]
        address = page["next"]
    assert sorted(ids) == sorted([*(c.pk for c in candidates), later.pk])


def test_without_conflicts_a_lease_is_204(adjudicator, api, batch):
    client = api(adjudicator)
    assert client.post(f"{V1}/conflicts/lease/", {}, format="json").status_code == 204
    response = client.post(f"{V1}/conflicts/lease/", {"batch": batch.pk}, format="json")
    assert response.status_code == 204
    unknown = client.post(f"{V1}/conflicts/lease/", {"batch": 0}, format="json")
    assert unknown.status_code == 404


def test_an_adjudicator_sees_pictures_of_conflicts_only(
    judge, other_judge, adjudicator, api
):
    batch = batch_of(judge, other_judge, candidates=0)
    entity = batch.batchentity_set.get().entity
    reported_candidate = CandidateFactory(entity=entity, image=stored(seed=5))
    other_candidate = CandidateFactory(entity=entity, image=stored(seed=6))
    batches.refresh(batch=batch, by=adjudicator)
    client = api(adjudicator)
    report = queue.report(
        candidate=reported_candidate, by=judge, reason="minor", comment=""
    )
    for name in ("image", "thumbnail"):
        visible = client.get(f"{V1}/candidates/{reported_candidate.pk}/{name}/")
        assert visible.status_code == 200
        assert visible["Cache-Control"] == "private, max-age=3600"
        hidden = client.get(f"{V1}/candidates/{other_candidate.pk}/{name}/")
        assert hidden.status_code == 404
    picture = f"{V1}/entities/{entity.key}/representative/"
    assert client.get(picture).status_code == 200
    assert client.delete(f"{V1}/reports/{report.pk}/").status_code == 204
    assert Report.objects.get().dismissed_by == adjudicator
    assert (
        client.get(f"{V1}/candidates/{reported_candidate.pk}/image/").status_code == 404
    )
    assert client.get(picture).status_code == 404


def test_a_second_look_is_requested_shown_and_answered(
    disputed, adjudicator, judge, other_judge, api
):
    candidate = Candidate.objects.order_by("pk")[0].pk
    address = f"{V1}/batches/{disputed.pk}/conflicts/{candidate}/second-looks/"
    requested = api(adjudicator).post(address, {"question": "Sister?"}, format="json")
    assert requested.status_code == 201
    assert {look["who"] for look in requested.json()} == {"A", "B"}
    client = api(other_judge)
    [second_look] = client.get(f"{V1}/second-looks/").json()["results"]
    assert "others" not in second_look
    votes = client.post(f"{V1}/second-looks/{second_look['id']}/see/").json()
    assert [(v["judge"], v["verdict"]) for v in votes["others"]] == [(None, "yes")]
    body = {"verdict": "yes", "argument": "Now I see it."}
    answer = f"{V1}/second-looks/{second_look['id']}/answer/"
    assert client.post(answer, body, format="json").status_code == 204
    assert client.post(answer, body, format="json").status_code == 404
    stranger = api(judge).post(f"{V1}/second-looks/{second_look['id']}/see/")
    assert stranger.status_code == 404


def test_voiding_needs_a_reason(disputed, admin, judge, api):
    address = f"{V1}/batches/{disputed.pk}/judges/{judge.username}/void/"
    response = api(admin).post(address, {"reason": " "}, format="json")
    assert response.status_code == 400
    assert "reason" in response.json()["errors"]
    response = api(admin).post(address, {"reason": "All yes."}, format="json")
    assert response.status_code == 201
    assert response.json()["judgments"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "skip"},
        {"verdict": None},
        {"verdict": "yes", "note": 5},
        {"verdict": "yes", "by": "me"},
    ],
)
def test_wrong_values_of_a_ruling_are_named(disputed, adjudicator, api, body):
    candidate = Candidate.objects.order_by("pk")[0].pk
    client = api(adjudicator)
    response = client.post(
        f"{V1}/rulings/",
        {"batch": disputed.pk, "candidate": candidate} | body,
        format="json",
    )
    assert response.status_code == 400
    assert set(response.json()["errors"]) & set(body)
