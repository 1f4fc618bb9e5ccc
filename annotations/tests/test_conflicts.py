"""What is in the conflicts, who holds it, and how it is settled."""

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
    """Two judges say different things of each tile of their page."""
    for who, verdict in zip((first, second), verdicts, strict=True):
        say_all(who, queue.lease(judge=who, batch=batch), verdict)


def kinds(batch):
    found = Conflict.objects.filter(batch=batch).order_by("candidate")
    return [conflict.kinds for conflict in found]


def test_what_two_judges_differ_on_is_disputed(judge, other_judge):
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


def test_a_correction_to_the_same_takes_it_out(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    assert kinds(batch) == [["disputed"]]
    page = queue.pages_of(judge).first()
    assert say(judge, page, 0, "no") == "recorded"
    assert kinds(batch) == []


def test_a_majority_is_listed_after_what_is_open(judge, other_judge, stranger):
    batch = batch_of(judge, other_judge, stranger, candidates=2, judges_maximum=3)
    differ(batch, judge, other_judge)
    page = queue.lease(judge=stranger)
    say(stranger, page, 0, "yes")
    settled, still_open = page.candidates
    listed = [(c.candidate_id, c.is_open) for c in adjudication.conflicts_of(batch)]
    assert listed == [(still_open, True), (settled, False)]


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


def test_a_ruling_settles_a_report_too(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    candidate = Candidate.objects.get()
    queue.report(candidate=candidate, by=judge, reason="minor", comment="")
    ruling = adjudication.rule(
        batch=batch, candidate=candidate.pk, verdict="no", by=admin
    )
    assert kinds(batch) == []
    adjudication.reopen(ruling=ruling, by=admin)
    assert kinds(batch) == [["reported"]]


def test_what_nobody_is_left_to_judge_is_stuck(judge, other_judge, stranger, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    say(judge, queue.lease(judge=judge), 0, "skip")
    say(other_judge, queue.lease(judge=other_judge), 0, "yes")
    assert kinds(batch) == [["stuck"]]
    batches.add_judges(batch=batch, usernames=[stranger.username], by=admin)
    assert kinds(batch) == []
    batches.remove_judge(batch=batch, username=stranger.username, by=admin)
    assert kinds(batch) == [["stuck"]]


def test_who_leaves_may_leave_something_stuck(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=2)
    say_all(judge, queue.lease(judge=judge))
    batches.remove_judge(batch=batch, username=other_judge.username, by=admin)
    assert kinds(batch) == [["stuck"], ["stuck"]]
    batches.add_judges(batch=batch, usernames=[other_judge.username], by=admin)
    assert kinds(batch) == []


def test_without_any_judge_left_all_that_is_unmet_is_stuck(judge, admin):
    batch = batch_of(judge, candidates=2, judges_required=1)
    batches.remove_judge(batch=batch, username=judge.username, by=admin)
    assert kinds(batch) == [["stuck"], ["stuck"]]


def test_a_batch_that_never_had_a_judge_has_nothing_stuck(db):
    assert kinds(batch_of(candidates=2)) == []


def test_raising_the_numbers_takes_a_dispute_back(judge, other_judge, stranger, admin):
    batch = batch_of(judge, other_judge, stranger, candidates=1)
    differ(batch, judge, other_judge)
    assert kinds(batch) == [["disputed"]]
    batches.update(batch=batch, by=admin, judges_required=3)
    assert kinds(batch) == []
    batches.update(batch=batch, by=admin, judges_required=2)
    assert kinds(batch) == [["disputed"]]


def test_open_ones_are_handed_out_first_and_to_one_each(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=3)
    differ(batch, judge, other_judge)
    second = UserFactory(roles=[Role.ADJUDICATOR])
    one = adjudication.lease(by=admin)
    other = adjudication.lease(by=second, batch=batch)
    assert one.candidate_id != other.candidate_id
    assert adjudication.lease(by=admin) == one
    third = adjudication.lease(by=UserFactory(roles=[Role.ADJUDICATOR]))
    assert third.candidate_id not in (one.candidate_id, other.candidate_id)
    assert adjudication.lease(by=UserFactory(roles=[Role.ADJUDICATOR])) is None


def test_what_was_held_too_long_is_free_again(judge, other_judge, admin, adjudicator):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    held = adjudication.lease(by=admin)
    assert adjudication.lease(by=adjudicator) is None
    Conflict.objects.update(held_until=queue.clock())
    assert adjudication.lease(by=adjudicator) == held


def test_what_is_put_off_comes_last(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=2)
    differ(batch, judge, other_judge)
    first = adjudication.lease(by=admin).candidate_id
    adjudication.put_off(batch=batch, candidate=first, by=admin)
    second = adjudication.lease(by=admin).candidate_id
    assert second != first
    adjudication.put_off(batch=batch, candidate=second, by=admin)
    assert adjudication.lease(by=admin).candidate_id == first


def test_a_ruling_stands_alone_and_leaves_judgments(judge, other_judge, adjudicator):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    held = adjudication.lease(by=adjudicator)
    before = list(Judgment.objects.values_list("judge", "verdict"))
    rule = {"batch": batch, "candidate": held.candidate_id, "by": adjudicator}
    ruling = adjudication.rule(**rule, verdict="no", note="It is her sister.")
    assert ruling.note == "It is her sister."
    assert list(Judgment.objects.values_list("judge", "verdict")) == before
    assert not Conflict.objects.exists()
    with pytest.raises(WrongState, match="stands"):
        adjudication.rule(**rule, verdict="yes")
    adjudication.reopen(ruling=ruling, by=adjudicator)
    adjudication.reopen(ruling=ruling, by=adjudicator)
    assert kinds(batch) == [["disputed"]]
    adjudication.rule(**rule, verdict="yes")
    assert Ruling.objects.count() == 2
    assert Ruling.objects.filter(reopened_at=None).count() == 1


def test_only_members_that_are_there_can_be_ruled_on(judge, other_judge, admin):
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


def test_names_are_hidden_until_a_ruling_stands(judge, other_judge, admin):
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


def test_settled_pictures_stand_beside_a_conflict(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=2)
    for who, verdicts in ((judge, "yes"), (other_judge, "no")):
        page = queue.lease(judge=who)
        say(who, page, page.candidates.index(min(page.candidates)), verdicts)
        say(who, page, page.candidates.index(max(page.candidates)), "yes")
    disputed, settled = Candidate.objects.order_by("pk")
    assert adjudication.settled_pictures(disputed) == [settled.pk]
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
    kept = JudgmentRevision.objects.filter(judge=judge)
    assert {(r.old_verdict, r.voiding_id) for r in kept} == {("yes", voiding.pk)}
    assert kinds(batch) == []
    assert queue.progress(batch)["judges"][0]["judged"] == 0
    assert len(queue.lease(judge=judge, batch=batch).candidates) == 3
    with pytest.raises(Invalid, match="reason"):
        judgments.void(batch=batch, username=judge.username, reason=" ", by=admin)
    with pytest.raises(NotFound):
        judgments.void(batch=batch, username="nobody", reason="x", by=admin)


def test_marks_that_were_voided_are_not_applied_again(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=1)
    page = queue.lease(judge=judge)
    mark = mark_of(page, 0, "yes")
    judgments.record(judge=judge, marks=[mark])
    judgments.void(batch=batch, username=judge.username, reason="trial", by=admin)
    [again] = judgments.record(judge=judge, marks=[mark])
    assert again.status == "replayed"
    assert not Judgment.objects.filter(batch=batch).exists()


def test_work_done_stays_counted_by_the_day(judge, other_judge, admin):
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
    held, barrier = [], threading.Barrier(8)

    def work(person):
        try:
            barrier.wait()
            held.append(adjudication.lease(by=person, batch=batch).candidate_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == len(set(held)) == 8


@pytest.mark.django_db(transaction=True)
def test_a_judge_who_goes_while_another_marks_leaves_it_stuck(
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


def test_what_is_put_off_waits_behind_settled_ones(judge, other_judge, stranger, admin):
    batch = batch_of(judge, other_judge, stranger, candidates=2, judges_maximum=3)
    differ(batch, judge, other_judge)
    say(stranger, queue.lease(judge=stranger), 0, "yes")
    still_open = adjudication.lease(by=admin).candidate_id
    adjudication.put_off(batch=batch, candidate=still_open, by=admin)
    settled = adjudication.lease(by=admin)
    assert settled.candidate_id != still_open
    assert not settled.is_open


def test_nobody_puts_off_what_somebody_else_looks_at(
    judge, other_judge, admin, adjudicator
):
    batch = batch_of(judge, other_judge, candidates=1)
    differ(batch, judge, other_judge)
    held = adjudication.lease(by=admin)
    asked = {"batch": batch, "candidate": held.candidate_id, "by": adjudicator}
    for act in (adjudication.put_off, adjudication.request_second_looks):
        with pytest.raises(WrongState, match="Somebody else"):
            act(**asked)
    people.change(user=admin, by=None, roles=[Role.JUDGE, Role.ADMIN])
    assert Conflict.objects.get().held_by == admin
    UserFactory(roles=[Role.ADMIN])
    people.change(user=admin, by=None, roles=[Role.JUDGE])
    assert adjudication.lease(by=adjudicator) == held
