"""Clearance of candidates that the model is sure of, its audit, and its end."""

import pytest

from annotations import (
    adjudication,
    batches,
    clearance,
    ground_truth,
    queue,
    sql,
    tasks,
    verification,
)
from annotations.clearance import _has_failed
from annotations.errors import Invalid
from annotations.models import (
    AuditEntry,
    BatchEntity,
    Candidate,
    Clearance,
    Conflict,
    Reopened,
)

from .desk import batch_of, refusal_of, say, say_all
from .scored import score

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def default_scorer(monkeypatch):
    """Resolve an empty scorer name without the settings."""
    monkeypatch.setattr("annotations.queue.order._default_scorer", lambda: "faces")


@pytest.fixture
def cleaning(judge, other_judge):
    """A cleaning batch of ten candidates. The model is sure of all but the last."""
    rules = {"purpose": "cleaning", "clear_beyond": 0.95, "audit_size": 2}
    batch = batch_of(judge, other_judge, entities=2, candidates=5, **rules)
    for n, candidate in enumerate(Candidate.objects.order_by("pk")):
        score(candidate, [0.99, 0.01][n % 2] if n < 9 else 0.7)
    return batch


def truths(batch):
    """Return verdict, basis and counts by candidate, as in the export."""
    rows = sql.rows(*ground_truth.statement([batch.pk]))
    return {row[2]: (row[8], row[9], *row[10:14], row[14]) for row in rows}


def differences():
    """Return the differences that verification finds, without batch totals."""
    return [str(d) for d in verification.verify() if "_total" not in d.where]


def judge_all(judge, batch, verdicts):
    """Judge all pages; the verdict of a candidate that `verdicts` lacks is yes."""
    while True:
        try:
            page = queue.lease(judge=judge, batch=batch)
        except queue.NothingToLease:
            return
        for n, candidate in enumerate(page.candidates):
            say(judge, page, n, verdicts.get(candidate, "yes"))
        queue.submit(assignment_id=page.pk, judge=judge)


def cleared_verdicts(batch):
    rows = Clearance.objects.filter(batch=batch)
    return dict(rows.values_list("candidate_id", "verdict"))


def test_judges_get_only_uncertain_candidates_and_the_audit(cleaning, judge):
    assert clearance.clear(cleaning) == 9
    rows = Clearance.objects.order_by("lot")
    assert [row.is_audit for row in rows] == [True] * 2 + [False] * 7
    expected = {row.candidate_id for row in rows[:2]} | {
        Candidate.objects.latest("pk").pk
    }
    verdicts = cleared_verdicts(cleaning)
    assert set(verdicts.values()) == {"yes", "no"}
    judge_all(judge, cleaning, verdicts)
    judged_ids = judge.judgment_set.values_list("candidate", flat=True)
    assert set(judged_ids) == expected
    assert refusal_of(judge) == "all-done"
    assert differences() == []


def test_cleared_candidates_have_the_models_verdict_and_no_counts(cleaning):
    clearance.clear(cleaning)
    truth_by_id = truths(cleaning)
    for row in Clearance.objects.all():
        if row.is_audit:
            assert truth_by_id[row.candidate_id] == (None, "open", 0, 0, 0, 0, None)
        else:
            expected = (row.verdict, "cleared", 0, 0, 0, 0, None)
            assert truth_by_id[row.candidate_id] == expected
    assert Clearance.objects.filter(is_audit=False).count() == 7
    assert not Conflict.objects.exists()


def test_clearance_is_off_by_default(judge):
    batch = batch_of(judge, purpose="cleaning")
    for candidate in Candidate.objects.all():
        score(candidate, 1.0)
    assert clearance.batches_to_clear() == []
    assert clearance.clear(batch) == 0
    assert not Clearance.objects.exists()


def test_measurement_batches_cannot_be_cleared(judge, admin):
    with pytest.raises(Invalid) as caught:
        batch_of(judge, clear_beyond=0.99)
    assert list(caught.value.errors) == ["clear_beyond"]
    batch = batch_of(judge, purpose="measurement")
    with pytest.raises(Invalid) as caught:
        batches.update(batch=batch, by=admin, clear_beyond=0.99)
    assert list(caught.value.errors) == ["clear_beyond"]


