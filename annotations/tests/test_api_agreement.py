"""Agreement and reliability as programs get them."""

import pytest
from django.utils import timezone

from annotations import agreement, tasks
from annotations.models import AgreementReport

from .desk import batch_of, say
from .factories import UserFactory
from .test_agreement import first_page, say_pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    """The batches that were asked for."""
    numbers = []
    monkeypatch.setattr(tasks, "ask_for_agreement", numbers.append)
    return numbers


@pytest.fixture
def judges():
    return [UserFactory(username=name) for name in ("anna", "bert", "cleo")]


@pytest.fixture
def batch(judges):
    made = batch_of(*judges, entities=2, candidates=20, judges_required=3)
    words = [["yn" * 10] * 2, ["yn" * 9 + "bb", "yn" * 10], ["yy" * 10, "yn" * 10]]
    for judge, pages in zip(judges, words, strict=True):
        say_pages(made, judge, *pages)
    return made


def get(api, person, batch, what="agreement"):
    return api(person).get(f"/api/v1/batches/{batch.pk}/{what}/")


def test_it_is_202_until_a_result_newer_than_the_last_judgment_exists(
    api, admin, batch, judges, asked
):
    for what in ("agreement", "reliability"):
        answer = get(api, admin, batch, what)
        assert answer.status_code == 202
        assert answer.json() == {"computed_at": None, "problem": None}
        assert int(answer["Retry-After"]) > 0
    assert asked == [batch.pk] * 2
    agreement.report(batch.pk)
    first = get(api, admin, batch)
    assert first.status_code == 200
    say(judges[0], first_page(judges[0], batch), 0, "broken")
    answer = get(api, admin, batch)
    assert answer.status_code == 202
    assert answer.json()["computed_at"] == first.json()["computed_at"]
    agreement.report(batch.pk)
    assert get(api, admin, batch).json()["computed_at"] > first.json()["computed_at"]


def test_one_that_failed_says_why_and_is_not_tried_at_once(api, admin, batch, asked):
    AgreementReport.objects.create(
        batch=batch,
        figures={},
        details={"problem": "Too slow.", "tried_at": timezone.now().isoformat()},
    )
    for what in ("agreement", "reliability"):
        answer = get(api, admin, batch, what)
        assert answer.status_code == 202
        assert answer.json() == {"computed_at": None, "problem": "Too slow."}
        assert answer["Retry-After"] == "600"
    assert asked == []


def test_it_has_the_shape_of_the_contract(api, admin, batch):
    agreement.report(batch.pk)
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
    assert [each["judge"] for each in body["per_judge"]] == ["anna", "bert", "cleo"]
    part = body["parts"]["all_without_broken"]
    assert len(part["pairs"]) == 3
    assert sum(week["candidates"] for week in body["weeks"]) == 40
    assert body["parts"]["control"]["undefined"]["percent"]


def test_undefined_ones_are_null_with_a_reason(api, admin, judges):
    batch = batch_of(*judges[:2])
    for judge in judges[:2]:
        say_pages(batch, judge, "yyy")
    agreement.report(batch.pk)
    body = get(api, admin, batch).json()
    assert body["krippendorff_alpha"] is None
    assert body["undefined"]["krippendorff_alpha"]
    assert body["percent"] == 1
    assert body["intervals"]["percent"] is None  # of one entity


def test_a_batch_nobody_judged_has_an_answer(api, admin, judges):
    batch = batch_of(*judges)
    agreement.report(batch.pk)
    body = get(api, admin, batch).json()
    assert (body["candidates"], body["judges"], body["percent"]) == (0, 0, None)
    assert get(api, admin, batch, "reliability").json()["judges"] == []


def test_one_judge_alone_has_nobody_to_agree_with(api, admin, judges):
    batch = batch_of(judges[0])
    say_pages(batch, judges[0], "ynb")
    agreement.report(batch.pk)
    body = get(api, admin, batch).json()
    assert (body["judges"], body["pairs"]) == (1, [])
    assert body["per_judge"][0]["percent"] is None


def test_reliability_names_judges_to_admins_only(
    api, admin, adjudicator, batch, judges
):
    agreement.report(batch.pk)
    named = get(api, admin, batch, "reliability").json()
    assert [each["judge"] for each in named["judges"]] == ["anna", "bert", "cleo"]
    cleo = named["judges"][2]["confusion"]
    assert cleo["no"]["yes"] == pytest.approx(0.5, abs=0.05)
    assert sum(cleo["yes"].values()) == pytest.approx(1)
    hidden = get(api, adjudicator, batch, "reliability").json()
    assert {each["judge"] for each in hidden["judges"]} == {
        judge.pseudonym for judge in judges
    }
    assert hidden["class_shares"] == named["class_shares"]


def test_a_stranger_and_a_judge_learn_nothing(api, batch, stranger, judges):
    for person in (stranger, judges[0]):
        for what in ("agreement", "reliability"):
            assert get(api, person, batch, what).status_code == 403


def test_a_batch_that_is_not_there_is_not_found(api, admin):
    for what in ("agreement", "reliability"):
        assert api(admin).get(f"/api/v1/batches/0/{what}/").status_code == 404
