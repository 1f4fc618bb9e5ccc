"""How often the others agree with a judge, for the judge's home page, once a day.

Only independent verdicts count. A judge sees a whole percentage over many candidates,
which changes once a day, so that it does not reveal the votes on a single image.
"""

import logging
from datetime import UTC, datetime

from django.db import OperationalError, transaction

from annotations import sql
from annotations.models import AuditEntry, Batch, audit

log = logging.getLogger(__name__)

ACTION = "agreement-compared"
RECENT_ENTRIES = 10_000  # audit entries to search: more than there are batches a day
# A judge sees no agreement over fewer shared candidates.
MIN_SHARED_CANDIDATES = 50
TIMEOUT_SECONDS = 25  # a task must end within thirty

# This walks along the primary key. The verdicts on a candidate are adjacent there, so
# nothing is sorted.
COMPARE = """
WITH votes AS (
    SELECT judge_id, blind_verdict AS verdict,
           count(*) OVER of_candidate AS judges,
           count(*) FILTER (WHERE blind_verdict = 'yes') OVER of_candidate AS yes,
           count(*) FILTER (WHERE blind_verdict = 'no') OVER of_candidate AS no,
           count(*) FILTER (WHERE blind_verdict = 'broken') OVER of_candidate AS broken
    FROM annotations_judgment
    WHERE batch_id = %(batch)s AND verdict <> 'skip' AND blind_verdict <> 'skip'
    WINDOW of_candidate AS (PARTITION BY candidate_id)
), shared AS (
    SELECT judge_id, count(*) AS shared,
           avg((CASE verdict WHEN 'yes' THEN yes WHEN 'no' THEN no ELSE broken END - 1)
               / (judges - 1)::float8) AS agreement
    FROM votes WHERE judges > 1 GROUP BY judge_id
)
UPDATE annotations_batchjudge m
SET agreement = s.agreement, shared = coalesce(s.shared, 0)
FROM annotations_batchjudge other LEFT JOIN shared s USING (judge_id)
WHERE m.id = other.id AND other.batch_id = %(batch)s
"""


def batches_to_compare() -> list[int]:
    """Return the batches that show agreement and were not compared today (UTC)."""
    entries = AuditEntry.objects.filter(action=ACTION).order_by("-pk")
    batches_of_today = {
        entry.details["batch"]
        for entry in entries[:RECENT_ENTRIES]
        if entry.at >= _midnight()
    }
    batches = Batch.objects.filter(shows_agreement=True, opened_at__isnull=False)
    batch_ids = batches.order_by("pk").values_list("pk", flat=True)
    return [batch_id for batch_id in batch_ids if batch_id not in batches_of_today]


def _midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def compare_judges(batch_id: int) -> bool:
    """Compare the judges of a batch. Return False if that was done today.

    For each judge, consider the candidates on which this judge and at least one other
    gave an independent verdict. Store the number of these candidates, and the mean
    share of the others who gave the same verdict.
    """
    try:
        return _compare(batch_id)
    except OperationalError as error:  # a timeout: yesterday's figures remain
        log.warning("The judges of batch %s were not compared: %s", batch_id, error)
        return False


@transaction.atomic
def _compare(batch_id: int) -> bool:
    Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
    if batch_id not in batches_to_compare():
        return False
    sql.run(f"SET LOCAL statement_timeout = '{TIMEOUT_SECONDS}s'")
    sql.run(COMPARE, {"batch": batch_id})
    audit.write(ACTION, by=None, batch=batch_id)
    return True
