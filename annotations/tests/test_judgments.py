"""Outcomes of a mark: recorded, corrected, skipped, taken back, late or refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotations import batches, judgments, queue
from annotations.errors import PageIncomplete
from annotations.models import (
    Assignment,
    BatchEntity,
    BatchJudge,
    Candidate,
    CandidateState,
    Judgment,
    JudgmentRevision,
    Ruling,
)
from annotations.queue.standings import read_rows, tally

from .desk import batch_of, let_expire, mark_of, refusal_of, say, say_all

pytestmark = pytest.mark.django_db


def current(page, position=0):
    return Judgment.objects.get(candidate=page.candidates[position], judge=page.judge)


def test_a_mark_takes_the_page_s_place(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    assert say(judge, page, 1, "broken", seconds=2.5) == "recorded"
    judgment = current(page, 1)
    assert (judgment.verdict, judgment.place) == ("broken", page.places[1])
    assert judgment.blind_verdict == "broken"
    assert judgment.centiseconds == 250


def test_a_correction_keeps_the_replaced_verdict(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    first, second = uuid4(), uuid4()
    say(judge, page, 0, "yes", mark_id=first)
    assert say(judge, page, 0, "no", mark_id=second) == "recorded"
    revision = JudgmentRevision.objects.get()
    assert (revision.old_verdict, revision.old_client_id) == ("yes", first)
    assert (revision.new_verdict, revision.new_client_id) == ("no", second)
    assert say(judge, page, 0, "yes", mark_id=first) == "replayed"
    assert current(page).verdict == "no"


def test_ten_marks_on_one_tile_in_one_call_keep_their_order(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    verdicts = ["yes", "no", None, "broken", "skip", "yes", None, "no", "no", "broken"]
    marks = [mark_of(page, 0, verdict) for verdict in verdicts]
    outcomes = judgments.record(judge=judge, marks=marks)
    assert [o.status for o in outcomes] == ["recorded"] * 10
    assert current(page).verdict == "broken"
    assert {o.status for o in judgments.record(judge=judge, marks=marks)} == {
        "replayed"
    }
    assert current(page).verdict == "broken"
    assert counters_are_correct(page)


def counters_are_correct(page):
    """Return whether the stored counters are those of the standings."""
    row = BatchEntity.objects.get(batch=page.batch_id, entity=page.entity_id)
    counters = tally(read_rows([row.pk])[row.pk].standings.values(), page.batch.rules)
    return all(getattr(row, n) == getattr(counters, n) for n in counters.__slots__)


def test_null_takes_a_mark_back_before_submit_only(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    assert say(judge, page, 0, None) == "recorded"
    assert not Judgment.objects.exists()
    with pytest.raises(PageIncomplete):
        queue.submit(assignment_id=page.pk, judge=judge)
    say_all(judge, page)
    assert say(judge, page, 0, None) == "submitted"
    assert counters_are_correct(page)


def test_an_older_page_does_not_take_back_a_submitted_verdict(judge):
    batch_of(judge, candidates=1)
    older = queue.lease(judge=judge)
    say(judge, older, 0, "yes")
    say(judge, older, 0, None)
    queue.release(assignment_id=older.pk, judge=judge)
    page = queue.lease(judge=judge)
    assert say(judge, page, 0, "yes") == "recorded"
    assert say(judge, older, 0, None) == "recorded"
    say_all(judge, page)
    assert say(judge, older, 0, None) == "submitted"
    assert current(page).verdict == "yes"


def test_a_null_without_a_judgment_is_not_applied_later(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    mark_id = uuid4()
    assert say(judge, page, 0, None, mark_id=mark_id) == "recorded"
    say(judge, page, 0, "yes")
    assert say(judge, page, 0, None, mark_id=mark_id) == "replayed"
    assert current(page).verdict == "yes"


def test_a_correction_after_submit_while_the_batch_is_open(judge, admin):
    batch = batch_of(judge)
    page = queue.lease(judge=judge)
    say_all(judge, page)
    assert say(judge, page, 0, "no") == "recorded"
    batches.close_batch(batch=batch, by=admin)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert say(judge, page, 0, "yes") == "batch-closed"


def test_closing_takes_marks_until_the_lease_ends(judge, admin):
    batch = batch_of(judge)
    page = queue.lease(judge=judge)
    batches.close_batch(batch=batch, by=admin)
    assert say(judge, page, 0, "yes") == "recorded"
    let_expire(page)
    assert say(judge, page, 1, "yes") == "batch-closed"
    batches.open_batch(batch=batch, by=admin)
    assert say(judge, page, 1, "yes") == "recorded"


def test_a_skip_gives_the_place_to_another_judge(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "skip", reason="cannot tell")
    assert current(page).place is None
    assert queue.lease(judge=other_judge).candidates == [page.candidates[0]]
    say(judge, page, 1, "yes")
    say(judge, page, 2, "yes")
    assert queue.submit(assignment_id=page.pk, judge=judge)
    assert refusal_of(judge) == "all-done"


def test_a_skip_changed_to_a_verdict_takes_a_free_place_or_is_lost(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1, candidates=2)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "skip")
    assert say(judge, page, 0, "yes") == "recorded"
    say(judge, page, 1, "skip")
    queue.lease(judge=other_judge)
    assert say(judge, page, 1, "yes") == "lease-lost"
    assert current(page, 1).verdict == "skip"
    assert counters_are_correct(page)


def test_a_skip_taken_back_does_not_bring_the_place_back(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1, candidates=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "skip")
    other_page = queue.lease(judge=other_judge)
    say(judge, page, 0, None)
    assert say(judge, page, 0, "yes") == "lease-lost"
    assert say(other_judge, other_page, 0, "yes") == "recorded"
    assert counters_are_correct(page)


def test_a_late_mark_takes_a_free_place(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    let_expire(page)
    assert say(judge, page, 0, "yes") == "recorded"
    assert counters_are_correct(page)


def test_a_late_mark_is_refused_when_the_place_is_taken(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    let_expire(page)
    queue.lease(judge=other_judge)
    assert say(judge, page, 0, "yes") == "lease-lost"


def test_a_late_mark_on_a_candidate_held_on_another_page_uses_that_place(judge):
    batch_of(judge)
    expired_page = queue.lease(judge=judge)
    let_expire(expired_page)
    page = queue.lease(judge=judge)
    assert say(judge, expired_page, 0, "yes") == "recorded"
    assert counters_are_correct(page)
    queue.release(assignment_id=page.pk, judge=judge)
    assert counters_are_correct(page)


def test_a_late_correction_needs_no_place(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    let_expire(page)
    queue.lease(judge=other_judge)
    assert say(judge, page, 0, "no") == "recorded"


def test_a_candidate_decided_meanwhile_is_judged_on_its_place(judge, other_judge):
    batch_of(judge, other_judge, judges_required=2, judges_maximum=2)
    page = queue.lease(judge=judge)
    other_page = queue.lease(judge=other_judge)
    say_all(other_judge, other_page)
    assert say(judge, page, 0, "no") == "recorded"


def test_a_ruled_or_erased_candidate_is_refused(judge, admin):
    batch = batch_of(judge)
    page = queue.lease(judge=judge)
    with queue.recount_needs(page.candidates[:2]):
        Ruling.objects.create(
            batch=batch, candidate_id=page.candidates[0], verdict="yes", by=admin
        )
        Candidate.objects.filter(pk=page.candidates[1]).update(
            state=CandidateState.ERASED, image=None
        )
    assert say(judge, page, 0, "no") == "ruled"
    assert say(judge, page, 1, "no") == "erased"
    assert say(judge, page, 2, "no") == "recorded"
    assert queue.submit(assignment_id=page.pk, judge=judge)
    assert counters_are_correct(page)


def test_a_reported_candidate_can_still_be_judged(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    candidate = Candidate.objects.get(pk=page.candidates[0])
    queue.report(candidate=candidate, by=judge, reason="other", comment="odd")
    assert say(judge, page, 0, "yes") == "recorded"
    assert counters_are_correct(page)


def test_a_stranger_s_mark_is_refused(judge, stranger):
    batch_of(judge)
    page = queue.lease(judge=judge)
    assert say(stranger, page, 0, "yes") == "not-yours"


def test_tiles_of_other_pages_are_unknown(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    for tile in (f"{page.pk}.3", f"{page.pk + 1}.0", "x", f"{page.pk}.-1", ""):
        mark = mark_of(page, 0, "yes")
        wrong = type(mark)(**{**_fields(mark), "tile": tile})
        [outcome] = judgments.record(judge=judge, marks=[wrong])
        assert outcome.reason == "unknown-candidate"


def _fields(mark):
    return {name: getattr(mark, name) for name in mark.__slots__}


def test_a_refused_mark_does_not_undo_the_others(judge, stranger):
    batch_of(judge)
    page = queue.lease(judge=judge)
    other_batch = batch_of(stranger)
    other_page = queue.lease(judge=stranger, batch=other_batch)
    marks = [
        mark_of(page, 0, "yes"),
        mark_of(other_page, 0, "yes"),
        mark_of(page, 1, "no"),
    ]
    statuses = [o.status for o in judgments.record(judge=judge, marks=marks)]
    assert statuses == ["recorded", "refused", "recorded"]


def test_marks_renew_the_judge_s_pages(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    soon = timezone.now() + timedelta(seconds=30)
    Assignment.objects.update(expires_at=soon)
    say(judge, page, 0, "yes")
    page.refresh_from_db()
    assert page.expires_at > soon + timedelta(minutes=5)


def test_time_is_clamped_to_the_lease_and_never_in_the_future(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    mark = mark_of(page, 0, "yes", seconds=1e9)
    ahead = type(mark)(
        **{**_fields(mark), "decided_at": timezone.now() + timedelta(days=1)}
    )
    judgments.record(judge=judge, marks=[ahead])
    judgment = current(page)
    assert judgment.centiseconds == 60_000
    assert judgment.decided_at <= judgment.received_at


def test_the_counters_of_a_judge_are_kept(judge):
    batch = batch_of(judge)
    page = queue.lease(judge=judge)
    for verdict in ("yes", "no", "skip"):
        say(judge, page, 0, verdict, seconds=1)
    say(judge, page, 1, "yes", seconds=1)
    numbers = BatchJudge.objects.get(batch=batch, judge=judge)
    assert (numbers.verdicts, numbers.skips, numbers.centiseconds) == (1, 1, 400)


def test_an_adjudicator_s_judgment_is_not_independent(admin):
    admin.roles = ["admin", "judge"]
    admin.save()
    batch_of(admin)
    page = queue.lease(judge=admin)
    say(admin, page, 0, "yes")
    assert current(page).blind_verdict is None


def test_a_skip_has_no_independent_verdict(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    say(judge, page, 0, "skip")
    assert current(page).blind_verdict is None


def test_revisions_cannot_be_changed_or_deleted(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    say(judge, page, 0, "no")
    for act in (
        "UPDATE annotations_judgmentrevision SET old_verdict = 'no'",
        "DELETE FROM annotations_judgmentrevision",
    ):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(act)


def test_the_database_refuses_two_judges_on_one_place(judge, other_judge):
    batch_of(judge, other_judge)
    page, other_page = queue.lease(judge=judge), queue.lease(judge=other_judge)
    say(judge, page, 0, "yes")
    row = current(page)
    row.judge = other_judge
    row.assignment = other_page
    row.client_id = uuid4()
    with pytest.raises(IntegrityError, match="one_judgment_per_place"):
        row.save(force_insert=True)
