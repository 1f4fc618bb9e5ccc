"""A batch's page tells how far scoring is; judges' pages tell nothing of it."""

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
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


@pytest.fixture
def batch(judge):
    return opened_batch(judge, entities=3, count=2)


def part_of(desk, batch):
    response = desk.get(reverse("batch-scoring", args=[batch.pk]), headers=HTMX)
    return re.sub(r"\s+", " ", response.text)


def due(scorer, batch, place=0, **fields):
    entity = batch.batchentity_set.order_by("pk")[place].entity
    return PendingScoring.objects.create(scorer=scorer, entity=entity, **fields)


def test_without_a_model_it_says_what_that_means(desk, batch):
    assert "No model is active." in part_of(desk, batch)
    assert "No model is active." in desk.get(reverse("batch", args=[batch.pk])).text


def test_it_tells_how_many_entities_are_scored_and_asks_again_while_any_is_due(
    desk, batch
):
    scorer = ScorerFactory()
    row = due(scorer, batch)
    text = part_of(desk, batch)
    assert "2 of 3 entities are scored and up to date." in text
    assert "hx-get" in text
    assert reverse("model", args=[scorer.pk]) in text
    assert "<html" not in text
    row.delete()
    text = part_of(desk, batch)
    assert "3 of 3 entities are scored and up to date." in text
    assert "hx-get" not in text


def test_pauses_problems_and_missing_workers_are_told(desk, batch):
    long_ago = timezone.now() - timedelta(hours=1)
    scorer = ScorerFactory()
    due(scorer, batch, due_at=long_ago, problem="OSError: <no store>")
    Batch.objects.update(opened_at=long_ago)
    text = part_of(desk, batch)
    assert "Will be retried: OSError: &lt;no store&gt;" in text
    assert "No worker has responded for ten minutes" in text
    scorer.paused_at = long_ago
    scorer.save()
    text = part_of(desk, batch)
    assert "Paused" in text
    assert "wait until the model is resumed" in text
    assert "No worker has responded" not in text


def test_much_is_told_as_at_least_so_much(desk, batch, monkeypatch):
    monkeypatch.setattr(status, "COUNT_LIMIT", 1)
    scorer = ScorerFactory()
    for place in range(3):
        due(scorer, batch, place)
    Batch.objects.update(entities_total=2_000_000)
    text = part_of(desk, batch)
    assert "At least 2 of 2,000,000 entities are not scored yet." in text


def test_by_itself_the_part_is_the_batch(desk, batch):
    address = reverse("batch-scoring", args=[batch.pk])
    assert desk.get(address).url == reverse("batch", args=[batch.pk])
    assert desk.get(reverse("batch-scoring", args=[4711])).status_code == 404


def test_an_admin_sees_what_the_leading_model_thinks_of_each_candidate(desk, batch):
    faces, pixels = ScorerFactory(), ScorerFactory(name="pixels")
    entity = batch.batchentity_set.first().entity
    one, other = entity.candidates.order_by("pk")
    ScoreFactory(scorer=faces, candidate=one, probability=0.934)
    ScoreFactory(scorer=pixels, candidate=one, probability=0.11)
    ScoreFactory(scorer=faces, candidate=other, outcome="no-face", probability=None)
    page = desk.get(reverse("entity", args=[entity.key]))
    assert "faces: 93 % yes" in page.text
    assert "faces: no face found" in page.text
    assert "11 %" not in page.text
    shown = desk.get(reverse("candidate", args=[entity.key, one.pk]))
    assert "faces: 93 % yes" in shown.text


def test_judges_read_nothing_of_it(client, judge, stranger, adjudicator, batch):
    """The very same pages, whether a model has looked or not."""
    client.force_login(judge)
    addresses = ["/", reverse("grid", args=[batch.pk])]
    client.get(addresses[1])
    client.get(addresses[0])

    def seen():
        texts = [client.get(address).text for address in addresses]
        return [re.sub(r'(csrf\w*|nonce)[^>]*?"[\w-]{16,}"', "", t) for t in texts]

    before = [re.sub(r"T[\d:.+]+", "", text) for text in seen()]
    scorer = ScorerFactory()
    FitFactory(scorer=scorer)
    for row in batch.batchentity_set.all():
        PendingScoring.objects.create(scorer=scorer, entity=row.entity)
        for candidate in row.entity.candidates.all():
            ScoreFactory(scorer=scorer, candidate=candidate, probability=0.77)
    after = [re.sub(r"T[\d:.+]+", "", text) for text in seen()]
    assert after == before
    for person in (judge, stranger, adjudicator):
        client.force_login(person)
        address = reverse("batch-scoring", args=[batch.pk])
        assert client.get(address, headers=HTMX).status_code == 404