def test_reported_ruled_judged_and_held_candidates_are_not_cleared(
    judge, other_judge, admin
):
    rules = {"purpose": "cleaning", "clear_beyond": 0.95, "audit_size": 1}
    batch = batch_of(judge, other_judge, candidates=8, page_size=1, **rules)
    candidates = list(Candidate.objects.order_by("rank"))
    prior, likely, with_ruling, with_report, with_verdict, on_page = candidates[:6]
    for candidate in Candidate.objects.all():
        score(candidate, 0.97)
    score(prior, 0.99, is_calibrated=False)
    score(likely, 0.94)
    adjudication.rule(batch=batch, candidate=with_ruling.pk, verdict="yes", by=admin)
    queue.report(candidate=with_report, by=judge, reason="other", comment="")
    for candidate in (prior, likely, with_verdict):
        page = queue.lease(judge=judge)
        assert page.candidates == [candidate.pk]
        say_all(judge, page)
    page = queue.lease(judge=judge)
    assert page.candidates == [on_page.pk]
    assert clearance.clear(batch) == 2
    cleared_ids = set(Clearance.objects.values_list("candidate", flat=True))
    assert cleared_ids == {candidate.pk for candidate in candidates[6:]}
    queue.release(assignment_id=page.pk, judge=judge)
    assert clearance.clear(batch) == 1
    assert differences() == []


def test_control_entities_are_not_cleared(cleaning):
    BatchEntity.objects.update(is_control=True)
    assert clearance.clear(cleaning) == 0


def test_the_audit_stays_a_random_sample_when_more_candidates_are_cleared(
    judge, other_judge
):
    rules = {"purpose": "cleaning", "clear_beyond": 0.95, "audit_size": 6}
    batch = batch_of(judge, other_judge, entities=6, candidates=5, **rules)
    candidates = list(Candidate.objects.order_by("pk"))
    for candidate in candidates[:8]:
        score(candidate, 0.99)
    clearance.clear(batch)
    first_audit = set(Clearance.objects.filter(is_audit=True).values_list("pk"))
    assert len(first_audit) == 6
    for candidate in candidates[8:]:
        score(candidate, 0.99)
    clearance.clear(batch)
    lots = Clearance.objects.order_by("lot")
    assert [row.is_audit for row in lots] == [True] * 6 + [False] * 24
    assert not first_audit <= {row.pk for row in lots[:6]}
    assert differences() == []


def test_judged_candidates_stay_in_a_smaller_audit(cleaning, judge):
    Clearance.objects.all().delete()
    cleaning.audit_size = 9
    cleaning.save()
    clearance.clear(cleaning)
    say_all(judge, queue.lease(judge=judge))
    cleaning.audit_size = 1
    cleaning.save()
    clearance.clear(cleaning)
    judged_ids = set(judge.judgment_set.values_list("candidate", flat=True))
    audit_ids = set(
        Clearance.objects.filter(is_audit=True).values_list("candidate", flat=True)
    )
    lowest = Clearance.objects.order_by("lot")[0].candidate_id
    assert audit_ids == (judged_ids & set(cleared_verdicts(cleaning))) | {lowest}
    assert differences() == []


def test_a_larger_audit_returns_candidates_to_judges(cleaning, judge):
    clearance.clear(cleaning)
    judge_all(judge, cleaning, cleared_verdicts(cleaning))
    cleaning.audit_size = 5
    cleaning.save()
    clearance.clear(cleaning)
    assert Clearance.objects.filter(is_audit=True).count() == 5
    judge_all(judge, cleaning, cleared_verdicts(cleaning))
    assert judge.judgment_set.count() == 6
    assert differences() == []


def test_totals_include_the_audit(cleaning, judge, other_judge):
    clearance.clear(cleaning)
    judge_all(judge, cleaning, cleared_verdicts(cleaning))
    clearance.clear(cleaning)
    cleaning.refresh_from_db()
    assert (cleaning.cleared_total, cleaning.audit_total) == (9, 2)
    assert cleaning.audited_total == 0
    judge_all(other_judge, cleaning, cleared_verdicts(cleaning))
    clearance.clear(cleaning)
    cleaning.refresh_from_db()
    assert (cleaning.audited_total, cleaning.audit_errors) == (2, 0)
    queue.sum_counters()
    cleaning.refresh_from_db()
    members = batches.members_of(cleaning)
    assert batches.outlook(cleaning, members).judgments == 0


def test_a_failed_audit_returns_all_candidates_and_ends_clearance(
    cleaning, judge, other_judge, admin
):
    clearance.clear(cleaning)
    wrong_verdicts = {
        candidate: "no" if verdict == "yes" else "yes"
        for candidate, verdict in cleared_verdicts(cleaning).items()
    }
    for user in (judge, other_judge):
        judge_all(user, cleaning, wrong_verdicts)
    assert refusal_of(judge) == "all-done"
    clearance.clear(cleaning)
    cleaning.refresh_from_db()
    assert cleaning.clearance_failed_at is not None
    assert (cleaning.clear_beyond, cleaning.audit_errors) == (0.95, 2)
    assert not Clearance.objects.exists()
    assert Reopened.objects.filter(judge=judge).exists()
    entry = AuditEntry.objects.get(action="clearance-failed")
    assert entry.details["errors"] == 2
    assert clearance.clear(cleaning) == 0
    assert clearance.batches_to_clear() == []
    judge_all(judge, cleaning, {})
    assert judge.judgment_set.count() == 10
    assert {basis for _, basis, *_ in truths(cleaning).values()} == {
        "open",
        "unanimous",
    }
    assert differences() == []


