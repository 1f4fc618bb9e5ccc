"""An admin's pages of models: list, one model, what it set aside, what can be done."""

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import queue, scoring, tasks
from annotations.models import Embedding, PendingScoring, Score, Scorer
from annotations.scoring import control
from annotations.tests.desk import batch_of, say_all
from annotations.tests.factories import FitFactory, ScoreFactory, ScorerFactory


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


@pytest.fixture
def scorer(db):
    return ScorerFactory(version="1.0")


def page_of(desk, scorer, **query):
    return desk.get(reverse("model", args=[scorer.pk]), query)


def do(desk, name, scorer, **sent):
    return desk.post(reverse(name, args=[scorer.pk]), sent, follow=True)


def test_an_empty_list_says_what_to_do(desk):
    text = desk.get(reverse("models")).text
    assert "There are no models yet" in text
    assert "manage.py score" in text


def test_the_list_shows_state_and_latest_fit(desk, scorer):
    ScorerFactory(name="faces", version="0.9", is_active=False)
    ScorerFactory(name="pixels", paused_at=timezone.now())
    FitFactory(scorer=scorer, labels=1234)
    text = desk.get(reverse("models")).text
    for shown in ("Active", "Former version", "Paused", "1,234", "0.021", "0.994"):
        assert shown in text
    assert text.count("not fitted yet: uses its prior") == 2


def test_a_fit_is_told_in_plain_words(desk, scorer):
    FitFactory(scorer=scorer)
    text = page_of(desk, scorer).text
    assert "The prior has a Brier score of 0.048 on the same verdicts." in text
    assert "Probabilities moved by 0.090 on average (drift)." in text
    assert "Earlier fits" not in text
    FitFactory(scorer=scorer, method="isotonic", auc=None, labels=2000)
    text = page_of(desk, scorer).text
    assert "The previous fit has a Brier score" in text
    assert "All verdicts were the same" in text
    assert "Earlier fits" in text


def test_before_the_first_fit_it_says_what_is_missing(desk, scorer, judge):
    text = page_of(desk, scorer).text
    assert "Not calibrated yet" in text
    assert "when 50 pictures" in text
    assert "0 of 50" in text
    batch_of(judge, candidates=3)
    page = queue.lease(judge=judge)
    say_all(judge, page)
    text = page_of(desk, scorer).text
    assert "3 of 50" in text
    assert "data-plot" not in text


def test_a_fit_that_came_to_nothing_says_why(desk, scorer, admin):
    scoring.refit(scorer=scorer, by=admin)
    assert "Labels: 0. A fit needs 50." in page_of(desk, scorer).text


def test_a_model_is_paused_and_resumed(desk, scorer):
    text = do(desk, "pause-model", scorer).text
    assert "The model is paused." in text
    assert "Resume" in text
    assert Scorer.objects.get().paused_at is not None
    assert "The model is running again." in do(desk, "resume-model", scorer).text
    assert Scorer.objects.get().paused_at is None


def test_a_worker_is_asked_to_fit_anew(desk, scorer, admin, monkeypatch):
    handed = []
    monkeypatch.setattr(tasks.refit_scorer, "delay", lambda *a: handed.append(a))
    assert (
        "A worker is fitting the model again." in do(desk, "refit-model", scorer).text
    )
    assert handed == [(scorer.pk, admin.pk)]
    Scorer.objects.update(is_active=False)
    assert "former version" in do(desk, "refit-model", scorer).text
    assert len(handed) == 1


def test_what_was_set_aside_is_listed_page_by_page(desk, scorer, monkeypatch):
    monkeypatch.setattr("frontend.views.models.FAILED_SHOWN", 2)
    assert "No pictures are set aside." in page_of(desk, scorer).text
    failed = [
        ScoreFactory(scorer=scorer, failed=True, problem=f"<{n}>") for n in range(3)
    ]
    first = page_of(desk, scorer)
    assert "&lt;0&gt;" in first.text
    assert first.context["following"] == failed[1].candidate_id
    second = page_of(desk, scorer, after=failed[1].candidate_id)
    assert second.context["aside"] == [failed[2]]
    beyond = page_of(desk, scorer, after=failed[2].candidate_id)
    assert "There are no more pictures." in beyond.text
    assert page_of(desk, scorer, after="x").status_code == 200


