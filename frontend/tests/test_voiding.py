"""The page that voids the verdicts of a judge in a batch."""

import pytest
from django.urls import reverse

from annotations import queue
from annotations.models import Judgment, Voiding
from annotations.tests.desk import batch_of, say_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged_batch(judge, other_judge):
    """Return an open batch in which the judge has marked every picture."""
    batch = batch_of(judge, other_judge, candidates=2)
    say_all(judge, queue.lease(judge=judge))
    return batch


def address_of(batch, judge):
    return reverse("void-judge", args=[batch.pk, judge.username])


def test_the_page_explains_voiding_and_asks_for_the_reason(
    client, judged_batch, judge, admin
):
    client.force_login(admin)
    batch_page = client.get(reverse("batch", args=[judged_batch.pk])).content.decode()
    assert address_of(judged_batch, judge) in batch_page
    page = client.get(address_of(judged_batch, judge)).content.decode()
    assert "2 verdicts and 0 skips" in page
    assert "is still a judge of this batch" in page
    response = client.post(address_of(judged_batch, judge), {"reason": " "})
    assert b"This field is required" in response.content
    assert Judgment.objects.count() == 2
    response = client.post(
        address_of(judged_batch, judge), {"reason": "Clicked yes only."}, follow=True
    )
    assert b"Verdicts of jo that were voided: 2." in response.content
    assert Voiding.objects.get().reason == "Clicked yes only."
    assert not Judgment.objects.exists()


def test_only_admins_can_void_verdicts(
    client, judged_batch, judge, stranger, adjudicator
):
    assert client.get(address_of(judged_batch, judge)).status_code == 302
    for person in (judge, stranger, adjudicator):
        client.force_login(person)
        assert (
            client.post(address_of(judged_batch, judge), {"reason": "x"}).status_code
            == 404
        )
    assert Judgment.objects.count() == 2


def test_a_person_without_verdicts_has_nothing_to_void(
    client, judged_batch, stranger, admin
):
    client.force_login(admin)
    assert client.get(address_of(judged_batch, stranger)).status_code == 404
