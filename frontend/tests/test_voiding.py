"""Voiding a judge's judgments, by its page."""

import pytest
from django.urls import reverse

from annotations import queue
from annotations.models import Judgment, Voiding
from annotations.tests.desk import batch_of, say_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged(judge, other_judge):
    """An open batch in which the judge has said everything."""
    batch = batch_of(judge, other_judge, candidates=2)
    say_all(judge, queue.lease(judge=judge))
    return batch


def address(batch, judge):
    return reverse("void-judge", args=[batch.pk, judge.username])


def test_it_says_what_it_does_and_asks_why(client, judged, judge, admin):
    client.force_login(admin)
    batch_page = client.get(reverse("batch", args=[judged.pk])).content.decode()
    assert address(judged, judge) in batch_page
    page = client.get(address(judged, judge)).content.decode()
    assert "2 verdicts and 0 skips" in page
    assert "is still a judge of this batch" in page
    refused = client.post(address(judged, judge), {"reason": " "})
    assert b"This field is required" in refused.content
    assert Judgment.objects.count() == 2
    done = client.post(
        address(judged, judge), {"reason": "Clicked yes only."}, follow=True
    )
    assert b"Verdicts of jo that were voided: 2." in done.content
    assert Voiding.objects.get().reason == "Clicked yes only."
    assert not Judgment.objects.exists()


def test_it_is_for_admins(client, judged, judge, stranger, adjudicator):
    assert client.get(address(judged, judge)).status_code == 302
    for person in (judge, stranger, adjudicator):
        client.force_login(person)
        assert client.post(address(judged, judge), {"reason": "x"}).status_code == 404
    assert Judgment.objects.count() == 2


def test_somebody_who_never_judged_it_has_nothing_to_void(
    client, judged, stranger, admin
):
    client.force_login(admin)
    assert client.get(address(judged, stranger)).status_code == 404
