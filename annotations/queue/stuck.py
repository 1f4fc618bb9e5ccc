"""After a change of who judges: what is stuck now, and what is no longer."""

from collections.abc import Iterator, Sequence

from django.db import connection, transaction

from annotations.models import BatchEntity, BatchJudge, User

from .conflicts import write_conflicts, written_conflicts
from .locked_row import load_rows

ROWS_PER_STEP = 500

# Only an entity that each active judge has had a page of can have something stuck: the
# pages of the one who has done least name them all. Without any active judge, all that
# is not done can be.
TOUCHED = """
WITH active AS (
    SELECT m.judge_id, m.verdicts + m.skips AS marks
    FROM annotations_batchjudge m JOIN annotations_user u ON u.id = m.judge_id
    WHERE m.batch_id = %(batch)s AND m.removed_at IS NULL AND u.is_active
      AND 'judge' = ANY(u.roles)
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
    """Find what is stuck in a batch (its number) after its judges have changed.

    To be called when that change is committed, or in its transaction: marks that come
    meanwhile read the judges under the row's lock, so none is overlooked.
    """
    if not BatchJudge.objects.filter(batch=batch).exists():
        return  # nobody was ever named
    for numbers in _steps(batch):
        with transaction.atomic():
            rows = list(
                BatchEntity.objects.select_for_update(no_key=True)
                .filter(pk__in=numbers)
                .order_by("pk")
            )
            rewrite(rows)


def recheck_batches_of(judge: User) -> None:
    """Recheck every batch that somebody judges: who is active has changed."""
    own = BatchJudge.objects.filter(judge=judge, removed_at__isnull=True)
    for batch in own.order_by("batch").values_list("batch", flat=True):
        recheck(batch)


def rewrite(rows: Sequence[BatchEntity]) -> None:
    """Make the conflicts of locked queue rows what they should be."""
    for entry in load_rows(rows):
        write_conflicts(entry.row, written_conflicts(entry.row), entry.conflicts())


def _steps(batch: int) -> Iterator[list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED, {"batch": batch})
        numbers = [number for (number,) in cursor.fetchall()]
    for start in range(0, len(numbers), ROWS_PER_STEP):
        yield numbers[start : start + ROWS_PER_STEP]
