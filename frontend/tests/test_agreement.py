"""The agreement page of a batch: figures, their meaning, and unknown values."""

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import agreement as domain
from annotations import erasure, tasks
from annotations.models import AgreementReport, BatchEntity
from annotations.tests.desk import batch_of, say
from annotations.tests.factories import UserFactory
from annotations.tests.test_agreement import first_page, say_pages
from frontend.views import agreement

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def agreement_requests(monkeypatch):
    """Return the ids of batches with requested agreement. No worker calculates it."""
    batch_ids = []
    monkeypatch.setattr(tasks, "request_agreement", batch_ids.append)
    return batch_ids


@pytest.fixture
def judged_batch(db):
    """Return a batch of two entities on which three judges sometimes disagree."""
    judges = [UserFactory(username=name) for name in ("anna", "bert", "cleo")]
    batch = batch_of(*judges, entities=2, candidates=5, judges_required=3)
    for judge, verdicts in zip(
        judges,
        (["yynby", "nnyyy"], ["ynnby", "nnyyn"], ["yynbb", "nyyyn"]),
        strict=True,
    ):
        say_pages(batch, judge, *verdicts)
    return batch


def address_of(batch):
    return reverse("agreement", args=[batch.pk])


def test_only_admins_can_open_the_page(client, judged_batch, stranger, adjudicator):
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert client.get(address_of(judged_batch)).status_code == 404
    client.logout()
    assert client.get(address_of(judged_batch)).status_code == 302


def test_an_unknown_batch_is_not_found(admin_client):
    assert admin_client.get(reverse("agreement", args=[999])).status_code == 404


def test_the_first_visit_requests_figures_and_shows_them_when_ready(
    admin_client, judged_batch, agreement_requests
):
    page = admin_client.get(address_of(judged_batch))
    assert agreement_requests == [judged_batch.pk]
    assert "Calculating …" in page.text
    assert 'hx-trigger="every 2s"' in page.text
    fragment = admin_client.get(address_of(judged_batch), headers=HTMX)
    assert "Calculating …" in fragment.text
    assert "<html" not in fragment.text
    domain.update_report(judged_batch.pk)
    fragment = admin_client.get(address_of(judged_batch), {"shown": ""}, headers=HTMX)
    assert fragment["HX-Refresh"] == "true"
    assert agreement_requests == [judged_batch.pk]  # polling requests nothing


def test_the_page_shows_alpha_its_meaning_pairs_and_disagreements(
    admin_client, judged_batch, agreement_requests
):
    domain.update_report(judged_batch.pk)
    page = admin_client.get(address_of(judged_batch))
    figures = AgreementReport.objects.get().figures
    assert agreement_requests == []
    assert f"{figures['krippendorff_alpha']:.3f}" in page.text
    assert "Not reliable enough" in page.text
    assert "hx-trigger" not in page.text
    names = [name for name, _ in page.context["matrix"]]
    assert names == ["anna", "bert", "cleo"]
    assert page.context["matrix"][0][1][0] is None
    assert page.context["matrix"][0][1][1]["n"] == 10
    assert len(page.context["entities"]) == 2
    assert len(page.context["pictures"]) == len(
        AgreementReport.objects.get().details["pictures"]
    )
    assert "keeps no random control share" in page.text
    assert "It takes 30 pictures" in page.text


def test_pairs_and_weeks_belong_to_the_selected_part(
    admin_client, judged_batch, agreement_requests
):
    BatchEntity.objects.filter(pk=BatchEntity.objects.first().pk).update(
        is_control=True
    )
    domain.update_report(judged_batch.pk)
    whole = admin_client.get(address_of(judged_batch), {"part": "x"})
    assert whole.context["matrix"][0][1][1]["n"] == 10
    part = admin_client.get(address_of(judged_batch), {"part": "control"})
    assert part.context["matrix"][0][1][1]["n"] == 5
    assert "Random control share only." in part.text
    assert 'href="?part=control#below" aria-current="true"' in part.text
    assert "keeps no random control share" not in part.text


