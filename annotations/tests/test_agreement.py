"""A batch's agreement report: its figures, and whether it is current."""

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
    """Let a judge give the verdicts of a word on each entity, in the order of the ids."""
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
    """Return a table of candidates x (yes, no, broken)."""
    return [
        [letters.count(letter) for letter in "ynb"]
        for letters in zip(*words, strict=True)
    ]


WORDS = [
    ["yynby", "nnyys", "yyyyy"],
    ["ynnbb", "nnyyn", "yyyyy"],
    ["yyybs", "nyybn", "yyyyn"],
]


@pytest.fixture
def batch(three):
    """Return a batch of three entities whose three judges partly disagree and skip twice."""
    new_batch = batch_of(*three, entities=3, candidates=5, judges_required=3)
    for judge, words in zip(three, WORDS, strict=True):
        say_pages(new_batch, judge, *words)
    return new_batch


JOINED = ["".join(words) for words in WORDS]


def test_the_figures_are_those_of_the_table_of_verdicts(batch):
    figures, table = reported(batch).figures, counts_of(*JOINED)
    assert figures["percent"] == pytest.approx(percent(table))
    assert figures["krippendorff_alpha"] == pytest.approx(krippendorff_alpha(table))
    assert figures["gwet_ac1"] == pytest.approx(gwet_ac1(table))
    assert (figures["candidates"], figures["judges"]) == (15, 3)
    assert figures["undefined"] == {}
    low, high = figures["intervals"]["krippendorff_alpha"]
    assert low <= figures["krippendorff_alpha"] <= high


def test_pairs_have_cohens_kappa_over_shared_candidates(batch, three):
    figures = agreement.as_json(reported(batch))
    pairs = {tuple(pair["judges"]): pair for pair in figures["pairs"]}
    assert len(pairs) == 3
    for a, b in ((0, 1), (0, 2), (1, 2)):
        shared_verdicts = [
            (x, y)
            for x, y in zip(JOINED[a], JOINED[b], strict=True)
            if "s" not in x + y
        ]
        square = np.zeros((3, 3))
        for x, y in shared_verdicts:
            square["ynb".index(x), "ynb".index(y)] += 1
        pair = pairs[three[a].username, three[b].username]
        assert pair["n"] == len(shared_verdicts)
        assert pair["percent"] == pytest.approx(np.trace(square) / len(shared_verdicts))
        assert pair["cohen_kappa"] == pytest.approx(cohen_kappa(square))


def test_each_judge_has_the_share_of_their_home_page(batch, three):
    figures = agreement.as_json(reported(batch))
    type(batch).objects.filter(pk=batch.pk).update(shows_agreement=True)
    assert agreement.compare_judges(batch.pk)
    members = {m.judge.username: m for m in BatchJudge.objects.filter(batch=batch)}
    assert len(figures["per_judge"]) == 3
    for row in figures["per_judge"]:
        member = members[row["judge"]]
        assert row["percent"] == pytest.approx(member.agreement)
        assert row["shared"] == member.shared
        assert row["yes"] + row["no"] + row["broken"] == row["n"] == member.verdicts


def test_without_broken_leaves_these_verdicts_out(batch):
    part = reported(batch).figures["parts"]["all_without_broken"]
    table = [row[:2] for row in counts_of(*JOINED)]
    assert part["krippendorff_alpha"] == pytest.approx(krippendorff_alpha(table))
    assert part["candidates"] == sum(sum(row) > 1 for row in table)
    assert sum(week["candidates"] for week in part["weeks"]) == part["candidates"]
    assert len(part["pairs"]) == 3
    assert all(pair["n"] <= part["candidates"] for pair in part["pairs"])


def test_the_control_share_has_its_own_figures_or_a_reason(batch):
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
    Judgment.objects.update(received_at=monday - timedelta(seconds=1))
    late = Candidate.objects.order_by("pk").first()
    Judgment.objects.filter(
        candidate=late, judge=Judgment.objects.first().judge
    ).update(received_at=monday)
    weeks = reported(batch).figures["weeks"]
    assert [(w["week"], w["candidates"]) for w in weeks] == [
        ("2024-01-01", 14),
        ("2024-01-08", 1),
    ]


