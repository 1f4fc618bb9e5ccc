"""An admin's pages of models: list, details, failed pictures and actions."""

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import queue, scoring, tasks
from annotations.models import Embedding, PendingScoring, Score, Scorer
from annotations.scoring import control
from annotations.tests.desk import batch_of, say_all
from annotations.tests.factories import FitFactory, ScoreFactory, ScorerFactory


@pytest.fixture
def scorer(db):
    return ScorerFactory(version="1.0")


def page_of(admin_client, scorer, **query):
    return admin_client.get(reverse("model", args=[scorer.pk]), query)


def post(admin_client, name, scorer, **fields):
    return admin_client.post(reverse(name, args=[scorer.pk]), fields, follow=True)


def test_an_empty_list_explains_what_to_do(admin_client):
    text = admin_client.get(reverse("models")).text
    assert "There are no models yet" in text
    assert "manage.py score" in text


def test_the_list_shows_state_and_latest_fit(admin_client, scorer):
    ScorerFactory(name="faces", version="0.9", is_active=False)
    ScorerFactory(name="pixels", paused_at=timezone.now())
    FitFactory(scorer=scorer, labels=1234)
    text = admin_client.get(reverse("models")).text
    for value in ("Active", "Former version", "Paused", "1,234", "0.021", "0.994"):
        assert value in text
    assert text.count("not fitted yet: uses its prior") == 2


def test_a_fit_is_explained(admin_client, scorer):
    FitFactory(scorer=scorer)
    text = page_of(admin_client, scorer).text
    assert "The prior has a Brier score of 0.048 on the same verdicts." in text
    assert "Probabilities moved by 0.090 on average (drift)." in text
    assert "Earlier fits" not in text
    FitFactory(scorer=scorer, method="isotonic", auc=None, labels=2000)
    text = page_of(admin_client, scorer).text
    assert "The previous fit has a Brier score" in text
    assert "All verdicts were the same" in text
    assert "Earlier fits" in text


def test_a_model_without_a_fit_shows_the_missing_labels(admin_client, scorer, judge):
    text = page_of(admin_client, scorer).text
    assert "Not calibrated yet" in text
    assert "when 50 pictures" in text
    assert "0 of 50" in text
    batch_of(judge, candidates=3)
    page = queue.lease(judge=judge)
    say_all(judge, page)
    text = page_of(admin_client, scorer).text
    assert "3 of 50" in text
    assert "data-plot" not in text


def test_a_fit_without_a_result_shows_the_reason(admin_client, scorer, admin):
    scoring.refit(scorer=scorer, by=admin)
    assert "Labels: 0. A fit needs 50." in page_of(admin_client, scorer).text


def test_a_model_is_paused_and_resumed(admin_client, scorer):
    text = post(admin_client, "pause-model", scorer).text
    assert "The model is paused." in text
    assert "Resume" in text
    assert Scorer.objects.get().paused_at is not None
    assert (
        "The model is running again." in post(admin_client, "resume-model", scorer).text
    )
    assert Scorer.objects.get().paused_at is None


def test_a_refit_is_requested_from_a_worker(admin_client, scorer, admin, monkeypatch):
    task_calls = []
    monkeypatch.setattr(tasks.refit_scorer, "delay", lambda *a: task_calls.append(a))
    assert (
        "A worker is fitting the model again."
        in post(admin_client, "refit-model", scorer).text
    )
    assert task_calls == [(scorer.pk, admin.pk)]
    Scorer.objects.update(is_active=False)
    assert "former version" in post(admin_client, "refit-model", scorer).text
    assert len(task_calls) == 1


def test_failed_pictures_are_listed_page_by_page(admin_client, scorer, monkeypatch):
    monkeypatch.setattr("frontend.views.models.FAILED_SHOWN", 2)
    assert "No pictures are set aside." in page_of(admin_client, scorer).text
    failed = [
        ScoreFactory(scorer=scorer, failed=True, problem=f"<{n}>") for n in range(3)
    ]
    first = page_of(admin_client, scorer)
    assert "&lt;0&gt;" in first.text
    assert first.context["following"] == failed[1].candidate_id
    second = page_of(admin_client, scorer, after=failed[1].candidate_id)
    assert second.context["aside"] == [failed[2]]
    third = page_of(admin_client, scorer, after=failed[2].candidate_id)
    assert "There are no more pictures." in third.text
    assert page_of(admin_client, scorer, after="x").status_code == 200


