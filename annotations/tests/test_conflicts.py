"""Conflicts: which candidates they contain, who holds them, how they are resolved."""

import threading

import pytest
from django.db import connection

from annotations import adjudication, batches, judgments, people, queue
from annotations.errors import Erased, Invalid, NotFound, WrongState
from annotations.models import (
    AuditEntry,
    Batch,
    Candidate,
    Conflict,
    Judgment,
    JudgmentRevision,
    Role,
    Ruling,
)

from .desk import batch_of, mark_of, refusal_of, say, say_all
from .factories import CandidateFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def adjudicator(db):
    return UserFactory(username="rut", roles=[Role.ADJUDICATOR])


def differ(batch, first, second, verdicts=("yes", "no")):
    """Let two judges give different verdicts on each tile of their page."""
    for person, verdict in zip((first, second), verdicts, strict=True):
        say_all(person, queue.lease(judge=person, batch=batch), verdict)


def kinds(batch):
    conflicts = Conflict.objects.filter(batch=batch).order_by("candidate")
    return [conflict.kinds for conflict in conflicts]


def test_different_verdicts_are_disputed(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=2)
    say_all(judge, queue.lease(judge=judge), "yes")
    assert kinds(batch) == []
    page = queue.lease(judge=other_judge)
    judgments.record(
        judge=other_judge,
        marks=[mark_of(page, 0, "no"), mark_of(page, 1, "yes")],
    )
    assert kinds(batch) == [["disputed"]]
    [conflict] = Conflict.objects.filter(batch=batch)
    assert conflict.candidate_id == page.candidates[0]
    assert conflict.is_open