def test_new_verdicts_and_newer_figures_are_announced(
    admin_client, judged_batch, agreement_requests
):
    domain.update_report(judged_batch.pk)
    judge = judged_batch.judges.first()
    assert say(judge, first_page(judge, judged_batch), 0, "broken") == "recorded"
    page = admin_client.get(address_of(judged_batch))
    assert agreement_requests == [judged_batch.pk]
    assert "There are new verdicts." in page.text
    shown_figures = page.context["shown"]
    fragment = admin_client.get(
        address_of(judged_batch), {"shown": shown_figures}, headers=HTMX
    )
    assert "There are new verdicts." in fragment.text
    domain.update_report(judged_batch.pk)
    fragment = admin_client.get(
        address_of(judged_batch), {"shown": shown_figures}, headers=HTMX
    )
    assert "New results are ready." in fragment.text
    assert "hx-get" not in fragment.text


def test_a_batch_without_verdicts_has_a_message(admin_client, db):
    batch = batch_of(UserFactory())
    domain.update_report(batch.pk)
    assert (
        "No picture has two independent verdicts yet"
        in admin_client.get(address_of(batch)).text
    )


def test_low_alpha_despite_high_agreement_is_explained(admin_client, db):
    judges = [UserFactory() for _ in range(2)]
    batch = batch_of(*judges, candidates=20)
    say_pages(batch, judges[0], "y" * 20)
    say_pages(batch, judges[1], "y" * 19 + "n")
    domain.update_report(batch.pk)
    text = admin_client.get(address_of(batch)).text
    assert "nearly all verdicts are equal" in text
    assert "alpha is low" in text


def test_alpha_of_identical_verdicts_is_a_dash_with_its_reason(admin_client, db):
    judges = [UserFactory() for _ in range(2)]
    batch = batch_of(*judges)
    for judge in judges:
        say_pages(batch, judge, "yyy")
    domain.update_report(batch.pk)
    text = admin_client.get(address_of(batch)).text
    assert "All verdicts are the same" in text
    assert "alpha is undefined" in text


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (0.8, "reliable"),
        (0.799, "tentative"),
        (0.667, "tentative"),
        (0.6669, "low"),
        (-0.1, "low"),
        (None, "unknown"),
    ],
)
def test_alpha_is_rated_by_the_usual_thresholds(alpha, expected):
    assert agreement._reading(alpha)[0] == expected


def test_many_judges_are_shown_as_a_list_of_pairs(
    admin_client, judged_batch, monkeypatch
):
    monkeypatch.setattr(agreement, "MATRIX_JUDGES", 2)
    domain.update_report(judged_batch.pk)
    page = admin_client.get(address_of(judged_batch))
    assert page.context["matrix"] == []
    assert "anna, bert" in page.text


def test_entities_erased_later_are_not_shown(admin_client, judged_batch, admin):
    domain.update_report(judged_batch.pk)
    entity = judged_batch.batchentity_set.first().entity
    name = entity.name
    erasure.erase_entity(key=entity.key, by=admin)
    page = admin_client.get(address_of(judged_batch))
    assert name not in page.text
    assert len(page.context["entities"]) == 1


def test_a_calculation_that_takes_too_long_shows_its_problem(
    admin_client, judged_batch, agreement_requests
):
    details = {"problem": "Too long.", "tried_at": timezone.now().isoformat()}
    AgreementReport.objects.create(batch=judged_batch, figures={}, details=details)
    for name in ("agreement", "reliability"):
        page = admin_client.get(reverse(name, args=[judged_batch.pk]))
        assert "Too long." in page.text
        assert "Calculating …" not in page.text
    assert agreement_requests == []


def test_the_batch_page_links_to_the_agreement_page(admin_client, judged_batch):
    page = admin_client.get(reverse("batch", args=[judged_batch.pk]))
    assert address_of(judged_batch) in page.text
