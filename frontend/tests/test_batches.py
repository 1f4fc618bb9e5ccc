"""An admin opens and closes a batch, and says who judges it."""

import pytest
from django.urls import reverse

from annotations import batches, queue
from annotations.models import BatchState
from annotations.tests.factories import EntityFactory, UserFactory

from .scenes import add_picture, opened_batch


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def act(desk, name, batch, *arguments, **data):
    """Press a button of the batch's page and read what it says."""
    address = reverse(name, args=[batch.pk, *arguments])
    return desk.post(address, data, follow=True).text


def test_a_batch_is_opened_closed_and_opened_again(desk, judge):
    batch = opened_batch(judge)
    assert "The batch is closed." in act(desk, "close-batch", batch)
    batch.refresh_from_db()
    assert batch.state == BatchState.CLOSED
    assert "The batch is open." in act(desk, "open-batch", batch)
    batch.refresh_from_db()
    assert batch.state == BatchState.OPEN


def test_what_does_not_fit_the_state_is_said(desk, admin):
    key = EntityFactory().key
    draft = batches.create(by=admin, name="Draft", entities=[key])
    assert "never opened" in act(desk, "close-batch", draft)


def test_later_candidates_are_taken_in(desk, judge):
    batch = opened_batch(judge)
    add_picture(batch.batchentity_set.get().entity, 99)
    assert "New candidates in the batch: 1." in act(desk, "refresh-batch", batch)


def test_judges_are_added_and_removed(desk, judge, stranger):
    batch = opened_batch(judge)
    text = act(desk, "add-judge", batch, username=stranger.username)
    assert "sam can now judge this batch." in text
    text = act(desk, "remove-judge", batch, stranger.username)
    assert "sam no longer judges this batch." in text
    assert "not active" in text


def test_an_unknown_judge_is_said(desk, judge):
    text = act(desk, "add-judge", opened_batch(judge), username="nobody")
    assert "There is no user named &quot;nobody&quot;." in text


def test_a_batchs_page_shows_numbers_and_judges(desk, judge):
    batch = opened_batch(judge, count=4)
    queue.sum_counters()
    address = reverse("batch", args=[batch.pk])
    text = desk.get(address).text
    assert "<dd>4</dd>" in text
    assert judge.username in text
    assert f"/api/v1/truth.tsv?batch={batch.pk}" in text
    fragment = desk.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert judge.username in fragment


@pytest.mark.parametrize(
    "name", ["batch", "open-batch", "close-batch", "refresh-batch", "add-judge"]
)
def test_nobody_but_admins_knows_of_these_pages(client, judge, name):
    batch = opened_batch(judge)
    address = reverse(name, args=[batch.pk])
    for person in (judge, UserFactory(roles=["adjudicator"])):
        client.force_login(person)
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
    batch.refresh_from_db()
    assert batch.state == BatchState.OPEN


def test_acts_are_buttons_not_links(desk, judge):
    batch = opened_batch(judge)
    assert desk.get(reverse("close-batch", args=[batch.pk])).status_code == 405


def test_an_unknown_batch_is_not_found(desk):
    assert desk.get(reverse("batch", args=[4711])).status_code == 404
