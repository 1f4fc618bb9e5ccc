"""Ids of marks: a mark is applied once, and its id is never used for another one."""

from uuid import uuid4

import pytest
from django.db import connection

from annotations import judgments, queue
from annotations.judgments.reads import HISTORY
from annotations.models import Judgment, JudgmentRevision

from .desk import batch_of, mark_of, say

pytestmark = pytest.mark.django_db


def current(page, position=0):
    return Judgment.objects.get(
        candidate=page.candidates[position], judge=page.judge_id
    )


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
    mark_id = uuid4()
    say(judge, page, 0, "yes", mark_id=mark_id)
    assert say(judge, page, 0, "no", mark_id=mark_id) == "id-reused"
    assert say(judge, page, 1, "yes", mark_id=mark_id) == "id-reused"
    assert current(page).verdict == "yes"


def test_an_id_is_never_applied_to_another_page_of_the_batch(judge):
    batch_of(judge, entities=2)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)
    replaced_id, current_id, null_id, unneeded_null_id = ids = [
        uuid4() for _ in range(4)
    ]
    for mark_id, position, verdict in (
        (replaced_id, 0, "yes"),
        (current_id, 0, "no"),
        (uuid4(), 1, "yes"),
        (null_id, 1, None),
        (unneeded_null_id, 2, None),
    ):
        assert say(judge, first, position, verdict, mark_id=mark_id) == "recorded"
    queue.release(assignment_id=first.pk, judge=judge)
    third = queue.lease(judge=judge, after=second.pk)

    for page, position in ((second, 0), (third, 0), (third, 1)):
        for mark_id in ids:
            for verdict in ("no", None):
                status = say(judge, page, position, verdict, mark_id=mark_id)
                assert status == "id-reused"
    for mark_id, position, verdict in zip(
        ids, (0, 0, 1, 2), ("yes", "no", None, None), strict=True
    ):
        assert say(judge, first, position, verdict, mark_id=mark_id) == "replayed"
    assert Judgment.objects.get().client_id == current_id


def test_an_id_can_be_used_by_another_judge_and_in_another_batch(judge, other_judge):
    mark_id, batches = uuid4(), [batch_of(judge, other_judge) for _ in range(2)]
    for batch in batches:
        for person in (judge, other_judge):
            page = queue.lease(judge=person, batch=batch)
            assert say(person, page, 0, "yes", mark_id=mark_id) == "recorded"
            assert say(person, page, 0, "yes", mark_id=mark_id) == "replayed"


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


def test_the_search_for_ids_uses_an_index_in_each_table(judge):
    batch_of(judge, candidates=300)
    page = queue.lease(judge=judge)
    with connection.cursor() as cursor:
        cursor.execute(MANY_MARKS)
        parameters = [[page.batch_id], [page.candidates[0]], judge.pk]
        values = cursor.mogrify(
            "%s, %s, %s, ARRAY[gen_random_uuid()::text]", parameters
        )
        cursor.execute(
            f"PREPARE history (bigint[], bigint[], bigint, text[]) AS {HISTORY}"
        )
        cursor.execute(f"EXPLAIN EXECUTE history ({values.decode()})")
        plan = "\n".join(row[0] for row in cursor)
        cursor.execute("DEALLOCATE history")
    for index in ("one_judgment_per_mark", "replaced_marks", "marks_that_took_back"):
        assert f"using {index}" in plan, plan