def test_one_or_all_are_tried_again(desk, scorer):
    failed = [ScoreFactory(scorer=scorer, failed=True) for _ in range(3)]
    number = failed[0].candidate_id
    assert "again: 1." in do(desk, "try-again", scorer, candidate=number).text
    text = do(desk, "try-again", scorer, candidate=number).text
    assert f"Candidate {number} is not set aside." in text
    assert do(desk, "try-again", scorer, candidate="x").status_code == 404
    assert "again: 2." in do(desk, "try-again", scorer).text
    assert PendingScoring.objects.count() == 3


def test_embeddings_go_after_a_question_and_scores_stay(
    desk, scorer, admin, monkeypatch
):
    score = ScoreFactory(scorer=scorer)
    where = {"scorer": scorer, "candidate": score.candidate}
    Embedding.objects.create(**where, vectors=b"1", boxes=b"2")
    text = desk.get(reverse("purge-embeddings", args=[scorer.pk])).text
    assert "biometric data" in text
    assert Embedding.objects.exists()
    assert "Embeddings deleted: 1." in do(desk, "purge-embeddings", scorer).text
    assert not Embedding.objects.exists()
    assert Score.objects.get() == score
    handed = []
    monkeypatch.setattr(tasks.purge_embeddings, "delay", lambda *a: handed.append(a))
    monkeypatch.setattr(control, "PURGED_AT_ONCE", 0)
    assert "Workers delete the rest." in do(desk, "purge-embeddings", scorer).text
    assert handed == [(scorer.pk, admin.pk)]


def test_a_worker_goes_on_until_nothing_is_left(scorer, admin, monkeypatch):
    for _ in range(5):
        where = {"scorer": scorer, "candidate": ScoreFactory(scorer=scorer).candidate}
        Embedding.objects.create(**where, vectors=b"1", boxes=b"2")
    monkeypatch.setattr(control, "SLICE", 1)
    monkeypatch.setattr(control, "PURGED_AT_ONCE", 2)
    limited = control.purge_embeddings.__kwdefaults__
    monkeypatch.setitem(limited, "limit", 2)
    monkeypatch.setattr(tasks.purge_embeddings, "delay", tasks.purge_embeddings)
    tasks.purge_embeddings(scorer.pk, admin.pk)
    assert not Embedding.objects.exists()


def test_nobody_but_admins_knows_of_models(client, judge, adjudicator, scorer):
    ScoreFactory(scorer=scorer, failed=True)
    pages = [reverse("models"), reverse("model", args=[scorer.pk])]
    acts = [
        reverse(name, args=[scorer.pk])
        for name in (
            "pause-model",
            "resume-model",
            "refit-model",
            "try-again",
            "purge-embeddings",
        )
    ]
    for address in pages:
        assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (judge, adjudicator):
        client.force_login(person)
        assert {client.get(address).status_code for address in pages} == {404}
        assert {client.post(address).status_code for address in acts} == {404}
        assert reverse("models") not in client.get("/").text
    scorer.refresh_from_db()
    assert scorer.paused_at is None
    assert Score.objects.exists()


def test_unknown_models_are_not_found(desk):
    for name in ("model", "purge-embeddings"):
        assert desk.get(reverse(name, args=[4711])).status_code == 404
    assert desk.post(reverse("pause-model", args=[4711])).status_code == 404


def test_more_fits_and_failures_cost_no_more_queries(
    desk, django_assert_max_num_queries
):
    def made(name, count):
        scorer = ScorerFactory(name=name)
        for _ in range(count):
            FitFactory(scorer=scorer)
            ScoreFactory(scorer=scorer, failed=True)
            PendingScoring.objects.create(
                scorer=scorer, entity=ScoreFactory(scorer=scorer).candidate.entity
            )
        return scorer

    few, many = made("few", 2), made("many", 15)
    page_of(desk, few)
    with django_assert_max_num_queries(12) as first:
        page_of(desk, few)
    with django_assert_max_num_queries(len(first)):
        page_of(desk, many)
