"""How often the others say what a judge says: for the judge's own home, once a day.

Only independent verdicts count, and a judge is told whole percent over many candidates
once a day, so that no single image's votes can be read off it.
"""

import logging
from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction

from annotations.models import AuditEntry, Batch, audit

log = logging.getLogger(__name__)

ACTION = "agreement-compared"
LATEST = 10_000  # acts that are looked at: more than there are batches a day
# A judge is told nothing over fewer shared candidates.
SHARED_ENOUGH = 50
SECONDS = 25  # a task may take thirty

# One walk along the primary key: the candidates come together, so nothing is sorted.
COMPARE = """
WITH said AS (
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
    FROM said WHERE judges > 1 GROUP BY judge_id
)
UPDATE annotations_batchjudge m
SET agreement = s.agreement, shared = coalesce(s.shared, 0)
FROM annotations_batchjudge own LEFT JOIN shared s USING (judge_id)
WHERE m.id = own.id AND own.batch_id = %(batch)s
"""


def due() -> list[int]:
    """The batches that show agreement and were not compared today (UTC)."""
    done = AuditEntry.objects.filter(action=ACTION).order_by("-pk")[:LATEST]
    compared = {e.details["batch"] for e in done if e.at >= _midnight()}
    showing = Batch.objects.filter(shows_agreement=True, opened_at__isnull=False)
    numbers = showing.order_by("pk").values_list("pk", flat=True)
    return [number for number in numbers if number not in compared]


def _midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def compare(batch_id: int) -> bool:
    """Compare the judges of a batch, once a day; False where it was done today.

    For each judge, over the candidates on which this judge and at least one other gave
    an independent verdict: the mean share of the others who said the same, and how many
    such candidates there are.
    """
    try:
        return _compare(batch_id)
    except OperationalError as error:  # it took too long: yesterday's figures stay
        log.warning("batch %s is not compared: %s", batch_id, error)
        return False


@transaction.atomic
def _compare(batch_id: int) -> bool:
    Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
    if batch_id not in due():
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
        cursor.execute(COMPARE, {"batch": batch_id})
    audit.write(ACTION, by=None, batch=batch_id)
    return True
