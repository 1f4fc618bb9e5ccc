"""Scorers in the API: for admins only."""

import pytest

from annotations import tasks
from annotations.models import Embedding, PendingScoring, Scorer
from annotations.scoring import control

from .factories import (
    CandidateFactory,
    EntityFactory,
    FitFactory,
    ScoreFactory,
    ScorerFactory,
)
from .test_api_errors import assert_problem

URL = "/api/v1/scorers/"


@pytest.fixture
def scorer(db):
    return ScorerFactory(version="1.0")


@pytest.fixture
def address(scorer):
    return f"{URL}{scorer.pk}/"


def test_scorers_are_listed_with_their_latest_fits(api, admin, scorer):
    pixels = ScorerFactory(name="pixels")
    FitFactory(scorer=scorer)
    latest = FitFactory(scorer=scorer)
    page = api(admin).get(f"{URL}?limit=1").json()
    [first] = page["results"]
    assert (first["id"], first["name"], first["version"]) == (scorer.pk, "faces", "1.0")
    assert (first["is_active"], first["paused"]) == (True, False)
    assert first["fit"]["id"] == latest.pk
    assert first["fit"]["reliability"][0] == latest.reliability[0]
    [second] = api(admin).get(page["next"]).json()["results"]
    assert (second["id"], second["fit"]) == (pixels.pk, None)
    assert api(admin).get(f"{URL}{scorer.pk}/").json() == first
    assert_problem(api(admin).get(f"{URL}4711/"), 404, "not-found")


def test_more_scorers_and_fits_cost_no_more_queries(
    api, admin, django_assert_num_queries
):
    client = api(admin)
    for n in range(2):
        for m in range(3):
            FitFactory(scorer=ScorerFactory(name=f"model{n}{m}"))
        with django_assert_num_queries(4):
            client.get(URL)


def test_a_scorer_is_paused_and_resumed(api, admin, address, scorer):
    client = api(admin)
    paused = client.patch(address, {"paused": True}, format="json").json()
    assert paused["paused"]
    assert paused["paused_at"]
    assert client.patch(address, {}, format="json").json() == paused
    assert Scorer.objects.get().paused_at is not None
    assert not client.patch(address, {"paused": False}, format="json").json()["paused"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"paused": 1}, "paused"),
        ({"paused": None}, "paused"),
        ({"is_active": False}, "is_active"),
    ],
)
def test_wrong_changes_are_refused_by_name(api, admin, address, body, field):
    response = api(admin).patch(address, body, format="json")
    assert field in assert_problem(response, 400, "invalid")["errors"]


def test_fits_are_listed_the_newest_first(api, admin, address, scorer):
    ids = [FitFactory(scorer=scorer, auc=None).pk for _ in range(3)]
    FitFactory(scorer=ScorerFactory(name="pixels"))
    page = api(admin).get(f"{address}fits/?limit=2").json()
    second_page = api(admin).get(page["next"]).json()
    fits = page["results"] + second_page["results"]
    assert [fit["id"] for fit in fits] == ids[::-1]
    assert fits[0]["auc"] is None
    assert "parameters" not in fits[0]


def test_failures_are_listed_and_retried(api, admin, address, scorer):
    failed = [ScoreFactory(scorer=scorer, failed=True) for _ in range(3)]
    ScoreFactory(scorer=scorer)
    client = api(admin)
    page = client.get(f"{address}failures/?limit=2").json()
    second_page = client.get(page["next"]).json()
    rows = page["results"] + second_page["results"]
    assert [row["candidate"] for row in rows] == [f.candidate_id for f in failed]
    assert rows[0]["entity"] == failed[0].candidate.entity.key
    assert rows[0]["problem"] == "The picture ends too early."
    retry = f"{address}failures/retry/"
    one = {"candidate": failed[0].candidate_id}
    assert client.post(retry, one, format="json").json() == {"retried": 1}
    assert_problem(client.post(retry, one, format="json"), 404, "not-found")
    assert client.post(retry, {}, format="json").json() == {"retried": 2}
    assert PendingScoring.objects.count() == 3
    wrong = client.post(retry, {"candidate": "1"}, format="json")
    assert_problem(wrong, 400, "invalid")
    Scorer.objects.update(is_active=False)
    assert_problem(client.post(retry, {}, format="json"), 409, "conflict")


