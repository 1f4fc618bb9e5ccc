"""A batch's agreement: from judgments to figures, and whether they are still so."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotations import agreement, batches, erasure, judgments, queue, tasks
from annotations.agreement import ratings, reports
from annotations.coefficients import cohen_kappa, gwet_ac1, krippendorff_alpha, percent
from annotations.models import (
    AgreementReport,
    Assignment,
    BatchEntity,
    BatchJudge,
    Candidate,
    Judgment,
)

from .desk import batch_of, mark_of, say
from .factories import UserFactory

pytestmark = pytest.mark.django_db
LETTERS = {"y": "yes", "n": "no", "b": "broken", "s": "skip"}


@pytest.fixture
def three():
    return [UserFactory() for _ in range(3)]


def say_pages(batch, judge, *words):
    """Let a judge say a word on each entity, in the order of their numbers."""
    entities = sorted(batch.batchentity_set.values_list("entity", flat=True))
    for _ in words:
        page = queue.lease(judge=judge, batch=batch)
        word = words[entities.index(page.entity_id)]
        order = sorted(range(len(page.candidates)), key=lambda n: page.candidates[n])
        marks = [
            mark_of(page, position, LETTERS[letter])
            for position, letter in zip(order, word, strict=True)
            if letter != "-"
        ]
        judgments.record(judge=judge, marks=marks)
        if "-" not in word:
            queue.submit(assignment_id=page.pk, judge=judge)
        else:
            queue.release(assignment_id=page.pk, judge=judge)


def first_page(judge, batch):
    return Assignment.objects.filter(judge=judge, batch=batch).order_by("pk").first()


def reported(batch):
    assert agreement.update_report(batch.pk)
    return AgreementReport.objects.get(batch=batch)


def counts_of(*words):
    """Candidates x yes, no, broken."""
    return [
        [said.count(letter) for letter in "ynb"] for said in zip(*words, strict=True)
    ]


WORDS = [
    ["yynby", "nnyys", "yyyyy"],
    ["ynnbb", "nnyyn", "yyyyy"],
    ["yyybs", "nyybn", "yyyyn"],
]


@pytest.fixture
def batch(three):
    """Three judges of three entities, who do not always agree; one skips twice."""
    made = batch_of(*three, entities=3, candidates=5, judges_required=3)
    for judge, words in zip(three, WORDS, strict=True):
        say_pages(made, judge, *words)
    return made


JOINED = ["".join(words) for words in WORDS]


def test_the_figures_are_those_of_the_table_that_was_said(batch):
    figures, table = reported(batch).figures, counts_of(*JOINED)
    assert figures["percent"] == pytest.approx(percent(table))
    assert figures["krippendorff_alpha"] == pytest.approx(krippendorff_alpha(table))
    assert figures["gwet_ac1"] == pytest.approx(gwet_ac1(table))
    assert (figures["candidates"], figures["judges"]) == (15, 3)
    assert figures["undefined"] == {}
    low, high = figures["intervals"]["krippendorff_alpha"]
    assert low <= figures["krippendorff_alpha"] <= high


def test_pairs_have_cohens_kappa_over_what_both_judged(batch, three):
    figures = agreement.as_json(reported(batch))
    found = {tuple(pair["judges"]): pair for pair in figures["pairs"]}
    assert len(found) == 3
    for a, b in ((0, 1), (0, 2), (1, 2)):
        both = [
            (x, y)
            for x, y in zip(JOINED[a], JOINED[b], strict=True)
            if "s" not in x + y
        ]
        square = np.zeros((3, 3))
        for x, y in both:
            square["ynb".index(x), "ynb".index(y)] += 1
        pair = found[three[a].username, three[b].username]
        assert pair["n"] == len(both)
        assert pair["percent"] == pytest.approx(np.trace(square) / len(both))
        assert pair["cohen_kappa"] == pytest.approx(cohen_kappa(square))


def test_each_judge_has_the_share_that_their_home_tells(batch, three):
    figures = agreement.as_json(reported(batch))
    type(batch).objects.filter(pk=batch.pk).update(shows_agreement=True)
    assert agreement.compare_judges(batch.pk)
    members = {m.judge.username: m for m in BatchJudge.objects.filter(batch=batch)}
    assert len(figures["per_judge"]) == 3
    for each in figures["per_judge"]:
        member = members[each["judge"]]
        assert each["percent"] == pytest.approx(member.agreement)
        assert each["shared"] == member.shared
        assert each["yes"] + each["no"] + each["broken"] == each["n"] == member.verdicts


def test_without_broken_is_as_if_nobody_had_said_so(batch):
    found = reported(batch).figures["parts"]["all_without_broken"]
    table = [row[:2] for row in counts_of(*JOINED)]
    assert found["krippendorff_alpha"] == pytest.approx(krippendorff_alpha(table))
    assert found["candidates"] == sum(sum(row) > 1 for row in table)
    assert sum(week["candidates"] for week in found["weeks"]) == found["candidates"]
    assert all(pair["n"] <= found["candidates"] for pair in found["pairs"])


def test_the_control_share_stands_by_itself_or_tells_why_it_does_not(batch):
    control = reported(batch).figures["parts"]["control"]
    assert "no random control" in control["undefined"]["krippendorff_alpha"]
    assert (control["pairs"], control["weeks"]) == ([], [])
    rows = BatchEntity.objects.filter(batch=batch).order_by("entity")
    BatchEntity.objects.filter(pk=rows[1].pk).update(is_control=True)
    AgreementReport.objects.all().delete()
    control = reported(batch).figures["parts"]["control"]
    table = counts_of(*(words[1] for words in WORDS))
    alpha = krippendorff_alpha(table)
    assert control["krippendorff_alpha"] == pytest.approx(alpha)
    assert "two entities" in control["undefined"]["intervals.percent"]
    assert len(control["pairs"]) == 3
    assert [week["candidates"] for week in control["weeks"]] == [control["candidates"]]


def test_a_candidate_counts_in_the_week_of_its_last_verdict(batch):
    monday = datetime(2024, 1, 8, tzinfo=UTC)
    Judgment.objects.update(decided_at=monday - timedelta(seconds=1))
    late = Candidate.objects.order_by("pk").first()
    Judgment.objects.filter(
        candidate=late, judge=Judgment.objects.first().judge
    ).update(decided_at=monday)
    weeks = reported(batch).figures["weeks"]
    assert [(w["week"], w["candidates"]) for w in weeks] == [
        ("2024-01-01", 14),
        ("2024-01-08", 1),
    ]


def test_entities_and_pictures_where_judges_differ_come_first(batch):
    details = reported(batch).details
    table = np.array(counts_of(*JOINED))
    judged = table.sum(axis=1)
    pairs = judged * (judged - 1)
    differ = 1 - (table * (table - 1)).sum(axis=1) / pairs
    entities = sorted(batch.batchentity_set.values_list("entity", flat=True))
    expected = differ.reshape(3, 5).sum(axis=1)
    found = {e["entity"]: e["differ"] for e in details["entities"]}
    assert found == {
        number: pytest.approx(sum_)
        for number, sum_ in zip(entities, expected, strict=True)
    }
    assert list(found.values()) == sorted(found.values(), reverse=True)
    numbers = list(Candidate.objects.order_by("pk").values_list("pk", flat=True))
    shown = [differ[numbers.index(each["candidate"])] for each in details["pictures"]]
    assert shown == sorted(differ[differ > 0], reverse=True)


def test_only_independent_verdicts_count(batch, three):
    Judgment.objects.filter(judge=three[2]).update(blind_verdict=None)
    Judgment.objects.filter(judge=three[1], verdict="no").update(verdict="yes")
    figures = reported(batch).figures
    assert figures["judges"] == 2
    assert figures["percent"] == pytest.approx(percent(counts_of(*JOINED[:2])))


def test_all_alike_is_undefined_and_never_one(three):
    made = batch_of(*three[:2], candidates=4)
    for judge in three[:2]:
        say_pages(made, judge, "yyyy")
    figures = reported(made).figures
    assert figures["percent"] == 1.0
    for name in ("krippendorff_alpha", "fleiss_kappa", "gwet_ac1"):
        assert figures[name] is None
        assert "the same" in figures["undefined"][name]
    [pair] = figures["pairs"]
    assert pair["cohen_kappa"] is None
    assert "the same" in pair["undefined"]["cohen_kappa"]


def test_a_batch_nobody_judged_has_figures_that_say_so(three):
    made = batch_of(*three)
    figures = reported(made).figures
    assert (figures["candidates"], figures["judges"], figures["pairs"]) == (0, 0, [])
    assert "No picture has two" in figures["undefined"]["percent"]
    assert agreement.latest_report(made).is_current


def test_reliability_waits_for_three_judges_and_enough_pictures(batch, three):
    found = reported(batch).details["reliability"]
    assert "30 pictures" in found["undefined"]
    pair = batch_of(*three[:2], candidates=40, page_size=40)
    for judge in three[:2]:
        say_pages(pair, judge, "yn" * 20)
    assert "takes three" in reported(pair).details["reliability"]["undefined"]


def test_reliability_finds_who_errs_and_hides_names_from_others(three):
    made = batch_of(*three, candidates=60, page_size=60, judges_required=3)
    words = ["yn" * 30, "yn" * 30, "yy" * 15 + "yn" * 15]
    for judge, word in zip(three, words, strict=True):
        say_pages(made, judge, word)
    comparison = reported(made)
    found = agreement.reliability_as_json(comparison, show_names=True)
    rows = {each["judge"]: each["confusion"] for each in found["judges"]}
    assert rows[three[0].username]["no"]["no"] == pytest.approx(1, abs=0.01)
    assert rows[three[2].username]["no"]["yes"] == pytest.approx(0.5, abs=0.01)
    assert rows[three[2].username]["broken"] is None
    assert found["class_shares"]["yes"] == pytest.approx(0.5, abs=0.01)
    hidden = agreement.reliability_as_json(comparison, show_names=False)
    assert {e["judge"] for e in hidden["judges"]} == {j.pseudonym for j in three}


def test_whatever_is_said_changed_voided_or_erased_makes_it_old(batch, three, admin):
    def is_old():
        answer = not agreement.latest_report(batch).is_current
        reported(batch)
        assert agreement.latest_report(batch).is_current
        return answer

    assert is_old()
    page = first_page(three[0], batch)
    assert say(three[0], page, 0, "broken") == "recorded"
    assert is_old()
    judgments.void(
        batch=batch, username=three[1].username, reason="Drawn by lot.", by=admin
    )
    assert is_old()
    assert AgreementReport.objects.get().figures["judges"] == 2
    erasure.erase_entity(key=page.entity.key, by=admin)
    assert is_old()
    assert AgreementReport.objects.get().figures["candidates"] == 9  # one was skipped
    batches.add_judges(batch=batch, usernames=[UserFactory().username], by=admin)
    assert not is_old()


def test_one_who_was_slower_than_the_last_is_not_missed(batch, three):
    """A mark begun before the last one may be committed after the report."""
    reported(batch)
    earlier = timezone.now() - timedelta(minutes=1)
    BatchJudge.objects.filter(batch=batch, judge=three[0]).update(said_at=earlier)
    assert not agreement.latest_report(batch).is_current


def test_what_an_older_version_stored_is_worked_out_anew(batch):
    stored = reported(batch)
    stored.details["version"] = reports.FORMAT_VERSION - 1
    stored.save()
    assert agreement.latest_report(batch) == agreement.reports.ReportStatus(None, False)
    assert reported(batch).details["version"] == reports.FORMAT_VERSION


def test_the_same_judgments_give_the_same_figures(batch):
    first = reported(batch).figures
    AgreementReport.objects.all().delete()
    assert reported(batch).figures == first


def test_it_is_worked_out_again_by_itself_after_ten_minutes(batch, three, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "request_agreement", asked.append)
    nobody = batch_of(three[0])
    tasks.report_agreements()
    assert asked == [batch.pk]
    assert nobody.pk not in asked
    reported(batch)
    assert agreement.outdated_batches() == []
    page = first_page(three[0], batch)
    say(three[0], page, 0, "broken")
    assert agreement.outdated_batches() == []
    AgreementReport.objects.update(computed_at=timezone.now() - timedelta(minutes=11))
    assert agreement.outdated_batches() == [batch.pk]


def test_one_that_takes_too_long_says_so_and_keeps_what_it_had(
    batch, three, monkeypatch
):
    before = reported(batch).figures
    page = first_page(three[0], batch)
    say(three[0], page, 0, "broken")
    slow = "SELECT 1, 2, '{4}'::bigint[], 4 FROM pg_sleep(5)"
    monkeypatch.setattr(ratings, "READ", slow)
    monkeypatch.setattr(ratings, "TIMEOUT_SECONDS", 1)
    assert agreement.update_report(batch.pk)
    found = agreement.latest_report(batch)
    assert not found.is_current
    assert found.report.figures == before
    assert found.problem == reports.TOO_SLOW
    earlier = timezone.now() - timedelta(minutes=11)
    AgreementReport.objects.update(computed_at=earlier)
    assert agreement.outdated_batches() == []  # not before ten minutes
    details = found.report.details | {"tried_at": earlier.isoformat()}
    AgreementReport.objects.update(details=details)
    assert agreement.outdated_batches() == [batch.pk]
    assert not agreement.latest_report(batch).problem
    monkeypatch.undo()
    assert "problem" not in reported(batch).details


def test_one_that_takes_several_tasks_goes_on_where_it_stopped(batch, monkeypatch):
    whole = reported(batch)
    AgreementReport.objects.all().delete()
    monkeypatch.setattr(ratings, "SLICE_JUDGMENTS", 7)
    sent = []
    monkeypatch.setattr(
        tasks.report_agreement, "apply_async", lambda args, **_: sent.append(args)
    )
    monkeypatch.setattr(agreement, "READ_SECONDS", 0)
    tasks.request_agreement(batch.pk)
    rounds = 0
    while sent:
        assert not AgreementReport.objects.exists()
        tasks.report_agreement(*sent.pop())
        rounds += 1
    assert rounds > 3
    found = AgreementReport.objects.get()
    assert found.figures == whole.figures
    assert found.details == whole.details
    assert agreement.latest_report(batch).is_current


def test_many_who_ask_cause_one_report(batch, monkeypatch):
    sent = []
    monkeypatch.setattr(
        tasks.report_agreement, "apply_async", lambda args, **_: sent.append(args)
    )
    for _ in range(5):
        tasks.request_agreement(batch.pk)
    assert sent == [(batch.pk,)]
    tasks.report_agreement(batch.pk)
    tasks.request_agreement(batch.pk)
    assert len(sent) == 2
    tasks.cache.delete(f"agreement-{batch.pk}")
