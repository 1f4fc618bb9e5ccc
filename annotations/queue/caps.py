"""Caps: how many candidates of a batch one judge can judge, and how many remain."""

from decimal import Decimal

from annotations import sql
from annotations.models import Batch, BatchJudge

# Places on live pages that have no verdict yet. A skip can still become a verdict.
PLACES_WITHOUT_VERDICT = """
SELECT count(*)
FROM annotations_assignment a, unnest(a.candidates) AS t (candidate_id)
WHERE a.batch_id = %s AND a.judge_id = %s AND a.state = 'held'
  AND a.expires_at > clock_timestamp()
  AND NOT EXISTS (
      SELECT FROM annotations_judgment j
      WHERE j.batch_id = a.batch_id AND j.judge_id = a.judge_id
        AND j.candidate_id = t.candidate_id AND j.verdict <> 'skip')
"""


def smaller_cap(cap: int | None, share: float | None, candidates: int) -> int | None:
    """Return the smaller limit of a number and a share of candidates; None: no limit.

    At least one, so that a share of a small batch is not zero.
    """
    limits = [] if cap is None else [cap]
    if share is not None:
        # The decimal as written, not the binary float: 0.29 of 100 is 29.
        limits.append(int(Decimal(repr(share)) * candidates))
    return max(1, min(limits)) if limits else None


def cap_of(batch: Batch) -> int | None:
    """Return how many candidates one judge can judge in the batch; None: no limit."""
    return smaller_cap(batch.cap, batch.cap_share, batch.candidates_total)


def next_page_size(batch: Batch, membership: BatchJudge) -> int:
    """Return the number of tiles on this judge's next page within the cap.

    Call it under the membership's lock, under which pages are granted and verdicts
    counted.
    """
    cap = cap_of(batch)
    if cap is None:
        return batch.page_size
    places: int = sql.value(PLACES_WITHOUT_VERDICT, [batch.pk, membership.judge_id])
    return max(0, min(batch.page_size, cap - membership.verdicts - places))
