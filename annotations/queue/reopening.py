"""Reopens queue rows: every judge of the batch looks at them again.

A row with `Reopened` entries can be behind a judge's cursor. The judge's next lease
looks at these rows first (docs/adr/0008-a-lease-is-two-statements.md).
"""

from collections.abc import Iterable
from typing import Protocol

from annotations import sql


class QueueRow(Protocol):
    """The columns of a queue row that reopening needs."""

    batch_id: int
    entity_id: int
    priority: float


def reopen_sql(rows: str, condition: str = "true") -> str:
    """Return an INSERT that reopens `rows` to the judges of their batches.

    `rows` is a table expression with the alias `t` and the columns `batch_id`,
    `entity_id` and `priority`. Include judges who have not come so far: one of their
    leases can be passing the row at this moment.
    """
    return f"""
    INSERT INTO annotations_reopened (batch_id, judge_id, entity_id, priority)
    SELECT m.batch_id, m.judge_id, t.entity_id, t.priority
    FROM {rows} JOIN annotations_batchjudge m ON m.batch_id = t.batch_id
    WHERE m.removed_at IS NULL AND {condition}
    ON CONFLICT (batch_id, judge_id, entity_id)
    DO UPDATE SET priority = excluded.priority"""


REOPEN = reopen_sql(
    "unnest(%s::bigint[], %s::bigint[], %s::float8[])"
    " AS t (batch_id, entity_id, priority)"
)


def reopen(rows: Iterable[QueueRow]) -> None:
    """Reopen queue rows that this transaction has locked. There must be at least one."""
    keys = [(row.batch_id, row.entity_id, row.priority) for row in rows]
    sql.run(REOPEN, [list(column) for column in zip(*keys, strict=True)])