def test_one_or_all_failed_pictures_are_retried(admin_client, scorer):
    failed = [ScoreFactory(scorer=scorer, failed=True) for _ in range(3)]
    candidate_id = failed[0].candidate_id
    assert (
        "again: 1."
        in post(admin_client, "try-again", scorer, candidate=candidate_id).text
    )
    text = post(admin_client, "try-again", scorer, candidate=candidate_id).text
    assert f"Candidate {candidate_id} is not set aside." in text
    assert post(admin_client, "try-again", scorer, candidate="x").status_code == 404
    assert "again: 2." in post(admin_client, "try-again", scorer).text
    assert PendingScoring.objects.count() == 3


def test_embeddings_are_deleted_after_confirmation_and_scores_stay(
    admin_client, scorer, admin, monkeypatch
):
    score = ScoreFactory(scorer=scorer)
    owner = {"scorer": scorer, "candidate": score.candidate}
    Embedding.objects.create(**owner, vectors=b"1", boxes=b"2")
    text = admin_client.get(reverse("purge-embeddings", args=[scorer.pk])).text
    assert "biometric data" in text
    assert Embedding.objects.exists()
    assert (
        "Embeddings deleted: 1." in post(admin_client, "purge-embeddings", scorer).text
    )
    assert not Embedding.objects.exists()
    assert Score.objects.get() == score
    task_calls = []
    monkeypatch.setattr(
        tasks.purge_embeddings, "delay", lambda *a: task_calls.append(a)
    )
    monkeypatch.setattr(control, "PURGED_AT_ONCE", 0)
    assert (
        "Workers delete the rest."
        in post(admin_client, "purge-embeddings", scorer).text
    )
    assert task_calls == [(scorer.pk, admin.pk)]


def test_a_worker_continues_until_no_embeddings_are_left(scorer, admin, monkeypatch):
    for _ in range(5):
        owner = {"scorer": scorer, "candidate": ScoreFactory(scorer=scorer).candidate}
        Embedding.objects.create(**owner, vectors=b"1", boxes=b"2")
    monkeypatch.setattr(control, "SLICE", 1)
    monkeypatch.setattr(control, "PURGED_AT_ONCE", 2)
    defaults = control.purge_embeddings.__kwdefaults__
    monkeypatch.setitem(defaults, "limit", 2)
    monkeypatch.setattr(tasks.purge_embeddings, "delay", tasks.purge_embeddings)
    tasks.purge_embeddings(scorer.pk, admin.pk)
    assert not Embedding.objects.exists()


def test_only_admins_can_open_models(client, judge, adjudicator, scorer):
    ScoreFactory(scorer=scorer, failed=True)
    pages = [reverse("models"), reverse("model", args=[scorer.pk])]
    actions = [
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
        assert {client.post(address).status_code for address in actions} == {404}
        assert reverse("models") not in client.get("/").text
    scorer.refresh_from_db()
    assert scorer.paused_at is None
    assert Score.objects.exists()


def test_unknown_models_are_not_found(admin_client):
    for name in ("model", "purge-embeddings"):
        assert admin_client.get(reverse(name, args=[4711])).status_code == 404
    assert admin_client.post(reverse("pause-model", args=[4711])).status_code == 404


def test_queries_do_not_grow_with_fits_and_failures(
    admin_client, django_assert_max_num_queries
):
    def create_scorer(name, count):
        scorer = ScorerFactory(name=name)
        for _ in range(count):
            FitFactory(scorer=scorer)
            ScoreFactory(scorer=scorer, failed=True)
            PendingScoring.objects.create(
                scorer=scorer, entity=ScoreFactory(scorer=scorer).candidate.entity
            )
        return scorer

    small_model, large_model = create_scorer("few", 2), create_scorer("many", 15)
    page_of(admin_client, small_model)
    with django_assert_max_num_queries(12) as queries:
        page_of(admin_client, small_model)
    with django_assert_max_num_queries(len(queries)):
        page_of(admin_client, large_model)
