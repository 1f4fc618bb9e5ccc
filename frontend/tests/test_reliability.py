"""The reliability of judges, as adjudicators see it."""

import pytest
from django.urls import reverse

from annotations import agreement, tasks
from annotations.tests.desk import batch_of
from annotations.tests.factories import UserFactory
from annotations.tests.test_agreement import say_pages


@pytest.fixture
def judged_batch(db, monkeypatch):
    """Return a batch that three judges have finished, one with other verdicts."""
    monkeypatch.setattr(tasks, "request_agreement", lambda batch_id: None)
    judges = [UserFactory() for _ in range(3)]
    batch = batch_of(*judges, candidates=40, page_size=40, judges_required=3)
    for judge, verdicts in zip(judges, ("yn" * 20, "yn" * 20, "yy" * 20), strict=True):
        say_pages(batch, judge, verdicts)
    return batch


def address_of(batch):
    return reverse("reliability", args=[batch.pk])


def test_judges_cannot_open_the_page(client, judged_batch, stranger):
    client.force_login(stranger)
    assert client.get(address_of(judged_batch)).status_code == 404
    assert client.get(reverse("reliability", args=[0])).status_code == 404


def test_an_adjudicator_sees_pseudonyms_and_an_admin_names(
    client, judged_batch, adjudicator, admin
):
    client.force_login(adjudicator)
    assert client.get(reverse("reliability", args=[0])).status_code == 404
    assert "being calculated" in client.get(address_of(judged_batch)).text
    agreement.update_report(judged_batch.pk)
    text = client.get(address_of(judged_batch)).text
    assert "Use it as advice" in text
    judges = list(judged_batch.judges.all())
    assert judges
    for judge in judges:
        assert judge.username not in text
        assert judge.pseudonym in text
    client.force_login(admin)
    admin_text = client.get(address_of(judged_batch)).text
    assert all(judge.username in admin_text for judge in judges)


def test_the_conflicts_page_links_to_the_reliability_page(
    client, judged_batch, adjudicator
):
    client.force_login(adjudicator)
    page = client.get(reverse("conflicts", args=[judged_batch.pk]))
    assert address_of(judged_batch) in page.text
