"""Uncertainty order and clearance: admins see the details, judges see nothing."""

from django.urls import reverse
from django.utils import timezone

from annotations.models import Batch
from annotations.tests.scored import scorer_named

from .scenes import opened_batch
from .test_change_batch import change, form_data
from .test_new_batch import FORM


def cleaning_batch(judge, **totals):
    """Return a cleaning batch with clearance on and these totals."""
    batch = opened_batch(judge, purpose="cleaning", clear_beyond=0.98)
    Batch.objects.filter(pk=batch.pk).update(**totals)
    batch.refresh_from_db()
    return batch


def page_text(admin_client, batch):
    return admin_client.get(reverse("batch", args=[batch.pk])).text


def test_saved_verdicts_are_shown_with_the_error_interval_of_the_audit(
    admin_client, judge
):
    totals = {"cleared_total": 1200, "audit_total": 299, "audited_total": 100}
    text = page_text(admin_client, cleaning_batch(judge, audit_errors=0, **totals))
    for sentence in (
        "<dt>verdicts saved</dt><dd>901</dd>",
        "<dt>audited</dt><dd>100 of 299</dd>",
        "0 % to 3.62 % of the cleared pictures are wrong, with 95 % confidence",
        "at least 98 % sure",
        "<dt>audit size</dt><dd>299</dd>",
    ):
        assert sentence in text
    # Clearance changes how many are judged.
    assert "It does not change how many are judged." not in text


def test_without_clearance_the_order_does_not_change_how_many_are_judged(
    admin_client, judge
):
    assert "It does not change how many are judged." in page_text(
        admin_client, opened_batch(judge, order="uncertain")
    )


def test_no_error_rate_is_shown_before_the_first_audit_verdict(admin_client, judge):
    assert "No pictures are cleared yet" in page_text(
        admin_client, cleaning_batch(judge)
    )
    text = page_text(
        admin_client, cleaning_batch(judge, cleared_total=5, audit_total=5)
    )
    assert "The error rate of the model is not known yet" in text
    assert "confidence" not in text


def test_a_failed_audit_is_explained(admin_client, judge):
    totals = {"audited_total": 120, "audit_errors": 2}
    batch = cleaning_batch(judge, clearance_failed_at=timezone.now(), **totals)
    text = page_text(admin_client, batch)
    assert "The audit failed" in text
    assert "2 of 120 audited pictures" in text
    assert "Judges disagreed with the model on 2" in text
    assert "back in the queue" in text


def test_a_batch_without_clearance_does_not_mention_it(admin_client, judge):
    text = page_text(admin_client, opened_batch(judge, order="rank"))
    assert "Clearance" not in text
    assert "It does not change how many" not in text


def test_changed_rules_of_models_are_saved_and_listed(admin_client, judge):
    batch = opened_batch(judge, purpose="cleaning")
    scorer_named("pixels")
    text = change(
        admin_client, batch, scorer="pixels", clear_beyond="99", audit_size="400"
    )
    for sentence in (
        "Scorer: default scorer → pixels.",
        "Not asked if the model is this sure, in %: none → 99 %.",
        "Number of these to ask all the same: 299 → 400.",
    ):
        assert sentence in text
    assert (batch.scorer, batch.clear_beyond, batch.audit_size) == ("pixels", 0.99, 400)
    assert "Must be greater than 0.5." in change(admin_client, batch, clear_beyond="50")
    assert batch.clear_beyond == 0.99
    change(admin_client, batch, clear_beyond="", audit_size="")
    assert (batch.clear_beyond, batch.audit_size) == (None, 299)


def test_a_measurement_batch_offers_no_clearance_and_explains_why(admin_client, judge):
    batch = opened_batch(judge)
    assert not {"clear_beyond", "audit_size", "control_share"} & set(
        form_data(admin_client, batch)
    )
    text = admin_client.get(reverse("change-batch", args=[batch.pk])).text
    assert "Only a batch for cleaning" in text


def test_a_batch_can_keep_an_inactive_scorer(admin_client, judge):
    batch = opened_batch(judge)
    Batch.objects.update(scorer="oracle")
    text = change(admin_client, batch, name="Renamed")
    assert "oracle (not active)" in text
    assert (batch.name, batch.scorer) == ("Renamed", "oracle")


def test_a_new_batch_accepts_these_rules(admin_client, judge):
    batch = opened_batch(judge)
    key = batch.batchentity_set.get().entity.key
    data = {**FORM, "name": "New", "keys": key, "control_share": "12.5"}
    admin_client.post(
        reverse("new-batch"), data | {"purpose": "cleaning", "clear_beyond": "98"}
    )
    new_batch = Batch.objects.get(name="New")
    assert (new_batch.control_share, new_batch.clear_beyond, new_batch.audit_size) == (
        0.125,
        0.98,
        299,
    )
    response = admin_client.post(reverse("new-batch"), data | {"clear_beyond": "98"})
    assert "Only possible in a batch for cleaning." in response.text


def test_judges_see_nothing_about_clearance(client, judge):
    batch = cleaning_batch(judge, cleared_total=1200, audit_total=299)
    client.force_login(judge)
    assert client.get(reverse("batch", args=[batch.pk])).status_code in (403, 404)
    home = client.get(reverse("home")).text
    for word in ("learance", "cleared", "uncertain", "doubt", "model"):
        assert word not in home
