"""Take out all that a judge has said in a batch: one act, with a reason, kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models.functions import Now

from annotations import queue
from annotations.errors import Invalid, NotFound
from annotations.models import Batch, BatchEntity, BatchJudge, User, Voiding, audit

ROWS_PER_STEP = 500
REASON_LIMIT = 5000

JUDGED = """
SELECT q.id FROM annotations_batchentity q
WHERE q.batch_id = %(batch)s AND q.entity_id IN (
    SELECT entity_id FROM annotations_assignment
    WHERE judge_id = %(judge)s AND batch_id = %(batch)s)
ORDER BY q.id
"""
DELETE = """
DELETE FROM annotations_judgment j USING annotations_candidate c,
       annotations_batchentity q
WHERE q.id = ANY(%(rows)s) AND c.entity_id = q.entity_id
  AND j.batch_id = q.batch_id AND j.candidate_id = c.id AND j.judge_id = %(judge)s
RETURNING j.candidate_id
"""


@transaction.atomic
def void(*, batch: Batch, username: str, reason: str, by: User) -> Voiding:
    """Void a judge's judgments in a batch: needs open again, revisions keep them all.

    The judge stays in the batch and may be asked the same again; remove them first if
    that is not wanted. Work done stays counted by the day. NotFound for somebody who
    never judged it.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why: it is kept."]})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"reason": [f"At most {REASON_LIMIT} characters."]})
    membership = (
        BatchJudge.objects.select_for_update(no_key=True, of=("self",))
        .select_related("judge")
        .filter(batch=batch, judge__username=username)
        .first()
    )
    if membership is None:
        raise NotFound(f"{username} is no judge of this batch.")
    judge = membership.judge
    voiding = Voiding.objects.create(batch=batch, judge=judge, by=by, reason=reason)
    with _kept_under(voiding):
        for rows in _steps(batch, judge):
            voiding.judgments += _take_out(rows, judge)
    voiding.save(update_fields=["judgments"])
    voiding.refresh_from_db(fields=["created_at"])
    membership.verdicts = membership.skips = membership.centiseconds = 0
    membership.said_at = Now()
    membership.save(update_fields=["verdicts", "skips", "centiseconds", "said_at"])
    audit.write(
        "judgments-voided",
        by=by,
        batch=batch.pk,
        judge=judge.pk,
        voiding=voiding.pk,
        judgments=voiding.judgments,
    )
    return voiding


@contextmanager
def _kept_under(voiding: Voiding) -> Iterator[None]:
    """While inside, the revisions' trigger notes the voiding's number."""
    _set(str(voiding.pk))
    yield
    _set("")


def _set(number: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('labeler.voiding', %s, true)", [number])


def _steps(batch: Batch, judge: User) -> Iterator[list[BatchEntity]]:
    """The queue rows that the judge has had pages of, locked in their order."""
    with connection.cursor() as cursor:
        cursor.execute(JUDGED, {"batch": batch.pk, "judge": judge.pk})
        numbers = [number for (number,) in cursor.fetchall()]
    for start in range(0, len(numbers), ROWS_PER_STEP):
        yield list(
            BatchEntity.objects.select_for_update(no_key=True)
            .filter(pk__in=numbers[start : start + ROWS_PER_STEP])
            .order_by("pk")
        )


def _take_out(rows: list[BatchEntity], judge: User) -> int:
    entries = queue.load_rows(rows)
    with connection.cursor() as cursor:
        cursor.execute(DELETE, {"rows": [row.pk for row in rows], "judge": judge.pk})
        gone = {candidate for (candidate,) in cursor.fetchall()}
    for entry in entries:
        for candidate in gone & entry.standings.keys():
            entry.standings[candidate].votes.pop(judge.pk, None)
        entry.settle()
    return len(gone)
