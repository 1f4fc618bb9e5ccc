"""An admin opens and closes a batch, and manages its judges."""

import pytest
from django.urls import reverse

from annotations import batches, queue
from annotations.models import BatchState
from annotations.tests.factories import EntityFactory, UserFactory

from .scenes import add_picture, opened_batch


def press(admin_client, name, batch, *arguments, **data):
    """Press a button on the page of the batch. Return the text of the next page."""
    address = reverse(name, args=[batch.pk, *arguments])
    return admin_client.post(address, data, follow=True).text


def test_a_batch_is_opened_closed_and_opened_again(admin_client, judge):
    batch = opened_batch(judge)
    assert "The batch is closed." in press(admin_client, "close-batch", batch)
    batch.refresh_from_db()
    assert batch.state == BatchState.CLOSED
    assert "The batch is open." in press(admin_client, "open-batch", batch)
    batch.refresh_from_db()
    assert batch.state == BatchState.OPEN


def test_an_action_that_does_not_fit_the_state_is_refused(admin_client, admin):
    key = EntityFactory().key
    draft = batches.create(by=admin, name="Draft", entities=[key])
    assert "never opened" in press(admin_client, "close-batch", draft)


def test_new_candidates_are_added(admin_client, judge):
    batch = opened_batch(judge)
    add_picture(batch.batchentity_set.get().entity, 99)
    assert "New candidates in the batch: 1." in press(
        admin_client, "refresh-batch", batch
    )


def test_judges_are_added_and_removed(admin_client, judge, stranger):
    batch = opened_batch(judge)
    text = press(admin_client, "add-judge", batch, username=stranger.username)
    assert "sam can now judge this batch." in text
    text = press(admin_client, "remove-judge", batch, stranger.username)
    assert "sam no longer judges this batch." in text
    assert "not active" in text


def test_an_unknown_judge_is_refused(admin_client, judge):
    text = press(admin_client, "add-judge", opened_batch(judge), username="nobody")
    assert "There is no user named &quot;nobody&quot;." in text


def test_the_page_of_a_batch_shows_counts_and_judges(admin_client, judge):
    batch = opened_batch(judge, count=4)
    queue.sum_counters()
    address = reverse("batch", args=[batch.pk])
    text = admin_client.get(address).text
    assert "<dd>4</dd>" in text
    assert judge.username in text
    assert f"/api/v1/truth.tsv?batch={batch.pk}" in text
    fragment = admin_client.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert judge.username in fragment


@pytest.mark.parametrize(
    "name", ["batch", "open-batch", "close-batch", "refresh-batch", "add-judge"]
)
def test_only_admins_can_open_these_pages(client, judge, name):
    batch = opened_batch(judge)
    address = reverse(name, args=[batch.pk])
    for person in (judge, UserFactory(roles=["adjudicator"])):
        client.force_login(person)
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
    batch.refresh_from_db()
    assert batch.state == BatchState.OPEN


def test_actions_need_a_button(admin_client, judge):
    batch = opened_batch(judge)
    assert admin_client.get(reverse("close-batch", args=[batch.pk])).status_code == 405


def test_an_unknown_batch_is_not_found(admin_client):
    assert admin_client.get(reverse("batch", args=[4711])).status_code == 404