def test_entities_and_pictures_where_judges_differ_come_first(batch):
    details = reported(batch).details
    table = np.array(counts_of(*JOINED))
    judge_counts = table.sum(axis=1)
    pairs = judge_counts * (judge_counts - 1)
    differ = 1 - (table * (table - 1)).sum(axis=1) / pairs
    entities = sorted(batch.batchentity_set.values_list("entity", flat=True))
    expected = differ.reshape(3, 5).sum(axis=1)
    sums = {e["entity"]: e["differ"] for e in details["entities"]}
    assert sums == {
        number: pytest.approx(sum_)
        for number, sum_ in zip(entities, expected, strict=True)
    }
    assert list(sums.values()) == sorted(sums.values(), reverse=True)
    numbers = list(Candidate.objects.order_by("pk").values_list("pk", flat=True))
    shares = [differ[numbers.index(row["candidate"])] for row in details["pictures"]]
    assert shares == sorted(differ[differ > 0], reverse=True)


def test_only_independent_verdicts_count(batch, three):
    Judgment.objects.filter(judge=three[2]).update(blind_verdict=None)
    Judgment.objects.filter(judge=three[1], verdict="no").update(verdict="yes")
    figures = reported(batch).figures
    assert figures["judges"] == 2
    assert figures["percent"] == pytest.approx(percent(counts_of(*JOINED[:2])))


def test_equal_verdicts_are_undefined_and_never_one(three):
    batch = batch_of(*three[:2], candidates=4)
    for judge in three[:2]:
        say_pages(batch, judge, "yyyy")
    figures = reported(batch).figures
    assert figures["percent"] == 1.0
    for name in ("krippendorff_alpha", "fleiss_kappa", "gwet_ac1"):
        assert figures[name] is None
        assert "the same" in figures["undefined"][name]
    [pair] = figures["pairs"]
    assert pair["cohen_kappa"] is None
    assert "the same" in pair["undefined"]["cohen_kappa"]


def test_the_figures_of_an_unjudged_batch_are_undefined(three):
    batch = batch_of(*three)
    figures = reported(batch).figures
    assert (figures["candidates"], figures["judges"], figures["pairs"]) == (0, 0, [])
    assert "No picture has two" in figures["undefined"]["percent"]
    assert agreement.latest_report(batch).is_current


def test_reliability_needs_three_judges_and_enough_pictures(batch, three):
    reliability = reported(batch).details["reliability"]
    assert "30 pictures" in reliability["undefined"]
    pair = batch_of(*three[:2], candidates=40, page_size=40)
    for judge in three[:2]:
        say_pages(pair, judge, "yn" * 20)
    assert "takes three" in reported(pair).details["reliability"]["undefined"]


def test_reliability_finds_errors_and_hides_names(three):
    batch = batch_of(*three, candidates=60, page_size=60, judges_required=3)
    words = ["yn" * 30, "yn" * 30, "yy" * 15 + "yn" * 15]
    for judge, word in zip(three, words, strict=True):
        say_pages(batch, judge, word)
    comparison = reported(batch)
    reliability = agreement.reliability_as_json(comparison, show_names=True)
    rows = {row["judge"]: row["confusion"] for row in reliability["judges"]}
    assert rows[three[0].username]["no"]["no"] == pytest.approx(1, abs=0.01)
    assert rows[three[2].username]["no"]["yes"] == pytest.approx(0.5, abs=0.01)
    assert rows[three[2].username]["broken"] is None
    assert reliability["class_shares"]["yes"] == pytest.approx(0.5, abs=0.01)
    hidden = agreement.reliability_as_json(comparison, show_names=False)
    assert {e["judge"] for e in hidden["judges"]} == {j.pseudonym for j in three}


def test_new_changed_voided_and_erased_verdicts_make_it_outdated(batch, three, admin):
    def is_outdated():
        answer = not agreement.latest_report(batch).is_current
        reported(batch)
        assert agreement.latest_report(batch).is_current
        return answer

    assert is_outdated()
    page = first_page(three[0], batch)
    assert say(three[0], page, 0, "broken") == "recorded"
    assert is_outdated()
    judgments.void(
        batch=batch, username=three[1].username, reason="Drawn by lot.", by=admin
    )
    assert is_outdated()
    assert AgreementReport.objects.get().figures["judges"] == 2
    erasure.erase_entity(key=page.entity.key, by=admin)
    assert is_outdated()
    assert AgreementReport.objects.get().figures["candidates"] == 9  # one was skipped
    batches.add_judges(batch=batch, usernames=[UserFactory().username], by=admin)
    assert not is_outdated()