def test_few_embeddings_are_deleted_at_once_and_many_by_a_worker(
    api, admin, address, scorer, monkeypatch
):
    for _ in range(3):
        where = {"scorer": scorer, "candidate": CandidateFactory()}
        Embedding.objects.create(**where, vectors=b"1", boxes=b"2")
    assert api(admin).delete(f"{address}embeddings/").status_code == 204
    assert Embedding.objects.count() == 0
    calls = []
    monkeypatch.setattr(tasks.purge_embeddings, "delay", lambda *a: calls.append(a))
    monkeypatch.setattr(control, "PURGED_AT_ONCE", 0)
    assert api(admin).delete(f"{address}embeddings/").status_code == 202
    assert calls == [(scorer.pk, admin.pk)]


def test_a_batch_shows_the_progress_of_scoring(api, admin, judge, scorer, batch):
    # Opening the batch has made its entity pending.
    assert PendingScoring.objects.update(problem="Away.") == 1
    figures = api(admin).get(f"/api/v1/batches/{batch.pk}/scoring/").json()
    assert figures["entities"] == 1
    [line] = figures["scorers"]
    assert (line["scorer"], line["due"], line["scored"]) == (scorer.pk, 1, 0)
    assert (line["paused"], line["problem"], line["stuck"]) == (False, "Away.", False)
    response = api(judge).get(f"/api/v1/batches/{batch.pk}/scoring/")
    assert_problem(response, 403, "not-allowed")


def test_admins_see_candidates_with_their_scores(api, admin, scorer):
    entity = EntityFactory(key="m.scored")
    candidate = CandidateFactory(entity=entity)
    bare = CandidateFactory(entity=entity)
    old = ScorerFactory(version="0.9", is_active=False)
    ScoreFactory(
        scorer=old, candidate=candidate, outcome="no-face", probability=None, faces=0
    )
    fit = FitFactory(scorer=scorer)
    ScoreFactory(scorer=scorer, candidate=candidate, fit=fit)
    first, second = (
        api(admin).get("/api/v1/candidates/?entity=m.scored").json()["results"]
    )
    assert (second["id"], second["scores"]) == (bare.pk, [])
    new_score, old_score = first["scores"]
    scored_at = new_score.pop("scored_at")
    assert scored_at
    assert new_score == {
        "scorer": "faces",
        "version": "1.0",
        "outcome": "scored",
        "problem": "",
        "probability": 0.9,
        "similarity": 0.6,
        "cohesion": None,
        "faces": 1,
        "side": 80.0,
        "detection": 0.9,
        "compared": 1,
        "fit": fit.pk,
    }
    assert (old_score["version"], old_score["outcome"]) == ("0.9", "no-face")
    assert old_score["probability"] is None
    details = api(admin).get(f"/api/v1/candidates/{candidate.pk}/").json()
    assert details["scores"] == [new_score | {"scored_at": scored_at}, old_score]


def test_more_scores_cost_no_more_queries(
    api, admin, scorer, django_assert_num_queries
):
    entity = EntityFactory(key="m.scored")
    client = api(admin)
    for n in range(2):
        another = ScorerFactory(name=f"model{n}")
        for _ in range(4):
            candidate = CandidateFactory(entity=entity)
            for row_scorer in (scorer, another):
                ScoreFactory(scorer=row_scorer, candidate=candidate)
        with django_assert_num_queries(4):
            client.get("/api/v1/candidates/?entity=m.scored")


def test_scores_change_nothing_that_judges_get(api, judge, scorer, batch):
    entity = batch.batchentity_set.get().entity
    client = api(judge)
    page = client.post("/api/v1/assignments/lease/", format="json").json()
    addresses = [
        f"/api/v1/assignments/{page['assignment']['id']}/",
        "/api/v1/entities/",
        f"/api/v1/entities/{entity.key}/",
        "/api/v1/batches/",
        f"/api/v1/batches/{batch.pk}/",
        f"/api/v1/batches/{batch.pk}/progress/",
    ]
    before = [client.get(address).content for address in addresses]
    fit = FitFactory(scorer=scorer)
    for candidate in entity.candidates.all():
        ScoreFactory(scorer=scorer, candidate=candidate, fit=fit)
    assert [client.get(address).content for address in addresses] == before