def test_a_correction_to_the_same_verdict_resolves_the_conflict(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    assert kinds(batch) == [["disputed"]]
    page = queue.pages_of(judge).first()
    assert say(judge, page, 0, "no") == "recorded"
    assert kinds(batch) == []


def test_a_majority_is_listed_after_open_candidates(judge, other_judge, stranger):
    batch = batch_of(judge, other_judge, stranger, candidates=2, judges_maximum=3)
    differ(batch, judge, other_judge)
    page = queue.lease(judge=stranger)
    say(stranger, page, 0, "yes")
    decided, still_open = page.candidates
    rows = [(c.candidate_id, c.is_open) for c in adjudication.conflicts_of(batch)]
    assert rows == [(still_open, True), (decided, False)]


def test_a_report_is_a_conflict_until_it_is_dismissed(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    page = queue.lease(judge=judge)
    candidate = Candidate.objects.get(pk=page.candidates[0])
    report = queue.report(candidate=candidate, by=judge, reason="minor", comment="")
    assert kinds(batch) == [["reported"]]
    assert refusal_of(other_judge) == "all-done"
    queue.dismiss_report(report=report, by=admin)
    queue.dismiss_report(report=report, by=admin)
    assert kinds(batch) == []
    assert queue.lease(judge=other_judge).candidates == [candidate.pk]
    assert AuditEntry.objects.filter(action="report-dismissed").count() == 1


def test_a_ruling_resolves_a_report_too(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    candidate = Candidate.objects.get()
    queue.report(candidate=candidate, by=judge, reason="minor", comment="")
    ruling = adjudication.rule(
        batch=batch, candidate=candidate.pk, verdict="no", by=admin
    )
    assert kinds(batch) == []
    adjudication.reopen(ruling=ruling, by=admin)
    assert kinds(batch) == [["reported"]]


def test_a_candidate_without_a_judge_left_is_stuck(judge, other_judge, stranger, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    say(judge, queue.lease(judge=judge), 0, "skip")
    say(other_judge, queue.lease(judge=other_judge), 0, "yes")
    assert kinds(batch) == [["stuck"]]
    batches.add_judges(batch=batch, usernames=[stranger.username], by=admin)
    assert kinds(batch) == []
    batches.remove_judge(batch=batch, username=stranger.username, by=admin)
    assert kinds(batch) == [["stuck"]]


def test_removing_a_judge_can_leave_candidates_stuck(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=2)
    say_all(judge, queue.lease(judge=judge))
    batches.remove_judge(batch=batch, username=other_judge.username, by=admin)
    assert kinds(batch) == [["stuck"], ["stuck"]]
    batches.add_judges(batch=batch, usernames=[other_judge.username], by=admin)
    assert kinds(batch) == []


def test_without_judges_every_unmet_need_is_stuck(judge, admin):
    batch = batch_of(judge, candidates=2, judges_required=1)
    batches.remove_judge(batch=batch, username=judge.username, by=admin)
    assert kinds(batch) == [["stuck"], ["stuck"]]


def test_a_batch_that_never_had_a_judge_has_nothing_stuck(db):
    assert kinds(batch_of(candidates=2)) == []


def test_raising_the_required_judges_removes_a_dispute(
    judge, other_judge, stranger, admin
):
    batch = batch_of(judge, other_judge, stranger, candidates=1)
    differ(batch, judge, other_judge)
    assert kinds(batch) == [["disputed"]]
    batches.update(batch=batch, by=admin, judges_required=3)
    assert kinds(batch) == []
    batches.update(batch=batch, by=admin, judges_required=2)
    assert kinds(batch) == [["disputed"]]


def test_open_conflicts_are_leased_first_and_to_one_adjudicator_each(
    judge, other_judge, admin
):
    batch = batch_of(judge, other_judge, candidates=3)
    differ(batch, judge, other_judge)
    second = UserFactory(roles=[Role.ADJUDICATOR])
    one = adjudication.lease(by=admin)
    second_lease = adjudication.lease(by=second, batch=batch)
    assert one.candidate_id != second_lease.candidate_id
    assert adjudication.lease(by=admin) == one
    third = adjudication.lease(by=UserFactory(roles=[Role.ADJUDICATOR]))
    assert third.candidate_id not in (one.candidate_id, second_lease.candidate_id)
    assert adjudication.lease(by=UserFactory(roles=[Role.ADJUDICATOR])) is None


def test_an_expired_lease_of_a_conflict_is_free_again(
    judge, other_judge, admin, adjudicator
):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    conflict = adjudication.lease(by=admin)
    assert adjudication.lease(by=adjudicator) is None
    Conflict.objects.update(held_until=queue.clock())
    assert adjudication.lease(by=adjudicator) == conflict


def test_a_conflict_that_was_put_off_comes_last(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=2)
    differ(batch, judge, other_judge)
    first = adjudication.lease(by=admin).candidate_id
    adjudication.put_off(batch=batch, candidate=first, by=admin)
    second = adjudication.lease(by=admin).candidate_id
    assert second != first
    adjudication.put_off(batch=batch, candidate=second, by=admin)
    assert adjudication.lease(by=admin).candidate_id == first


def test_there_is_one_standing_ruling_and_judgments_stay(
    judge, other_judge, adjudicator
):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    conflict = adjudication.lease(by=adjudicator)
    before = list(Judgment.objects.values_list("judge", "verdict"))
    rule = {"batch": batch, "candidate": conflict.candidate_id, "by": adjudicator}
    ruling = adjudication.rule(**rule, verdict="no", note="It is her sister.")
    assert ruling.note == "It is her sister."
    assert list(Judgment.objects.values_list("judge", "verdict")) == before
    assert not Conflict.objects.exists()
    with pytest.raises(WrongState, match="already has a ruling"):
        adjudication.rule(**rule, verdict="yes")
    adjudication.reopen(ruling=ruling, by=adjudicator)
    adjudication.reopen(ruling=ruling, by=adjudicator)
    assert kinds(batch) == [["disputed"]]
    adjudication.rule(**rule, verdict="yes")
    assert Ruling.objects.count() == 2
    assert Ruling.objects.filter(reopened_at=None).count() == 1


def test_only_members_of_the_batch_can_be_ruled_on(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    outside = CandidateFactory()
    rule = {"batch": batch, "by": admin, "verdict": "yes"}
    with pytest.raises(NotFound):
        adjudication.rule(candidate=outside.pk, **rule)
    with pytest.raises(Invalid, match="verdict"):
        adjudication.rule(candidate=outside.pk, **rule | {"verdict": "skip"})
    inside = Candidate.objects.exclude(pk=outside.pk).get()
    Candidate.objects.filter(pk=inside.pk).update(state="erased", image=None)
    with pytest.raises(Erased):
        adjudication.rule(candidate=inside.pk, **rule)


def test_an_adjudicator_rules_and_comments_only_on_conflicts(
    judge, other_judge, admin, adjudicator
):
    batch = batch_of(judge, other_judge, candidates=1)
    for person in (judge, other_judge):
        say_all(person, queue.lease(judge=person), "yes")
    candidate = Candidate.objects.get().pk
    subject = {"batch": batch, "candidate": candidate}
    with pytest.raises(NotFound, match="not in the conflicts"):
        adjudication.rule(**subject, verdict="no", by=adjudicator)
    with pytest.raises(NotFound, match="not in the conflicts"):
        adjudication.comment(**subject, text="Look!", by=adjudicator)
    assert not adjudication.can_see_candidate(candidate)
    adjudication.rule(**subject, verdict="no", by=admin)
    assert AuditEntry.objects.filter(action="ruled", by=admin).count() == 1
    adjudication.comment(**subject, text="Look!", by=adjudicator)


def test_names_are_hidden_until_there_is_a_ruling(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    candidate = Candidate.objects.get().pk
    case = adjudication.case_of(batch, candidate)
    assert not case.names_are_shown
    assert [v.who for v in case.votes] == ["A", "B"]
    assert {v.verdict for v in case.votes} == {"yes", "no"}
    letters = {v.who: v.judge for v in case.votes}
    page = queue.pages_of(judge).get()
    assert say(judge, page, 0, "broken") == "recorded"
    case = adjudication.case_of(batch, candidate)
    assert {v.who: v.judge for v in case.votes} == letters
    adjudication.rule(batch=batch, candidate=candidate, verdict="no", by=admin)
    case = adjudication.case_of(batch, candidate)
    assert case.names_are_shown
    assert case.conflict is None


def test_settled_pictures_are_shown_beside_a_conflict(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=2)
    for person, verdict in ((judge, "yes"), (other_judge, "no")):
        page = queue.lease(judge=person)
        say(person, page, page.candidates.index(min(page.candidates)), verdict)
        say(person, page, page.candidates.index(max(page.candidates)), "yes")
    disputed, settled_candidate = Candidate.objects.order_by("pk")
    assert adjudication.settled_pictures(disputed) == [settled_candidate.pk]
    assert adjudication.case_of(batch, disputed.pk).settled == range(1)


def test_comments_are_kept_and_empty_ones_refused(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    candidate = Candidate.objects.get().pk
    adjudication.comment(batch=batch, candidate=candidate, text="Look!", by=admin)
    with pytest.raises(Invalid, match="text"):
        adjudication.comment(batch=batch, candidate=candidate, text="  ", by=admin)
    adjudication.rule(batch=batch, candidate=candidate, verdict="no", by=admin)
    [comment] = adjudication.case_of(batch, candidate).comments
    assert comment.text == "Look!"


def test_voiding_reopens_needs_and_keeps_everything(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=3)
    differ(batch, judge, other_judge)
    voiding = judgments.void(
        batch=batch, username=judge.username, reason="Clicked yes only.", by=admin
    )
    assert voiding.judgments == 3
    assert not Judgment.objects.filter(judge=judge).exists()
    revisions = JudgmentRevision.objects.filter(judge=judge)
    assert {(r.old_verdict, r.voiding_id) for r in revisions} == {("yes", voiding.pk)}
    assert kinds(batch) == []
    assert queue.progress(batch)["judges"][0]["judged"] == 0
    assert len(queue.lease(judge=judge, batch=batch).candidates) == 3
    with pytest.raises(Invalid, match="reason"):
        judgments.void(batch=batch, username=judge.username, reason=" ", by=admin)
    with pytest.raises(NotFound):
        judgments.void(batch=batch, username="nobody", reason="x", by=admin)


def test_voided_marks_are_not_applied_again(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    page = queue.lease(judge=judge)
    mark = mark_of(page, 0, "yes")
    judgments.record(judge=judge, marks=[mark])
    judgments.void(batch=batch, username=judge.username, reason="trial", by=admin)
    [outcome] = judgments.record(judge=judge, marks=[mark])
    assert outcome.status == "replayed"
    assert not Judgment.objects.filter(batch=batch).exists()


def test_voided_work_stays_in_the_counts_by_day(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=2)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes", seconds=2)
    say(judge, page, 0, "no", seconds=3)
    say(judge, page, 1, "skip", seconds=1)
    judgments.void(batch=batch, username=judge.username, reason="trial", by=admin)
    day = batch.judgeday_set.get(judge=judge)
    assert (day.verdicts, day.skips, day.centiseconds) == (1, 1, 600)
    assert day.day == queue.clock().date()


@pytest.mark.django_db(transaction=True)
def test_eight_adjudicators_at_once_get_eight_conflicts(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=8)
    differ(batch, judge, other_judge)
    people = UserFactory.create_batch(8, roles=[Role.ADJUDICATOR])
    leases, barrier = [], threading.Barrier(8)

    def work(person):
        try:
            barrier.wait()
            leases.append(adjudication.lease(by=person, batch=batch).candidate_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leases) == len(set(leases)) == 8


@pytest.mark.django_db(transaction=True)
def test_a_judge_removed_during_another_s_mark_leaves_it_stuck(
    judge, other_judge, admin
):
    batch = batch_of(judge, other_judge, candidates=1)
    page = queue.lease(judge=judge)
    barrier = threading.Barrier(2)

    def go():
        try:
            barrier.wait()
            batches.remove_judge(batch=batch, username=other_judge.username, by=admin)
        finally:
            connection.close()

    thread = threading.Thread(target=go)
    thread.start()
    barrier.wait()
    say(judge, page, 0, "yes")
    thread.join()
    assert kinds(Batch.objects.get()) == [["stuck"]]


def test_a_conflict_that_was_put_off_comes_after_decided_ones(
    judge, other_judge, stranger, admin
):
    batch = batch_of(judge, other_judge, stranger, candidates=2, judges_maximum=3)
    differ(batch, judge, other_judge)
    say(stranger, queue.lease(judge=stranger), 0, "yes")
    still_open = adjudication.lease(by=admin).candidate_id
    adjudication.put_off(batch=batch, candidate=still_open, by=admin)
    decided = adjudication.lease(by=admin)
    assert decided.candidate_id != still_open
    assert not decided.is_open


def test_a_conflict_held_by_another_adjudicator_cannot_be_put_off(
    judge, other_judge, admin, adjudicator
):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    conflict = adjudication.lease(by=admin)
    request = {"batch": batch, "candidate": conflict.candidate_id, "by": adjudicator}
    for act in (adjudication.put_off, adjudication.request_second_looks):
        with pytest.raises(WrongState, match="Another adjudicator"):
            act(**request)
    people.change(user=admin, by=None, roles=[Role.JUDGE, Role.ADMIN])
    assert Conflict.objects.get().held_by == admin
    UserFactory(roles=[Role.ADMIN])
    people.change(user=admin, by=None, roles=[Role.JUDGE])
    assert adjudication.lease(by=adjudicator) == conflict
