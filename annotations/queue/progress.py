"""Progress of a batch: totals that are summed periodically, never on demand."""

from collections.abc import Sequence
from typing import Any

from annotations import sql
from annotations.errors import NotFound
from annotations.models import Batch, BatchJudge, User

TOTALS_BY_BATCH = """
SELECT batch_id, count(*) AS entities,
       sum(total) AS total, sum(judged) AS judged,
       sum(disputed) AS disputed, sum(undecided) AS undecided
FROM annotations_batchentity GROUP BY batch_id
"""
SUM_COUNTERS = f"""
UPDATE annotations_batch b
SET entities_total = q.entities,
    candidates_total = q.total, judged_total = q.judged,
    disputed_total = q.disputed, open_total = q.undecided,
    conflicts_total = (SELECT count(*) FROM annotations_conflict c
                       WHERE c.batch_id = b.id),
    counted_at = clock_timestamp()
FROM ({TOTALS_BY_BATCH}) q
WHERE q.batch_id = b.id AND b.opened_at IS NOT NULL
"""


def sum_counters(batches: Sequence[int] | None = None) -> int:
    """Sum the queue's counters into their batches. Return the number of batches.

    `batches` are ids; without them, sum those of all batches that were ever opened.
    """
    if batches is None:
        return sql.run(SUM_COUNTERS)
    return sql.run(f"{SUM_COUNTERS} AND b.id = ANY(%s)", [list(batches)])


def progress(batch: Batch, for_judge: User | None = None) -> dict[str, Any]:
    """Return a batch's totals, or only the figures of one judge.

    judged: the required judges have judged it. open: judged, but its truth is open.
    Seconds are the time of all marks. NotFound for a judge who is not in the batch.
    """
    memberships = BatchJudge.objects.filter(batch=batch).select_related("judge")
    if for_judge is not None:
        active = memberships.filter(judge=for_judge, removed_at__isnull=True)
        membership = active.first()
        if membership is None:
            raise NotFound(f"There is no batch {batch.pk}.")
        return {"judges": [_figures(membership)], "counted_at": batch.counted_at}
    return {
        "candidates": batch.candidates_total,
        "judged": batch.judged_total,
        "disputed": batch.disputed_total,
        "open": batch.open_total,
        "judges": [_figures(m) for m in memberships.order_by("judge__username")],
        "counted_at": batch.counted_at,
    }


def _figures(membership: BatchJudge) -> dict[str, Any]:
    return {
        "username": membership.judge.username,
        "judged": membership.verdicts,
        "skipped": membership.skips,
        "seconds": membership.centiseconds / 100,
        "is_active": membership.removed_at is None and membership.judge.is_active,
    }
