"""An admin cuts a batch, opens and closes it, and says who judges it."""

import pytest
from django.urls import reverse

from annotations import queue
from annotations.models import Batch, BatchState
from annotations.tests.factories import EntityFactory, UserFactory

from .scenes import add_picture, opened_batch

FORM = {
    "name": "Spring",
    "judges_required": 2,
    "page_size": 30,
    "order": "uncertain",
    "purpose": "measurement",
}


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def act(desk, name, batch, *arguments, **data):
    """Press a button of the batch's page and read what it says."""
    address = reverse(name, args=[batch.pk, *arguments])
    return desk.post(address, data, follow=True).text


def test_a_batch_is_cut_from_pasted_keys(desk, judge):
    first, second = EntityFactory.create_batch(2)
    keys = f"{first.key}\n\n  {second.key} \n{first.key}\n"
    form = {**FORM, "keys": keys, "judges": judge.username, "judges_maximum": 3}
    response = desk.post(reverse("new-batch"), form)
    batch = Batch.objects.get()
    assert response.url == reverse("batch", args=[batch.pk])
    assert batch.batchentity_set.count() == 2
    assert list(batch.judges.all()) == [judge]
    assert (batch.judges_required, batch.judges_maximum) == (2, 3)
    assert batch.state == BatchState.DRAFT


def test_a_batch_is_cut_from_a_sample(desk):
    EntityFactory.create_batch(5, frequency=10)
    form = {**FORM, "sample_size": 3, "sample_seed": 7}
    desk.post(reverse("new-batch"), form)
    assert Batch.objects.get().batchentity_set.count() == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Give either entity keys or a sample size."),
        (
            {"keys": "m.1", "sample_size": 3},
            "Give either entity keys or a sample size.",
        ),
        ({"keys": "m.none"}, "1 unknown keys, first: m.none"),
        ({"keys": "KEY", "judges": "nobody"}, "nobody: there is no such user"),
        ({"keys": "KEY", "judges_maximum": 1}, "Must be judges_required to 7."),
        ({"keys": "KEY", "judges_required": 8}, "less than or equal to 7"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(desk, changes, sentence):
    key = EntityFactory().key
    changes = {k: key if v == "KEY" else v for k, v in changes.items()}
    response = desk.post(reverse("new-batch"), {**FORM, **changes})
    assert sentence in response.text
    assert not Batch.objects.exists()


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
    draft = queue.cut(by=admin, name="Draft", entities=[key])
    assert "never opened" in act(desk, "close-batch", draft)


def test_later_candidates_are_taken_in(desk, judge):
    batch = opened_batch(judge)
    add_picture(batch.batchentity_set.get().entity, 99)
    assert "1 candidates were added." in act(desk, "refresh-batch", batch)


def test_judges_are_added_and_removed(desk, judge, stranger):
    batch = opened_batch(judge)
    text = act(desk, "add-judge", batch, username=stranger.username)
    assert "sam can judge this batch now." in text
    text = act(desk, "remove-judge", batch, stranger.username)
    assert "sam is no longer asked." in text
    assert "not active" in text


def test_an_unknown_judge_is_said(desk, judge):
    text = act(desk, "add-judge", opened_batch(judge), username="nobody")
    assert "nobody: there is no such user" in text


def test_a_batchs_page_shows_numbers_and_judges(desk, judge):
    batch = opened_batch(judge, count=4)
    queue.count()
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
