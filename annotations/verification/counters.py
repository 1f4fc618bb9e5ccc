"""Counters that change in the transaction of what they count, counted anew."""

import time
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from annotations import queue
from annotations.models import BatchEntity, BatchJudge
from annotations.queue import Tally
from annotations.queue.locked_row import reopen

from .difference import Difference

ROWS_PER_STEP = 500
COUNTERS = (*Tally.__slots__, "state")

# Workers sum up every ten seconds, so that totals lag a little behind the queue; those
# of a batch that was never summed say nothing yet.
LAG_SECONDS = 15
TOTALS = """
SELECT b.id, b.counted_at > clock_timestamp() - interval '1 minute',
       t.name, t.stored, t.summed::bigint
FROM annotations_batch b
LEFT JOIN (
    SELECT batch_id, count(*) AS entities,
           sum(total) AS total, sum(judged) AS judged,
           sum(disputed) AS disputed, sum(undecided) AS undecided
    FROM annotations_batchentity GROUP BY batch_id
) q ON q.batch_id = b.id
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

SAID_BY_ALL = """
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
SAID_BY_ONE = """
SELECT count(*) FILTER (WHERE verdict <> 'skip'),
       count(*) FILTER (WHERE verdict = 'skip')
FROM annotations_judgment WHERE batch_id = %s AND judge_id = %s
"""


def queue_rows(*, fix: bool) -> Iterator[Difference]:
    """Every queue row's counters and state against its candidates."""
    last = 0
    while rows := list(
        BatchEntity.objects.filter(pk__gt=last).order_by("pk")[:ROWS_PER_STEP]
    ):
        for pk in [row.pk for row, right in _counted(rows) if _wrong(row, right)]:
            yield from _queue_row_again(pk, fix=fix)
        last = rows[-1].pk


def _counted(rows: list[BatchEntity]) -> Iterator[tuple[BatchEntity, Tally]]:
    readings = queue.read([row.pk for row in rows])
    for row in rows:
        reading = readings[row.pk]
        yield row, queue.tally(reading.standings.values(), reading.rules)


def _wrong(row: BatchEntity, right: Tally) -> list[str]:
    return [name for name in COUNTERS if getattr(row, name) != getattr(right, name)]


@transaction.atomic
def _queue_row_again(pk: int, *, fix: bool) -> list[Difference]:
    """Look at a queue row once more, under its lock; set it right where asked."""
    row = BatchEntity.objects.select_for_update(no_key=True).get(pk=pk)
    [(row, right)] = _counted([row])
    wrong = _wrong(row, right)
    differences = [
        Difference(f"{row}: {name}", getattr(row, name), getattr(right, name), fix)
        for name in wrong
    ]
    if wrong and fix:
        for name in wrong:
            setattr(row, name, getattr(right, name))
        row.save(update_fields=wrong)
        reopen([row])  # judges may have passed it while it looked done
    return differences


def judges_numbers(*, fix: bool) -> Iterator[Difference]:
    """Every judge's own numbers in a batch against the judgments."""
    for (pk,) in _rows(SAID_BY_ALL):
        yield from _judge_again(pk, fix=fix)


@transaction.atomic
def _judge_again(pk: int, *, fix: bool) -> list[Difference]:
    member = BatchJudge.objects.select_for_update(no_key=True).get(pk=pk)
    [said] = _rows(SAID_BY_ONE, [member.batch_id, member.judge_id])
    differences = []
    for name, right in zip(("verdicts", "skips"), said, strict=True):
        stored = getattr(member, name)
        if stored != right:
            where = f"judge {member.judge_id} in batch {member.batch_id}: {name}"
            differences.append(Difference(where, stored, right, fix))
            setattr(member, name, right)
    if differences and fix:
        member.save(update_fields=["verdicts", "skips"])
    return differences


def totals(*, fix: bool) -> Iterator[Difference]:
    """Batch totals against the sums of their queue rows."""
    wrong = _rows(TOTALS)
    deadline = time.monotonic() + LAG_SECONDS
    while any(is_fresh for _, is_fresh, *_ in wrong) and time.monotonic() < deadline:
        time.sleep(1)
        wrong = _rows(TOTALS)
    if wrong and fix:
        queue.count(sorted({batch for batch, *_ in wrong}))
    for batch, _, name, stored, right in wrong:
        yield Difference(f"batch {batch}: {name}", stored, right, fix)


def _rows(statement: str, parameters: list[Any] | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
