"""What becomes of a mark: recorded, corrected, skipped, taken back, late or refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotations import batches, judgments, queue
from annotations.errors import PageIncomplete
from annotations.judgments.reads import HISTORY
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


def test_the_same_id_again_changes_nothing(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    mark = mark_of(page, 0, "yes")
    assert judgments.record(judge=judge, marks=[mark])[0].status == "recorded"
    assert judgments.record(judge=judge, marks=[mark])[0].status == "replayed"
    assert JudgmentRevision.objects.count() == 0


def test_the_same_id_with_other_content_is_refused(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    number = uuid4()
    say(judge, page, 0, "yes", mark_id=number)
    assert say(judge, page, 0, "no", mark_id=number) == "id-reused"
    assert say(judge, page, 1, "yes", mark_id=number) == "id-reused"
    assert current(page).verdict == "yes"


def test_an_id_is_never_applied_to_another_page_of_the_batch(judge):
    batch_of(judge, entities=2)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)
    replaced, kept, took_back, found_nothing = ids = [uuid4() for _ in range(4)]
    for number, position, verdict in (
        (replaced, 0, "yes"),
        (kept, 0, "no"),
        (uuid4(), 1, "yes"),
        (took_back, 1, None),
        (found_nothing, 2, None),
    ):
        assert say(judge, first, position, verdict, mark_id=number) == "recorded"
    queue.release(assignment_id=first.pk, judge=judge)
    again = queue.lease(judge=judge, after=second.pk)

    for page, position in ((second, 0), (again, 0), (again, 1)):
        for number in ids:
            for verdict in ("no", None):
                said = say(judge, page, position, verdict, mark_id=number)
                assert said == "id-reused"
    for number, position, verdict in zip(
        ids, (0, 0, 1, 2), ("yes", "no", None, None), strict=True
    ):
        assert say(judge, first, position, verdict, mark_id=number) == "replayed"
    assert Judgment.objects.get().client_id == kept


def test_an_id_may_be_used_by_another_judge_and_in_another_batch(judge, other_judge):
    number, batches = uuid4(), [batch_of(judge, other_judge) for _ in range(2)]
    for batch in batches:
        for person in (judge, other_judge):
            page = queue.lease(judge=person, batch=batch)
            assert say(person, page, 0, "yes", mark_id=number) == "recorded"
            assert say(person, page, 0, "yes", mark_id=number) == "replayed"


MANY_MARKS = """
INSERT INTO annotations_judgment
    (batch_id, candidate_id, judge_id, assignment_id, place, verdict, how, reason,
     centiseconds, decided_at, received_at, client_id)
SELECT a.batch_id, c.id, a.judge_id, a.id, 1, 'yes', 'key', '', 1, now(), now(),
       gen_random_uuid()
FROM annotations_assignment a JOIN annotations_candidate c USING (entity_id);
INSERT INTO annotations_judgmentrevision
    (batch_id, candidate_id, judge_id, old_client_id, new_client_id, new_verdict,
     replaced_at)
SELECT batch_id, candidate_id, judge_id, gen_random_uuid(), gen_random_uuid(),
       CASE WHEN n % 2 = 0 THEN 'yes' END, now()
