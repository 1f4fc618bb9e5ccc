"""What judges are like, as adjudicators see it."""

import pytest
from django.urls import reverse

from annotations import agreement, tasks
from annotations.tests.desk import batch_of
from annotations.tests.factories import UserFactory
from annotations.tests.test_agreement import say_pages


@pytest.fixture
def judged(db, monkeypatch):
    monkeypatch.setattr(tasks, "request_agreement", lambda number: None)
    judges = [UserFactory() for _ in range(3)]
    batch = batch_of(*judges, candidates=40, page_size=40, judges_required=3)
    for judge, word in zip(judges, ("yn" * 20, "yn" * 20, "yy" * 20), strict=True):
        say_pages(batch, judge, word)
    return batch


def address_of(batch):
    return reverse("reliability", args=[batch.pk])


def test_judges_do_not_find_it(client, judged, stranger):
    client.force_login(stranger)
    assert client.get(address_of(judged)).status_code == 404
    assert client.get(reverse("reliability", args=[0])).status_code == 404


def test_an_adjudicator_sees_pseudonyms_and_an_admin_names(
    client, judged, adjudicator, admin
):
    client.force_login(adjudicator)
    assert client.get(reverse("reliability", args=[0])).status_code == 404
    assert "being calculated" in client.get(address_of(judged)).text
    agreement.update_report(judged.pk)
    told = client.get(address_of(judged)).text
    assert "Use it as advice" in told
    judges = list(judged.judges.all())
    assert judges
    for judge in judges:
        assert judge.username not in told
        assert judge.pseudonym in told
    client.force_login(admin)
    named = client.get(address_of(judged)).text
    assert all(judge.username in named for judge in judges)


def test_the_conflicts_lead_to_it(client, judged, adjudicator):
    client.force_login(adjudicator)
    page = client.get(reverse("conflicts", args=[judged.pk]))
    assert address_of(judged) in page.text