def test_a_ruling_counts_in_the_audit(cleaning, admin):
    clearance.clear(cleaning)
    row = Clearance.objects.filter(is_audit=True).first()
    verdict = "no" if row.verdict == "yes" else "yes"
    adjudication.rule(
        batch=cleaning, candidate=row.candidate_id, verdict=verdict, by=admin
    )
    clearance.clear(cleaning)
    cleaning.refresh_from_db()
    assert cleaning.clearance_failed_at is not None


def test_an_interrupted_return_continues_in_the_next_pass(cleaning):
    clearance.clear(cleaning)
    cleaning.clearance_failed_at = cleaning.created_at
    cleaning.save()
    assert clearance.batches_to_clear() == [cleaning.pk]
    clearance.clear(cleaning)
    assert not Clearance.objects.exists()
    assert sum(row.open_places for row in BatchEntity.objects.all()) == 20


def test_another_threshold_restarts_clearance(cleaning, admin):
    clearance.clear(cleaning)
    batch = batches.update(batch=cleaning, by=admin, clear_beyond=None)
    assert not Clearance.objects.exists()
    assert batch.cleared_total == 0
    assert sum(row.open_places for row in BatchEntity.objects.all()) == 20
    assert clearance.clear(batch) == 0
    batch.clearance_failed_at = batch.created_at
    batch.save()
    batch = batches.update(batch=batch, by=admin, clear_beyond=0.98)
    assert batch.clearance_failed_at is None
    assert clearance.clear(batch) == 9
    assert differences() == []


def test_closed_batches_are_not_cleared(cleaning, admin):
    batches.close_batch(batch=cleaning, by=admin)
    assert clearance.clear(cleaning) == 0
    assert clearance.batches_to_clear() == []


def test_a_pass_continues_where_the_last_pass_ended(cleaning, monkeypatch):
    monkeypatch.setattr("annotations.clearance.ENTITIES_PER_STEP", 1)
    assert clearance.clear(cleaning, seconds=-1) == 5
    assert clearance.clear(cleaning, seconds=-1) == 4
    assert clearance.clear(cleaning) == 0
    assert Clearance.objects.filter(is_audit=False).count() == 7


def test_a_report_on_a_cleared_candidate_is_a_conflict_but_not_stuck(
    cleaning, judge, admin
):
    clearance.clear(cleaning)
    row = Clearance.objects.filter(is_audit=False).first()
    candidate = Candidate.objects.get(pk=row.candidate_id)
    report = queue.report(candidate=candidate, by=judge, reason="other", comment="")
    conflict = Conflict.objects.get()
    assert (conflict.is_open, conflict.is_stuck) == (False, False)
    queue.dismiss_report(report=report, by=admin)
    assert not Conflict.objects.exists()
    assert differences() == []


def test_a_late_mark_on_a_cleared_candidate_is_refused(cleaning, judge):
    page = queue.lease(judge=judge)
    queue.release(assignment_id=page.pk, judge=judge)
    clearance.clear(cleaning)
    row = Clearance.objects.filter(
        is_audit=False, candidate__in=page.candidates
    ).first()
    position = page.candidates.index(row.candidate_id)
    assert say(judge, page, position, "yes") == "lease-lost"


def test_the_tasks_can_run_twice(cleaning):
    for _ in range(2):
        tasks.clear_batch(cleaning.pk)
    cleaning.refresh_from_db()
    assert cleaning.cleared_total == 9
    tasks.mix_controls_of(cleaning.pk)


@pytest.mark.parametrize(
    ("errors", "size", "has_failed"),
    [(0, 299, False), (1, 299, True), (0, 10, False), (1, 473, False), (2, 473, True)],
)
def test_an_audit_fails_when_the_bound_is_out_of_reach(errors, size, has_failed):
    assert _has_failed(errors, size) is has_failed


def test_lots_are_uniform(judge):
    batch = batch_of(judge, entities=1, candidates=200, purpose="cleaning")
    batch = batches.update(batch=batch, by=batch.created_by, clear_beyond=0.9)
    for candidate in Candidate.objects.all():
        score(candidate, 0.99)
    assert clearance.clear(batch) == 200
    lots = list(Clearance.objects.values_list("lot", flat=True))
    assert 0.4 < sum(lots) / len(lots) < 0.6
    assert 0 <= min(lots) < 0.05
    assert 0.95 < max(lots) < 1
