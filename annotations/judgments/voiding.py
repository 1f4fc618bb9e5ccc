"""Remove all judgments of a judge in a batch. The reason and the revisions are kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models.functions import Now

from annotations import sql
from annotations.errors import Invalid, NotFound
from annotations.models import Batch, BatchEntity, BatchJudge, User, Voiding, audit
from annotations.queue.locked_row import load_rows

ROWS_PER_STEP = 500
REASON_LIMIT = 5000

JUDGED_ROWS = """
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
    """Void a judge's judgments in a batch. Needs reopen, revisions keep the judgments.

    The judge stays in the batch and can get the same pictures again. To prevent that,
    remove the judge first. The work stays in the counts by day. Raises NotFound for a
    user who was never a judge of this batch.
    """
    _check_reason(reason)
    membership = _locked_membership(batch, username)
    judge = membership.judge
    voiding = Voiding.objects.create(batch=batch, judge=judge, by=by, reason=reason)
    with _revisions_of(voiding):
        for rows in _locked_steps(batch, judge):
            voiding.judgments += _delete_judgments(rows, judge)
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


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid({"reason": ["Enter a reason. It is kept."]})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"reason": [f"Use at most {REASON_LIMIT} characters."]})


def _locked_membership(batch: Batch, username: str) -> BatchJudge:
    membership = (
        BatchJudge.objects.select_for_update(no_key=True, of=("self",))
        .select_related("judge")
        .filter(batch=batch, judge__username=username)
        .first()
    )
    if membership is None:
        raise NotFound(f"{username} is not a judge of this batch.")
    return membership


@contextmanager
def _revisions_of(voiding: Voiding) -> Iterator[None]:
    """Make the trigger store the voiding's id in the revisions that it writes."""
    _set_voiding(str(voiding.pk))
    yield
    _set_voiding("")


def _set_voiding(voiding_id: str) -> None:
    sql.run("SELECT set_config('labeler.voiding', %s, true)", [voiding_id])


def _locked_steps(batch: Batch, judge: User) -> Iterator[list[BatchEntity]]:
    """Yield the queue rows in which the judge has had pages, locked in their order."""
    row_ids = sql.column(JUDGED_ROWS, {"batch": batch.pk, "judge": judge.pk})
    for start in range(0, len(row_ids), ROWS_PER_STEP):
        yield list(
            BatchEntity.objects.select_for_update(no_key=True)
            .filter(pk__in=row_ids[start : start + ROWS_PER_STEP])
            .order_by("pk")
        )


def _delete_judgments(rows: list[BatchEntity], judge: User) -> int:
    locked_rows = load_rows(rows)
    parameters = {"rows": [row.pk for row in rows], "judge": judge.pk}
    candidates = set(sql.column(DELETE, parameters))
    for row in locked_rows:
        for candidate in candidates & row.standings.keys():
            row.standings[candidate].votes.pop(judge.pk, None)
        row.save_changes()
    return len(candidates)
