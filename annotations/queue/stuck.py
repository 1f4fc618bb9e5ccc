"""Rechecks which candidates are stuck after the judges of a batch have changed."""

from collections.abc import Iterator, Sequence

from django.db import transaction

from annotations import sql
from annotations.models import BatchEntity, BatchJudge, User
from annotations.sql import fragments

from .conflicts import stored_conflicts, write_conflicts
from .locked_row import load_rows
from .locking import lock_rows_by_id

ROWS_PER_STEP = 500

# A candidate can be stuck only if each active judge has had a page of its entity. The
# pages of the judge with the fewest marks include all these entities. Without any
# active judge, every row that is not done can have stuck candidates.
SUSPECTS = f"""
WITH active AS (
    SELECT m.judge_id, m.verdicts + m.skips AS marks
    FROM annotations_batchjudge m JOIN annotations_user u ON u.id = m.judge_id
    WHERE m.batch_id = %(batch)s AND {fragments.is_active_judge("m", "u")}
)
SELECT q.id FROM annotations_batchentity q
WHERE q.batch_id = %(batch)s AND (
    q.entity_id IN (SELECT entity_id FROM annotations_conflict
                    WHERE batch_id = %(batch)s AND is_stuck)
    OR q.state <> 'done' AND (
        NOT EXISTS (SELECT FROM active)
        OR q.entity_id IN (
            SELECT a.entity_id FROM annotations_assignment a
            WHERE a.batch_id = %(batch)s AND a.judge_id = (
                SELECT judge_id FROM active ORDER BY marks, judge_id LIMIT 1))))
ORDER BY q.id
"""


def recheck(batch: int) -> None:
    """Recheck the conflicts of a batch (its id) after its judges have changed.

    Call it in the transaction of that change or after its commit. Marks that arrive
    meanwhile read the judges under the row's lock, so none is missed.
    """
    if not BatchJudge.objects.filter(batch=batch).exists():
        return  # a batch that never had a judge has nothing stuck
    for row_ids in _steps(batch):
        with transaction.atomic():
            rewrite_conflicts(lock_rows_by_id(row_ids))


def recheck_batches_of(judge: User) -> None:
    """Recheck every batch of a judge who became active or inactive."""
    memberships = BatchJudge.objects.filter(judge=judge, removed_at__isnull=True)
    for batch in memberships.order_by("batch").values_list("batch", flat=True):
        recheck(batch)


def rewrite_conflicts(rows: Sequence[BatchEntity]) -> None:
    """Recompute the conflicts of locked queue rows, and write the differences."""
    for locked in load_rows(rows):
        write_conflicts(locked.row, stored_conflicts(locked.row), locked.conflicts())


def _steps(batch: int) -> Iterator[list[int]]:
    row_ids = sql.column(SUSPECTS, {"batch": batch})
    for start in range(0, len(row_ids), ROWS_PER_STEP):
        yield row_ids[start : start + ROWS_PER_STEP]
