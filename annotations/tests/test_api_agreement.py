"""Agreement and reliability in the API."""

import pytest
from django.utils import timezone

from annotations import agreement, tasks
from annotations.models import AgreementReport

from .desk import batch_of, say
from .factories import UserFactory
from .test_agreement import first_page, say_pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def requested_batches(monkeypatch):
    """The ids of batches whose report was requested from a worker."""
    batch_ids = []
    monkeypatch.setattr(tasks, "request_agreement", batch_ids.append)
    return batch_ids


@pytest.fixture
def judges():
    return [UserFactory(username=name) for name in ("anna", "bert", "cleo")]


@pytest.fixture
def batch(judges):
    new_batch = batch_of(*judges, entities=2, candidates=20, judges_required=3)
    words = [["yn" * 10] * 2, ["yn" * 9 + "bb", "yn" * 10], ["yy" * 10, "yn" * 10]]
    for judge, pages in zip(judges, words, strict=True):
        say_pages(new_batch, judge, *pages)
    return new_batch


def get(api, person, batch, report="agreement"):
    return api(person).get(f"/api/v1/batches/{batch.pk}/{report}/")


def test_it_is_202_until_a_result_newer_than_the_last_judgment_exists(
    api, admin, batch, judges, requested_batches
):
    for report in ("agreement", "reliability"):
        answer = get(api, admin, batch, report)
        assert answer.status_code == 202
        assert answer.json() == {"computed_at": None, "problem": None}
        assert int(answer["Retry-After"]) > 0
    assert requested_batches == [batch.pk] * 2
    agreement.update_report(batch.pk)
    first = get(api, admin, batch)
    assert first.status_code == 200
    say(judges[0], first_page(judges[0], batch), 0, "broken")
    answer = get(api, admin, batch)
    assert answer.status_code == 202
    assert answer.json()["computed_at"] == first.json()["computed_at"]
    agreement.update_report(batch.pk)
    assert get(api, admin, batch).json()["computed_at"] > first.json()["computed_at"]


def test_a_failed_report_gives_the_reason_and_is_not_retried_at_once(
    api, admin, batch, requested_batches
):
    AgreementReport.objects.create(
        batch=batch,
        figures={},
        details={"problem": "Too slow.", "tried_at": timezone.now().isoformat()},
    )
    for report in ("agreement", "reliability"):
        answer = get(api, admin, batch, report)
        assert answer.status_code == 202
        assert answer.json() == {"computed_at": None, "problem": "Too slow."}
        assert answer["Retry-After"] == "600"
    assert requested_batches == []


def test_it_has_the_shape_of_the_contract(api, admin, batch):
    agreement.update_report(batch.pk)
    body = get(api, admin, batch).json()
    assert (body["candidates"], body["judges"], body["undefined"]) == (40, 3, {})
    for name in ("percent", "krippendorff_alpha", "fleiss_kappa", "gwet_ac1"):
        low, high = body["intervals"][name]
        assert -1 <= low <= body[name] <= high <= 1
    assert [pair["judges"] for pair in body["pairs"]] == [
        ["anna", "bert"],
        ["anna", "cleo"],
        ["bert", "cleo"],
    ]
    assert body["pairs"][0]["n"] == 40
    assert body["pairs"][0]["percent"] == pytest.approx(0.95)
    assert [line["judge"] for line in body["per_judge"]] == ["anna", "bert", "cleo"]
    part = body["parts"]["all_without_broken"]
    assert len(part["pairs"]) == 3
    assert sum(week["candidates"] for week in body["weeks"]) == 40
    assert body["parts"]["control"]["undefined"]["percent"]


def test_undefined_coefficients_are_null_with_a_reason(api, admin, judges):
    batch = batch_of(*judges[:2])
    for judge in judges[:2]:
        say_pages(batch, judge, "yyy")
    agreement.update_report(batch.pk)
    body = get(api, admin, batch).json()
    assert body["krippendorff_alpha"] is None
    assert body["undefined"]["krippendorff_alpha"]
    assert body["percent"] == 1
    assert body["intervals"]["percent"] is None  # because there is only one entity


def test_a_batch_without_judgments_has_a_report(api, admin, judges):
    batch = batch_of(*judges)
    agreement.update_report(batch.pk)
    body = get(api, admin, batch).json()
    assert (body["candidates"], body["judges"], body["percent"]) == (0, 0, None)
    assert get(api, admin, batch, "reliability").json()["judges"] == []


def test_one_judge_alone_has_no_pairs(api, admin, judges):
    batch = batch_of(judges[0])
    say_pages(batch, judges[0], "ynb")
    agreement.update_report(batch.pk)
    body = get(api, admin, batch).json()
    assert (body["judges"], body["pairs"]) == (1, [])
    assert body["per_judge"][0]["percent"] is None


def test_reliability_names_judges_to_admins_only(
    api, admin, adjudicator, batch, judges
):
    agreement.update_report(batch.pk)
    for_admin = get(api, admin, batch, "reliability").json()
    assert [line["judge"] for line in for_admin["judges"]] == ["anna", "bert", "cleo"]
    cleo = for_admin["judges"][2]["confusion"]
    assert cleo["no"]["yes"] == pytest.approx(0.5, abs=0.05)
    assert sum(cleo["yes"].values()) == pytest.approx(1)
    for_adjudicator = get(api, adjudicator, batch, "reliability").json()
    assert {line["judge"] for line in for_adjudicator["judges"]} == {
        judge.pseudonym for judge in judges
    }
    assert for_adjudicator["class_shares"] == for_admin["class_shares"]


def test_strangers_and_judges_are_refused(api, batch, stranger, judges):
    for person in (stranger, judges[0]):
        for report in ("agreement", "reliability"):
            assert get(api, person, batch, report).status_code == 403


def test_an_unknown_batch_is_not_found(api, admin):
    for report in ("agreement", "reliability"):
        assert api(admin).get(f"/api/v1/batches/0/{report}/").status_code == 404