FROM annotations_judgment, generate_series(1, 10) AS t (n);
ANALYZE annotations_judgment, annotations_judgmentrevision
"""


def test_the_search_for_ids_is_by_index_wherever_they_stand(judge):
    batch_of(judge, candidates=300)
    page = queue.lease(judge=judge)
    with connection.cursor() as cursor:
        cursor.execute(MANY_MARKS)
        given = [[page.batch_id], [page.candidates[0]], judge.pk]
        values = cursor.mogrify("%s, %s, %s, ARRAY[gen_random_uuid()::text]", given)
        cursor.execute(f"PREPARE said (bigint[], bigint[], bigint, text[]) AS {HISTORY}")
        cursor.execute(f"EXPLAIN EXECUTE said ({values.decode()})")
        plan = "\n".join(row[0] for row in cursor)
        cursor.execute("DEALLOCATE said")
    for index in ("one_judgment_per_mark", "replaced_marks", "marks_that_took_back"):
        assert f"using {index}" in plan, plan


def test_a_correction_keeps_what_it_replaced(judge):
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
    said = ["yes", "no", None, "broken", "skip", "yes", None, "no", "no", "broken"]
    marks = [mark_of(page, 0, verdict) for verdict in said]
    outcomes = judgments.record(judge=judge, marks=marks)
    assert [o.status for o in outcomes] == ["recorded"] * 10
    assert current(page).verdict == "broken"
    assert {o.status for o in judgments.record(judge=judge, marks=marks)} == {
        "replayed"
    }
    assert current(page).verdict == "broken"
    assert queue_is_true(page)


def queue_is_true(page):
    """Whether the stored counters are what the standings make."""
    row = BatchEntity.objects.get(batch=page.batch_id, entity=page.entity_id)
    counted = queue.tally(
        queue.read_rows([row.pk])[row.pk].standings.values(), page.batch.rules
    )
    return all(getattr(row, n) == getattr(counted, n) for n in counted.__slots__)


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
    assert queue_is_true(page)


def test_what_was_submitted_is_not_taken_back_by_an_older_page(judge):
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


def test_a_null_that_found_nothing_is_not_applied_later(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    number = uuid4()
    assert say(judge, page, 0, None, mark_id=number) == "recorded"
    say(judge, page, 0, "yes")
    assert say(judge, page, 0, None, mark_id=number) == "replayed"
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
    assert queue_is_true(page)


def test_a_skip_taken_back_does_not_bring_the_place_back(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1, candidates=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "skip")
    other = queue.lease(judge=other_judge)
    say(judge, page, 0, None)
    assert say(judge, page, 0, "yes") == "lease-lost"
    assert say(other_judge, other, 0, "yes") == "recorded"
    assert queue_is_true(page)


def test_a_late_mark_takes_a_place_that_nobody_has(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    let_expire(page)
    assert say(judge, page, 0, "yes") == "recorded"
    assert queue_is_true(page)


def test_a_late_mark_is_refused_when_the_place_is_taken(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    let_expire(page)
    queue.lease(judge=other_judge)
    assert say(judge, page, 0, "yes") == "lease-lost"


def test_a_late_mark_on_a_candidate_held_on_another_page_uses_that_place(judge):
    batch_of(judge)
    lost = queue.lease(judge=judge)
    let_expire(lost)
    page = queue.lease(judge=judge)
    assert say(judge, lost, 0, "yes") == "recorded"
    assert queue_is_true(page)
    queue.release(assignment_id=page.pk, judge=judge)
    assert queue_is_true(page)


def test_a_late_correction_needs_no_place(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    let_expire(page)
    queue.lease(judge=other_judge)
    assert say(judge, page, 0, "no") == "recorded"


def test_a_candidate_decided_meanwhile_is_judged_on_its_place(judge, other_judge):
    batch_of(judge, other_judge, judges_required=2, judges_maximum=2)
    mine = queue.lease(judge=judge)
    theirs = queue.lease(judge=other_judge)
    say_all(other_judge, theirs)
    assert say(judge, mine, 0, "no") == "recorded"


def test_a_ruled_or_erased_candidate_is_refused(judge, admin):
    batch = batch_of(judge)
    page = queue.lease(judge=judge)
    with queue.needs_of(page.candidates[:2]):
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
    assert queue_is_true(page)


def test_a_reported_candidate_may_still_be_judged(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    candidate = Candidate.objects.get(pk=page.candidates[0])
    queue.report(candidate=candidate, by=judge, reason="other", comment="odd")
    assert say(judge, page, 0, "yes") == "recorded"
    assert queue_is_true(page)


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
    other = batch_of(stranger)
    theirs = queue.lease(judge=stranger, batch=other)
    marks = [mark_of(page, 0, "yes"), mark_of(theirs, 0, "yes"), mark_of(page, 1, "no")]
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


def test_own_numbers_are_kept(judge):
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


def test_the_database_keeps_two_judges_off_one_place(judge, other_judge):
    batch_of(judge, other_judge)
    mine, theirs = queue.lease(judge=judge), queue.lease(judge=other_judge)
    say(judge, mine, 0, "yes")
    row = current(mine)
    row.judge = other_judge
    row.assignment = theirs
    row.client_id = uuid4()
    with pytest.raises(IntegrityError, match="one_judgment_per_place"):
        row.save(force_insert=True)
