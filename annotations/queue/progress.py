"""How far a batch is: sums made now and then, never counted on demand."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from annotations.errors import NotFound
from annotations.models import Batch, BatchJudge, User


def count(batches: Sequence[int] | None = None) -> int:
    """Sum the queue's counters into their batches, all opened ones or some; how many."""
    chosen = "" if batches is None else "AND b.id = ANY(%(batches)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE annotations_batch b
            SET entities_total = q.entities,
                candidates_total = q.total, judged_total = q.judged,
                disputed_total = q.disputed, open_total = q.undecided,
                conflicts_total = (SELECT count(*) FROM annotations_conflict c
                                   WHERE c.batch_id = b.id),
                counted_at = clock_timestamp()
            FROM (SELECT batch_id, count(*) AS entities,
                         sum(total) AS total, sum(judged) AS judged,
                         sum(disputed) AS disputed, sum(undecided) AS undecided
                  FROM annotations_batchentity GROUP BY batch_id) q
            WHERE q.batch_id = b.id AND b.opened_at IS NOT NULL {chosen}
            """,
            {"batches": list(batches or [])},
        )
        return cursor.rowcount


def progress(batch: Batch, for_judge: User | None = None) -> dict[str, Any]:
    """The numbers of a batch; for a judge, own numbers only.

    judged = the required judges are in; open = judged, but its truth is open. Seconds
    are those of all marks given. NotFound for a judge whom the batch does not know.
    """
    members = BatchJudge.objects.filter(batch=batch).select_related("judge")
    if for_judge is not None:
        membership = members.filter(judge=for_judge, removed_at__isnull=True).first()
        if membership is None:
            raise NotFound(f"There is no batch {batch.pk}.")
        return {"judges": [_numbers(membership)], "counted_at": batch.counted_at}
    return {
        "candidates": batch.candidates_total,
        "judged": batch.judged_total,
        "disputed": batch.disputed_total,
        "open": batch.open_total,
        "judges": [_numbers(m) for m in members.order_by("judge__username")],
        "counted_at": batch.counted_at,
    }


def _numbers(membership: BatchJudge) -> dict[str, Any]:
    return {
        "username": membership.judge.username,
        "judged": membership.verdicts,
        "skipped": membership.skips,
        "seconds": membership.centiseconds / 100,
        "is_active": membership.removed_at is None and membership.judge.is_active,
    }
