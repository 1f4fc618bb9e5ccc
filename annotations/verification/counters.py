"""Recounts the counters that change in the transaction of the rows they count."""

import time
from collections.abc import Iterator
from typing import Any

from django.db import transaction

from annotations import sql
from annotations.models import BatchEntity, BatchJudge
from annotations.queue.progress import TOTALS_BY_BATCH, sum_counters
from annotations.queue.reopening import reopen
from annotations.queue.standings import Tally, read_rows, tally

from .difference import Difference

ROWS_PER_STEP = 500
COUNTERS = (*Tally.__slots__, "state")

# Workers sum the totals every ten seconds, so these can be a little behind the queue.
# A batch that was never summed has no totals to compare.
LAG_SECONDS = 15
WRONG_TOTALS = f"""
SELECT b.id AS batch, b.counted_at > clock_timestamp() - interval '1 minute' AS is_fresh,
       t.name, t.stored, t.summed::bigint AS summed
FROM annotations_batch b
LEFT JOIN ({TOTALS_BY_BATCH}) q ON q.batch_id = b.id
CROSS JOIN LATERAL (VALUES
    ('entities_total', b.entities_total, coalesce(q.entities, 0)),
    ('candidates_total', b.candidates_total, coalesce(q.total, 0)),
    ('judged_total', b.judged_total, coalesce(q.judged, 0)),
    ('disputed_total', b.disputed_total, coalesce(q.disputed, 0)),
    ('open_total', b.open_total, coalesce(q.undecided, 0))
) AS t (name, stored, summed)
WHERE t.stored <> t.summed AND b.counted_at IS NOT NULL
ORDER BY b.id, t.name
"""

WRONG_MEMBERSHIPS = """
SELECT m.id FROM annotations_batchjudge m
LEFT JOIN (
    SELECT batch_id, judge_id,
           count(*) FILTER (WHERE verdict <> 'skip') AS verdicts,
           count(*) FILTER (WHERE verdict = 'skip') AS skips
    FROM annotations_judgment GROUP BY batch_id, judge_id
) j ON j.batch_id = m.batch_id AND j.judge_id = m.judge_id
WHERE (m.verdicts, m.skips) <> (coalesce(j.verdicts, 0), coalesce(j.skips, 0))
ORDER BY m.id
"""
COUNTS_OF_JUDGE = """
SELECT count(*) FILTER (WHERE verdict <> 'skip') AS verdicts,
       count(*) FILTER (WHERE verdict = 'skip') AS skips
FROM annotations_judgment WHERE batch_id = %s AND judge_id = %s
"""


def queue_rows(*, fix: bool) -> Iterator[Difference]:
    """Compare every queue row's counters and state with its candidates."""
    last_id = 0
    while rows := list(
        BatchEntity.objects.filter(pk__gt=last_id).order_by("pk")[:ROWS_PER_STEP]
    ):
        for pk in [row.pk for row, right in _recounted(rows) if _wrong(row, right)]:
            yield from _check_row_again(pk, fix=fix)
        last_id = rows[-1].pk


def _recounted(rows: list[BatchEntity]) -> Iterator[tuple[BatchEntity, Tally]]:
    states = read_rows([row.pk for row in rows])
    for row in rows:
        yield row, tally(states[row.pk].standings.values(), states[row.pk].rules)


def _wrong(row: BatchEntity, right: Tally) -> list[str]:
    return [name for name in COUNTERS if getattr(row, name) != getattr(right, name)]


@transaction.atomic
def _check_row_again(pk: int, *, fix: bool) -> list[Difference]:
    """Compare a queue row once more, under its lock, and correct it on request."""
    row = BatchEntity.objects.select_for_update(no_key=True).get(pk=pk)
    [(row, right)] = _recounted([row])
    names = _wrong(row, right)
    differences = [
        Difference(f"{row}: {name}", getattr(row, name), getattr(right, name), fix)
        for name in names
    ]
    if names and fix:
        for name in names:
            setattr(row, name, getattr(right, name))
        row.save(update_fields=names)
        reopen([row])  # judges may have passed it while it looked done
    return differences


def judge_counters(*, fix: bool) -> Iterator[Difference]:
    """Compare every judge's counters in a batch with the judgments."""
    for pk in sql.column(WRONG_MEMBERSHIPS):
        yield from _check_judge_again(pk, fix=fix)


@transaction.atomic
def _check_judge_again(pk: int, *, fix: bool) -> list[Difference]:
    membership = BatchJudge.objects.select_for_update(no_key=True).get(pk=pk)
    right = sql.one(COUNTS_OF_JUDGE, [membership.batch_id, membership.judge_id])
    differences = []
    for name in ("verdicts", "skips"):
        stored_count, right_count = getattr(membership, name), getattr(right, name)
        if stored_count != right_count:
            where = (
                f"judge {membership.judge_id} in batch {membership.batch_id}: {name}"
            )
            differences.append(Difference(where, stored_count, right_count, fix))
            setattr(membership, name, right_count)
    if differences and fix:
        membership.save(update_fields=["verdicts", "skips"])
    return differences


def batch_totals(*, fix: bool) -> Iterator[Difference]:
    """Compare batch totals with the sums of their queue rows."""
    totals: list[Any] = sql.rows(WRONG_TOTALS)
    deadline = time.monotonic() + LAG_SECONDS
    while any(total.is_fresh for total in totals) and time.monotonic() < deadline:
        time.sleep(1)
        totals = sql.rows(WRONG_TOTALS)
    if totals and fix:
        sum_counters(sorted({total.batch for total in totals}))
    for total in totals:
        where = f"batch {total.batch}: {total.name}"
        yield Difference(where, total.stored, total.summed, fix)
