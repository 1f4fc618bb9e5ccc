"""Caps: how much of a batch one judge may judge, and how much of that is left."""

from decimal import Decimal

from django.db import connection

from annotations.models import Batch, BatchJudge

# On live pages, places still without a verdict; a skip may yet become one.
UNSAID = """
SELECT count(*)
FROM annotations_assignment a, unnest(a.candidates) AS t (candidate_id)
WHERE a.batch_id = %s AND a.judge_id = %s AND a.state = 'held'
  AND a.expires_at > clock_timestamp()
  AND NOT EXISTS (
      SELECT FROM annotations_judgment j
      WHERE j.batch_id = a.batch_id AND j.judge_id = a.judge_id
        AND j.candidate_id = t.candidate_id AND j.verdict <> 'skip')
"""


def smallest(cap: int | None, share: float | None, candidates: int) -> int | None:
    """The candidates that one judge may judge by a number and a share; None: any.

    At least one: a share of a small batch is not nothing.
    """
    limits = [] if cap is None else [cap]
    if share is not None:
        # As written, not as the machine stores it: 0.29 of 100 is 29.
        limits.append(int(Decimal(repr(share)) * candidates))
    return max(1, min(limits)) if limits else None


def cap_of(batch: Batch) -> int | None:
    """The most candidates that one judge may judge in the batch now; None: any."""
    return smallest(batch.cap, batch.cap_share, batch.candidates_total)


def size_left(batch: Batch, membership: BatchJudge) -> int:
    """How many tiles this judge's next page may have: its size, and what the cap leaves.

    Under the membership's lock, which pages are granted under and verdicts counted.
    """
    cap = cap_of(batch)
    if cap is None:
        return batch.page_size
    with connection.cursor() as cursor:
        cursor.execute(UNSAID, [batch.pk, membership.judge_id])
        unsaid = cursor.fetchone()[0]
    return max(0, min(batch.page_size, cap - membership.verdicts - unsaid))
