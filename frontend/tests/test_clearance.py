"""What an admin is told of the order by doubt and of clearance, and judges are not."""

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import Batch
from annotations.tests.scored import scorer_named

from .scenes import opened_batch
from .test_change_batch import change, shown
from .test_new_batch import FORM


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def cleaning(judge, **numbers):
    """A cleaning batch with clearance on, and the totals of a pass."""
    batch = opened_batch(judge, purpose="cleaning", clear_beyond=0.98)
    Batch.objects.filter(pk=batch.pk).update(**numbers)
    batch.refresh_from_db()
    return batch


def page(desk, batch):
    return desk.get(reverse("batch", args=[batch.pk])).text


def test_what_was_not_asked_is_told_with_the_audits_interval(desk, judge):
    numbers = {"cleared_total": 1200, "audit_total": 299, "audited_total": 100}
    text = page(desk, cleaning(judge, audit_errors=0, **numbers))
    for sentence in (
        "<dt>verdicts saved</dt><dd>901</dd>",
        "<dt>audited</dt><dd>100 of 299</dd>",
        "0 % to 3.62 % of the cleared pictures are wrong, with 95 % confidence",
        "at least 98 % sure",
        "<dt>audit size</dt><dd>299</dd>",
    ):
        assert sentence in text
    assert (
        "It does not change how many are judged." not in text
    )  # here it does change how many


def test_where_nothing_is_cleared_order_changes_only_when(desk, judge):
    assert "It does not change how many are judged." in page(
        desk, opened_batch(judge, order="uncertain")
    )


def test_before_a_verdict_nothing_is_claimed(desk, judge):
    assert "No pictures are cleared yet" in page(desk, cleaning(judge))
    text = page(desk, cleaning(judge, cleared_total=5, audit_total=5))
    assert "The error rate of the model is not known yet" in text
    assert "confidence" not in text


def test_a_failed_audit_is_told_in_plain_words(desk, judge):
    numbers = {"audited_total": 120, "audit_errors": 2}
    batch = cleaning(judge, clearance_failed_at=timezone.now(), **numbers)
    text = page(desk, batch)
    assert "The audit failed" in text
    assert "2 of 120 audited pictures" in text
    assert "Judges disagreed with the model on 2" in text
    assert "back in the queue" in text


def test_where_it_is_off_nothing_is_said_of_it(desk, judge):
    text = page(desk, opened_batch(judge, order="rank"))
    assert "Clearance" not in text
    assert "It does not change how many" not in text


def test_the_rules_of_models_are_changed_and_said(desk, judge):
    batch = opened_batch(judge, purpose="cleaning")
    scorer_named("pixels")
    text = change(desk, batch, scorer="pixels", clear_beyond="99", audit_size="400")
    for sentence in (
        "Scorer: default scorer → pixels.",
        "Not asked if the model is this sure, in %: none → 99 %.",
        "Number of these to ask all the same: 299 → 400.",
    ):
        assert sentence in text
    assert (batch.scorer, batch.clear_beyond, batch.audit_size) == ("pixels", 0.99, 400)
    assert "Must be greater than 0.5." in change(desk, batch, clear_beyond="50")
    assert batch.clear_beyond == 0.99
    change(desk, batch, clear_beyond="", audit_size="")
    assert (batch.clear_beyond, batch.audit_size) == (None, 299)


def test_a_measurement_offers_no_clearance_and_says_why(desk, judge):
    batch = opened_batch(judge)
    assert not {"clear_beyond", "audit_size", "control_share"} & set(shown(desk, batch))
    text = desk.get(reverse("change-batch", args=[batch.pk])).text
    assert "Only a batch for cleaning" in text


def test_a_scorer_that_is_gone_may_stay(desk, judge):
    batch = opened_batch(judge)
    Batch.objects.update(scorer="oracle")
    text = change(desk, batch, name="Renamed")
    assert "oracle (not active)" in text
    assert (batch.name, batch.scorer) == ("Renamed", "oracle")


def test_a_new_batch_takes_them_too(desk, judge):
    batch = opened_batch(judge)
    key = batch.batchentity_set.get().entity.key
    sent = {**FORM, "name": "New", "keys": key, "control_share": "12.5"}
    desk.post(
        reverse("new-batch"), sent | {"purpose": "cleaning", "clear_beyond": "98"}
    )
    new = Batch.objects.get(name="New")
    assert (new.control_share, new.clear_beyond, new.audit_size) == (0.125, 0.98, 299)
    answer = desk.post(reverse("new-batch"), sent | {"clear_beyond": "98"})
    assert "Only possible in a batch for cleaning." in answer.text


def test_judges_read_nothing_of_it(client, judge):
    batch = cleaning(judge, cleared_total=1200, audit_total=299)
    client.force_login(judge)
    assert client.get(reverse("batch", args=[batch.pk])).status_code in (403, 404)
    home = client.get(reverse("home")).text
    for word in ("learance", "cleared", "uncertain", "doubt", "model"):
        assert word not in home
