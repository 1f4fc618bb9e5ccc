"""The page of a batch's agreement: figures, readings, and what is not known yet."""

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


@pytest.fixture
def desk(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """The batches whose agreement was asked for; nobody works it out by itself."""
    numbers = []
    monkeypatch.setattr(tasks, "request_agreement", numbers.append)
    return numbers


@pytest.fixture
def judged(db):
    """Three judges of two entities who differ here and there."""
    judges = [UserFactory(username=name) for name in ("anna", "bert", "cleo")]
    batch = batch_of(*judges, entities=2, candidates=5, judges_required=3)
    for judge, words in zip(
        judges,
        (["yynby", "nnyyy"], ["ynnby", "nnyyn"], ["yynbb", "nyyyn"]),
        strict=True,
    ):
        say_pages(batch, judge, *words)
    return batch


def address_of(batch):
    return reverse("agreement", args=[batch.pk])


def test_only_admins_find_it(client, judged, stranger, adjudicator):
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert client.get(address_of(judged)).status_code == 404
    client.logout()
    assert client.get(address_of(judged)).status_code == 302


def test_a_batch_that_is_not_there_is_not_found(desk):
    assert desk.get(reverse("agreement", args=[999])).status_code == 404


def test_at_first_it_is_worked_out_and_then_comes_by_itself(desk, judged, asked):
    page = desk.get(address_of(judged))
    assert asked == [judged.pk]
    assert "Calculating …" in page.text
    assert 'hx-trigger="every 2s"' in page.text
    news = desk.get(address_of(judged), headers=HTMX)
    assert "Calculating …" in news.text
    assert "<html" not in news.text
    domain.update_report(judged.pk)
    news = desk.get(address_of(judged), {"shown": ""}, headers=HTMX)
    assert news["HX-Refresh"] == "true"
    assert asked == [judged.pk]  # polling asks for nothing


def test_it_shows_alpha_its_reading_pairs_and_where_judges_differ(desk, judged, asked):
    domain.update_report(judged.pk)
    page = desk.get(address_of(judged))
    figures = AgreementReport.objects.get().figures
    assert asked == []
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


def test_pairs_and_weeks_are_of_the_part_that_is_chosen(desk, judged, asked):
    BatchEntity.objects.filter(pk=BatchEntity.objects.first().pk).update(
        is_control=True
    )
    domain.update_report(judged.pk)
    whole = desk.get(address_of(judged), {"part": "x"})
    assert whole.context["matrix"][0][1][1]["n"] == 10
    part = desk.get(address_of(judged), {"part": "control"})
    assert part.context["matrix"][0][1][1]["n"] == 5
    assert "Random control share only." in part.text
    assert 'href="?part=control#below" aria-current="true"' in part.text
    assert "keeps no random control share" not in part.text


def test_what_was_said_since_is_announced_and_newer_figures_are_offered(
    desk, judged, asked
):
    domain.update_report(judged.pk)
    judge = judged.judges.first()
    assert say(judge, first_page(judge, judged), 0, "broken") == "recorded"
    page = desk.get(address_of(judged))
    assert asked == [judged.pk]
    assert "There are new verdicts." in page.text
    shown = page.context["shown"]
    news = desk.get(address_of(judged), {"shown": shown}, headers=HTMX)
    assert "There are new verdicts." in news.text
    domain.update_report(judged.pk)
    news = desk.get(address_of(judged), {"shown": shown}, headers=HTMX)
    assert "New results are ready." in news.text
    assert "hx-get" not in news.text


def test_a_batch_nobody_judged_says_so(desk, db):
    batch = batch_of(UserFactory())
    domain.update_report(batch.pk)
    assert (
        "No picture has two independent verdicts yet"
        in desk.get(address_of(batch)).text
    )


def test_why_alpha_and_agreement_part_is_told_where_they_do(desk, db):
    judges = [UserFactory() for _ in range(2)]
    batch = batch_of(*judges, candidates=20)
    say_pages(batch, judges[0], "y" * 20)
    say_pages(batch, judges[1], "y" * 19 + "n")
    domain.update_report(batch.pk)
    text = desk.get(address_of(batch)).text
    assert "nearly all verdicts are equal" in text
    assert "alpha is low" in text


def test_all_alike_is_a_dash_with_its_reason(desk, db):
    judges = [UserFactory() for _ in range(2)]
    batch = batch_of(*judges)
    for judge in judges:
        say_pages(batch, judge, "yyy")
    domain.update_report(batch.pk)
    text = desk.get(address_of(batch)).text
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
def test_alpha_is_read_by_the_usual_thresholds(alpha, expected):
    assert agreement._reading(alpha)[0] == expected


def test_many_judges_are_a_list_of_pairs(desk, judged, monkeypatch):
    monkeypatch.setattr(agreement, "MATRIX_JUDGES", 2)
    domain.update_report(judged.pk)
    page = desk.get(address_of(judged))
    assert page.context["matrix"] == []
    assert "anna, bert" in page.text


def test_what_was_erased_since_is_not_shown(desk, judged, admin):
    domain.update_report(judged.pk)
    entity = judged.batchentity_set.first().entity
    name = entity.name
    erasure.erase_entity(key=entity.key, by=admin)
    page = desk.get(address_of(judged))
    assert name not in page.text
    assert len(page.context["entities"]) == 1


def test_one_that_takes_too_long_tells(desk, judged, asked):
    details = {"problem": "Too long.", "tried_at": timezone.now().isoformat()}
    AgreementReport.objects.create(batch=judged, figures={}, details=details)
    for name in ("agreement", "reliability"):
        page = desk.get(reverse(name, args=[judged.pk]))
        assert "Too long." in page.text
        assert "Calculating …" not in page.text
    assert asked == []


def test_the_batch_leads_to_it(desk, judged):
    page = desk.get(reverse("batch", args=[judged.pk]))
    assert address_of(judged) in page.text
