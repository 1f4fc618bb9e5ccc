"""Open and close a batch, and take in candidates that came later."""

from django.db import connection, transaction
from django.db.models.functions import Now

from annotations.errors import WrongState
from annotations.models import JUDGEABLE, Batch, BatchState, Order, User, audit
from annotations.queue.order import draw_controls, mix_controls, move
from annotations.queue.stuck import recheck


def open_batch(*, batch: Batch, by: User) -> Batch:
    """Open a batch, or continue a closed one. The first opening fixes its candidates."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if batch.state == BatchState.OPEN:
            return batch
        if batch.opened_at is None:
            _take_in(batch)
            if batch.order == Order.UNCERTAIN or batch.clear_beyond is not None:
                score_first(batch)
            draw_controls(batch)
            move(batch, tell=False)  # nobody has passed a draft's rows
            mix_controls(batch, tell=False)
            batch.opened_at = Now()
        batch.state = BatchState.OPEN
        batch.save(update_fields=["state", "opened_at"])
        audit.write("batch-opened", by=by, batch=batch.pk)
    recheck(batch.pk)
    batch.refresh_from_db()
    return batch


def score_first(batch: Batch) -> None:
    """What judges wait for is scored before all else that is due."""
    with connection.cursor() as cursor:
        cursor.execute(SCORE_FIRST, [batch.pk])


@transaction.atomic
def close_batch(*, batch: Batch, by: User) -> Batch:
    """Stop leasing and renewing; pages leased before may end."""
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.state == BatchState.DRAFT:
        raise WrongState("A batch that was never opened cannot be closed.")
    batch.state = BatchState.CLOSED
    batch.save(update_fields=["state"])
    audit.write("batch-closed", by=by, batch=batch.pk)
    return batch


def refresh(*, batch: Batch, by: User) -> int:
    """Take in candidates of the batch's entities that came later; how many."""
    added = _refresh(batch, by)
    if added:
        recheck(batch.pk)
    return added


@transaction.atomic
def _refresh(batch: Batch, by: User) -> int:
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.opened_at is None:
        return 0  # the first opening takes everything in
    added = _take_in(batch)
    audit.write("batch-refreshed", by=by, batch=batch.pk, added=added)
    return added


SCORE_FIRST = """
INSERT INTO annotations_pendingscoring (scorer_id, entity_id, due_at, marked, attempts, problem)
SELECT s.id, q.entity_id, clock_timestamp() - interval '1 year', 1, 0, ''
FROM annotations_batchentity q CROSS JOIN annotations_scorer s
WHERE q.batch_id = %s AND s.is_active ORDER BY s.id, q.entity_id
ON CONFLICT (scorer_id, entity_id) DO UPDATE
SET due_at = excluded.due_at, marked = annotations_pendingscoring.marked + 1
"""
# Counted, so that a million locked ids stay in the server.
LOCK_ENTITIES = """
SELECT count(*) FROM (
    SELECT FROM annotations_entity e
    JOIN annotations_batchentity q ON q.entity_id = e.id
    WHERE q.batch_id = %s ORDER BY e.id FOR NO KEY UPDATE OF e) locked
"""
LOCK_QUEUE = """
SELECT count(*) FROM (
    SELECT FROM annotations_batchentity
    WHERE batch_id = %s ORDER BY id FOR NO KEY UPDATE) locked
"""
TAKE_IN = """
WITH newcomers AS (
    SELECT q.id, max(c.id) AS newest,
           count(*) FILTER (WHERE c.state = ANY(%(judgeable)s)) AS members,
           count(*) FILTER (WHERE c.state = ANY(%(judgeable)s) AND NOT EXISTS (
               SELECT FROM annotations_report r
               WHERE r.candidate_id = c.id AND r.dismissed_at IS NULL)) AS asked
    FROM annotations_batchentity q
    JOIN annotations_candidate c ON c.entity_id = q.entity_id AND c.id > q.upto
    WHERE q.batch_id = %(batch)s GROUP BY q.id
), grown AS (
    UPDATE annotations_batchentity q
    SET upto = n.newest, total = q.total + n.members,
        open_places = q.open_places + n.asked * %(required)s,
        state = CASE WHEN n.asked > 0 THEN 'open' ELSE q.state END
    FROM newcomers n WHERE n.id = q.id
    RETURNING q.id, q.entity_id, q.priority, n.members, n.asked
), told AS (
    INSERT INTO annotations_reopened (batch_id, judge_id, entity_id, priority)
    SELECT b.batch_id, b.judge_id, g.entity_id, g.priority
    FROM grown g JOIN annotations_batchjudge b ON b.batch_id = %(batch)s
    WHERE %(tell)s AND g.asked > 0 AND b.removed_at IS NULL
    ON CONFLICT (batch_id, judge_id, entity_id)
    DO UPDATE SET priority = excluded.priority
)
SELECT coalesce(sum(members), 0), array_agg(id) FILTER (WHERE %(tell)s AND asked > 0)
FROM grown
"""


def _take_in(batch: Batch) -> int:
    """Raise `upto` of every queue row to its entity's newest candidate; count members.

    In one statement under the entities' locks, which an import's merge takes too: no
    candidate with an id below `upto` can come later. The queue rows are locked before
    it, so that no lease under way can pass a row without being told.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ENTITIES, [batch.pk])
        cursor.execute(LOCK_QUEUE, [batch.pk])
        cursor.execute(
            TAKE_IN,
            {
                "batch": batch.pk,
                "required": batch.judges_required,
                "tell": batch.opened_at is not None,  # nobody has passed a draft's rows
                "judgeable": [state.value for state in JUDGEABLE],
            },
        )
        members, grown = cursor.fetchone()
    if grown:
        move(batch, grown, tell=True)
    return int(members)
