"""Conflicts through the API: a flow as an outside program would write it."""

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
    """An open batch of two candidates that two judges see differently."""
    batch = batch_of(judge, other_judge, candidates=2)
    for who, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(who, queue.lease(judge=who), verdict)
    return batch


def rule(client, batch, candidate, verdict="no", **more):
    body = {"batch": batch.pk, "candidate": candidate, "verdict": verdict, **more}
    return client.post(f"{V1}/rulings/", body, format="json")


def test_from_the_list_to_a_ruling_and_back(disputed, adjudicator, api):
    client = api(adjudicator)
    listed = client.get(f"{V1}/batches/{disputed.pk}/conflicts/").json()
    assert listed["next"] is None
    first, second = listed["results"]
    assert first["kinds"] == ["disputed"]
    assert [(v["who"], v["judge"]) for v in first["votes"]] == [
        ("A", None),
        ("B", None),
    ]
    assert {v["verdict"] for v in first["votes"]} == {"yes", "no"}
    held = client.post(f"{V1}/conflicts/lease/", {}, format="json").json()
    assert held["batch"] == disputed.pk
    assert held["candidate"] == first["candidate"]
    assert held["expires_at"]
    note = f"{V1}/batches/{disputed.pk}/conflicts/{held['candidate']}/comments/"
    assert client.post(note, {"text": "Her sister?"}, format="json").status_code == 201
    ruled = rule(client, disputed, held["candidate"], note="The sister.")
    assert ruled.status_code == 201
    assert ruled.json()["by"] == adjudicator.username
    again = rule(client, disputed, held["candidate"], "yes")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/ruled")
    case = client.get(
        f"{V1}/batches/{disputed.pk}/conflicts/{held['candidate']}/"
    ).json()
    assert {v["judge"] for v in case["votes"]} == {"jo", "olga"}
    assert case["comments"][0]["text"] == "Her sister?"
    [standing] = client.get(f"{V1}/rulings/?batch={disputed.pk}").json()["results"]
    assert standing == ruled.json()
    following = client.post(
        f"{V1}/conflicts/lease/", {"batch": disputed.pk}, format="json"
    )
    assert following.json()["candidate"] == second["candidate"]
    reopened = client.delete(f"{V1}/rulings/{ruled.json()['id']}/")
    assert reopened.status_code == 204
    assert client.delete(f"{V1}/rulings/{ruled.json()['id']}/").status_code == 204
    left = client.get(f"{V1}/batches/{disputed.pk}/conflicts/").json()["results"]
    assert len(left) == 2


def test_a_candidates_history_names_everything(disputed, adjudicator, admin, api):
    candidate = Candidate.objects.order_by("pk")[0].pk
    rule(api(adjudicator), disputed, candidate, note="The sister.")
    told = api(admin).get(f"{V1}/candidates/{candidate}/history/").json()["events"]
    assert [(e["by"], e["batch"], e["said"]) for e in told[:1]] == [
        ("rut", disputed.pk, "The sister.")
    ]
    assert {e["by"] for e in told} == {"rut", "jo", "olga"}


def test_pages_of_the_list_follow_each_other(disputed, adjudicator, api, judge):
    candidates = list(Candidate.objects.order_by("pk"))
    settled = candidates[0]
    later = CandidateFactory(entity=settled.entity)
    batches.refresh(batch=disputed, by=adjudicator)
    queue.report(candidate=later, by=judge, reason="other", comment="")
    client, address, seen = api(adjudicator), None, []
    address = f"{V1}/batches/{disputed.pk}/conflicts/?limit=1"
    while address:
        page = client.get(address).json()
        seen += [row["candidate"] for row in page["results"]]
        address = page["next"]
    assert sorted(seen) == sorted([*(c.pk for c in candidates), later.pk])


def test_nothing_to_look_at_is_204(adjudicator, api, batch):
    client = api(adjudicator)
    assert client.post(f"{V1}/conflicts/lease/", {}, format="json").status_code == 204
    asked = client.post(f"{V1}/conflicts/lease/", {"batch": batch.pk}, format="json")
    assert asked.status_code == 204
    missing = client.post(f"{V1}/conflicts/lease/", {"batch": 0}, format="json")
    assert missing.status_code == 404


def test_an_adjudicator_sees_pictures_of_conflicts_only(
    judge, other_judge, adjudicator, api
):
    batch = batch_of(judge, other_judge, candidates=0)
    entity = batch.batchentity_set.get().entity
    shown = CandidateFactory(entity=entity, image=stored(seed=5))
    other = CandidateFactory(entity=entity, image=stored(seed=6))
    batches.refresh(batch=batch, by=adjudicator)
    client = api(adjudicator)
    report = queue.report(candidate=shown, by=judge, reason="minor", comment="")
    for name in ("image", "thumbnail"):
        seen = client.get(f"{V1}/candidates/{shown.pk}/{name}/")
        assert seen.status_code == 200
        assert seen["Cache-Control"] == "private, max-age=3600"
        unseen = client.get(f"{V1}/candidates/{other.pk}/{name}/")
        assert unseen.status_code == 404
    picture = f"{V1}/entities/{entity.key}/representative/"
    assert client.get(picture).status_code == 200
    assert client.delete(f"{V1}/reports/{report.pk}/").status_code == 204
    assert Report.objects.get().dismissed_by == adjudicator
    assert client.get(f"{V1}/candidates/{shown.pk}/image/").status_code == 404
    assert client.get(picture).status_code == 404


def test_a_second_look_is_asked_seen_and_answered(
    disputed, adjudicator, judge, other_judge, api
):
    candidate = Candidate.objects.order_by("pk")[0].pk
    address = f"{V1}/batches/{disputed.pk}/conflicts/{candidate}/second-looks/"
    asked = api(adjudicator).post(address, {"question": "Sister?"}, format="json")
    assert asked.status_code == 201
    assert {look["who"] for look in asked.json()} == {"A", "B"}
    client = api(other_judge)
    [waiting] = client.get(f"{V1}/second-looks/").json()["results"]
    assert "others" not in waiting
    seen = client.post(f"{V1}/second-looks/{waiting['id']}/see/").json()
    assert [(v["judge"], v["verdict"]) for v in seen["others"]] == [(None, "yes")]
    told = {"verdict": "yes", "argument": "Now I see it."}
    answer = f"{V1}/second-looks/{waiting['id']}/answer/"
    assert client.post(answer, told, format="json").status_code == 204
    assert client.post(answer, told, format="json").status_code == 404
    stranger = api(judge).post(f"{V1}/second-looks/{waiting['id']}/see/")
    assert stranger.status_code == 404


def test_voiding_needs_a_reason(disputed, admin, judge, api):
    address = f"{V1}/batches/{disputed.pk}/judges/{judge.username}/void/"
    refused = api(admin).post(address, {"reason": " "}, format="json")
    assert refused.status_code == 400
    assert "reason" in refused.json()["errors"]
    done = api(admin).post(address, {"reason": "All yes."}, format="json")
    assert done.status_code == 201
    assert done.json()["judgments"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "skip"},
        {"verdict": None},
        {"verdict": "yes", "note": 5},
        {"verdict": "yes", "by": "me"},
    ],
)
def test_what_is_no_ruling_is_refused_by_field(disputed, adjudicator, api, body):
    candidate = Candidate.objects.order_by("pk")[0].pk
    client = api(adjudicator)
    response = client.post(
        f"{V1}/rulings/",
        {"batch": disputed.pk, "candidate": candidate} | body,
        format="json",
    )
    assert response.status_code == 400
    assert set(response.json()["errors"]) & set(body)