def test_a_slower_transaction_than_the_last_is_not_missed(batch, three):
    """A mark that begins before the last one can be committed after the report."""
    reported(batch)
    earlier = timezone.now() - timedelta(minutes=1)
    BatchJudge.objects.filter(batch=batch, judge=three[0]).update(said_at=earlier)
    assert not agreement.latest_report(batch).is_current


def test_a_report_in_an_older_format_is_computed_again(batch):
    report = reported(batch)
    report.details["version"] = reports.FORMAT_VERSION - 1
    report.save()
    assert agreement.latest_report(batch) == agreement.reports.ReportStatus(None, False)
    assert reported(batch).details["version"] == reports.FORMAT_VERSION


def test_the_same_judgments_give_the_same_figures(batch):
    first = reported(batch).figures
    AgreementReport.objects.all().delete()
    assert reported(batch).figures == first


def test_it_is_computed_again_after_ten_minutes(batch, three, monkeypatch):
    requests = []
    monkeypatch.setattr(tasks, "request_agreement", requests.append)
    unjudged_batch = batch_of(three[0])
    tasks.report_agreements()
    assert requests == [batch.pk]
    assert unjudged_batch.pk not in requests
    reported(batch)
    assert agreement.outdated_batches() == []
    page = first_page(three[0], batch)
    say(three[0], page, 0, "broken")
    assert agreement.outdated_batches() == []
    AgreementReport.objects.update(computed_at=timezone.now() - timedelta(minutes=11))
    assert agreement.outdated_batches() == [batch.pk]


def test_a_timeout_is_reported_and_keeps_the_old_figures(batch, three, monkeypatch):
    before = reported(batch).figures
    page = first_page(three[0], batch)
    say(three[0], page, 0, "broken")
    slow = "SELECT 1, 2, '{4}'::bigint[], 4 FROM pg_sleep(5)"
    monkeypatch.setattr(ratings, "READ", slow)
    monkeypatch.setattr(ratings, "TIMEOUT_SECONDS", 1)
    assert agreement.update_report(batch.pk)
    status = agreement.latest_report(batch)
    assert not status.is_current
    assert status.report.figures == before
    assert status.problem == reports.TOO_SLOW
    earlier = timezone.now() - timedelta(minutes=11)
    AgreementReport.objects.update(computed_at=earlier)
    assert agreement.outdated_batches() == []  # not before ten minutes
    details = status.report.details | {"tried_at": earlier.isoformat()}
    AgreementReport.objects.update(details=details)
    assert agreement.outdated_batches() == [batch.pk]
    assert not agreement.latest_report(batch).problem
    monkeypatch.undo()
    assert "problem" not in reported(batch).details


def test_a_report_over_several_tasks_continues_where_it_stopped(batch, monkeypatch):
    whole = reported(batch)
    AgreementReport.objects.all().delete()
    monkeypatch.setattr(ratings, "SLICE_JUDGMENTS", 7)
    messages = []
    monkeypatch.setattr(
        tasks.report_agreement, "apply_async", lambda args, **_: messages.append(args)
    )
    monkeypatch.setattr(agreement, "READ_SECONDS", 0)
    tasks.request_agreement(batch.pk)
    rounds = 0
    while messages:
        assert not AgreementReport.objects.exists()
        tasks.report_agreement(*messages.pop())
        rounds += 1
    assert rounds > 3
    report = AgreementReport.objects.get()
    assert report.figures == whole.figures
    assert report.details == whole.details
    assert agreement.latest_report(batch).is_current


def test_many_requests_cause_one_report(batch, monkeypatch):
    messages = []
    monkeypatch.setattr(
        tasks.report_agreement, "apply_async", lambda args, **_: messages.append(args)
    )
    for _ in range(5):
        tasks.request_agreement(batch.pk)
    assert messages == [(batch.pk,)]
    tasks.report_agreement(batch.pk)
    tasks.request_agreement(batch.pk)
    assert len(messages) == 2
    tasks.cache.delete(f"agreement-{batch.pk}")
