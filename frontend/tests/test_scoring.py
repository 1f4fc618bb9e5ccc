"""Progress of scoring on the page of a batch. Judges' pages do not show it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import Batch, PendingScoring
from annotations.scoring import status
from annotations.tests.factories import FitFactory, ScoreFactory, ScorerFactory

from .scenes import opened_batch

HTMX = {"HX-Request": "true"}


@pytest.fixture
def batch(judge):
    return opened_batch(judge, entities=3, count=2)


def progress_text(admin_client, batch):
    """Return the fragment of the batch page that shows the progress of scoring."""
    response = admin_client.get(reverse("batch-scoring", args=[batch.pk]), headers=HTMX)
    return re.sub(r"\s+", " ", response.text)


def add_pending(scorer, batch, place=0, **fields):
    """Queue one entity of the batch for scoring."""
    entity = batch.batchentity_set.order_by("pk")[place].entity
    return PendingScoring.objects.create(scorer=scorer, entity=entity, **fields)


def test_a_batch_without_a_model_has_a_message(admin_client, batch):
    assert "No model is active." in progress_text(admin_client, batch)
    assert (
        "No model is active."
        in admin_client.get(reverse("batch", args=[batch.pk])).text
    )


def test_progress_is_shown_and_refreshes_while_entities_are_pending(
    admin_client, batch
):
    scorer = ScorerFactory()
    row = add_pending(scorer, batch)
    text = progress_text(admin_client, batch)
    assert "2 of 3 entities are scored and up to date." in text
    assert "hx-get" in text
    assert reverse("model", args=[scorer.pk]) in text
    assert "<html" not in text
    row.delete()
    text = progress_text(admin_client, batch)
    assert "3 of 3 entities are scored and up to date." in text
    assert "hx-get" not in text


def test_pauses_problems_and_missing_workers_are_shown(admin_client, batch):
    long_ago = timezone.now() - timedelta(hours=1)
    scorer = ScorerFactory()
    add_pending(scorer, batch, due_at=long_ago, problem="OSError: <no store>")
    Batch.objects.update(opened_at=long_ago)
    text = progress_text(admin_client, batch)
    assert "Will be retried: OSError: &lt;no store&gt;" in text
    assert "No worker has responded for ten minutes" in text
    scorer.paused_at = long_ago
    scorer.save()
    text = progress_text(admin_client, batch)
    assert "Paused" in text
    assert "wait until the model is resumed" in text
    assert "No worker has responded" not in text


def test_a_large_count_is_shown_as_a_minimum(admin_client, batch, monkeypatch):
    monkeypatch.setattr(status, "COUNT_LIMIT", 1)
    scorer = ScorerFactory()
    for place in range(3):
        add_pending(scorer, batch, place)
    Batch.objects.update(entities_total=2_000_000)
    text = progress_text(admin_client, batch)
    assert "At least 2 of 2,000,000 entities are not scored yet." in text


def test_without_a_script_the_fragment_redirects_to_the_batch(admin_client, batch):
    address = reverse("batch-scoring", args=[batch.pk])
    assert admin_client.get(address).url == reverse("batch", args=[batch.pk])
    assert admin_client.get(reverse("batch-scoring", args=[4711])).status_code == 404


def test_an_admin_sees_the_scores_of_the_leading_model(admin_client, batch):
    faces, pixels = ScorerFactory(), ScorerFactory(name="pixels")
    entity = batch.batchentity_set.first().entity
    candidate, other_candidate = entity.candidates.order_by("pk")
    ScoreFactory(scorer=faces, candidate=candidate, probability=0.934)
    ScoreFactory(scorer=pixels, candidate=candidate, probability=0.11)
    ScoreFactory(
        scorer=faces, candidate=other_candidate, outcome="no-face", probability=None
    )
    page = admin_client.get(reverse("entity", args=[entity.key]))
    assert "faces: 93 % yes" in page.text
    assert "faces: no face found" in page.text
    assert "11 %" not in page.text
    candidate_page = admin_client.get(
        reverse("candidate", args=[entity.key, candidate.pk])
    )
    assert "faces: 93 % yes" in candidate_page.text


def test_judges_see_nothing_about_scoring(client, judge, stranger, adjudicator, batch):
    """Scores do not change the pages of judges."""
    client.force_login(judge)
    addresses = ["/", reverse("grid", args=[batch.pk])]
    client.get(addresses[1])
    client.get(addresses[0])

    def page_texts():
        texts = [client.get(address).text for address in addresses]
        return [re.sub(r'(csrf\w*|nonce)[^>]*?"[\w-]{16,}"', "", t) for t in texts]

    before = [re.sub(r"T[\d:.+]+", "", text) for text in page_texts()]
    scorer = ScorerFactory()
    FitFactory(scorer=scorer)
    for row in batch.batchentity_set.all():
        PendingScoring.objects.create(scorer=scorer, entity=row.entity)
        for candidate in row.entity.candidates.all():
            ScoreFactory(scorer=scorer, candidate=candidate, probability=0.77)
    after = [re.sub(r"T[\d:.+]+", "", text) for text in page_texts()]
    assert after == before
    for person in (judge, stranger, adjudicator):
        client.force_login(person)
        address = reverse("batch-scoring", args=[batch.pk])
        assert client.get(address, headers=HTMX).status_code == 404
