"""Statements of a judge's search: lock the next queue row that may have a free place.

Rows are ordered by (priority descending, entity). Priorities change while judges work
(`order`), under the row's lock and together with a `Reopened` entry for every judge. A
cursor must not follow a row that moved while the search waited for its lock: see
`SearchResult`.
"""

from dataclasses import dataclass
from typing import Any, TypedDict

from annotations import sql
from annotations.models import BatchEntity


class SearchPosition(TypedDict):
    """A judge's position in the order of a batch; priority and entity None: the start."""

    batch: int
    judge: int
    priority: float | None
    entity: int | None


# The driver inserts the values, so the planner knows which half of the OR applies.
BEYOND = """annotations_batchentity WHERE batch_id = %(batch)s AND state = 'open'
    AND (%(entity)s IS NULL
         OR (priority * -1, entity_id) > (%(priority)s * -1, %(entity)s))
    ORDER BY priority * -1, entity_id LIMIT 1"""
NEXT = f"SELECT entity_id, priority FROM {BEYOND}"
NEXT_UNLOCKED = f"""
SELECT *, (SELECT entity_id FROM {BEYOND}) AS first_entity,
       (SELECT priority FROM {BEYOND}) AS first_priority
FROM {BEYOND} FOR NO KEY UPDATE SKIP LOCKED
"""
BEHIND = """r.batch_id = %(batch)s AND r.judge_id = %(judge)s
    AND (r.priority * -1, r.entity_id) <= (%(priority)s * -1, %(entity)s)
    ORDER BY r.priority * -1, r.entity_id LIMIT 1"""
REOPENED = f"SELECT r.entity_id, r.priority FROM annotations_reopened r WHERE {BEHIND}"
REOPENED_UNLOCKED = f"""
SELECT q.* FROM annotations_reopened r
JOIN annotations_batchentity q USING (batch_id, entity_id) WHERE {BEHIND}
FOR NO KEY UPDATE OF q SKIP LOCKED
"""
HAS_MORE = f"SELECT EXISTS ({NEXT}) OR EXISTS ({REOPENED})"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A row that the search locked, as it is now.

    `is_next`: the row is still at the place in the queue where the search read it, so
    that a cursor can advance to it. `has_skipped`: another transaction held the lock of
    a row before it.
    """

    row: BatchEntity
    is_next: bool
    has_skipped: bool = False


def lock_next(position: SearchPosition, *, waits: bool) -> SearchResult | None:
    """Lock the first open row after the position.

    With `waits`, wait for its lock. Without, skip locked rows.
    """
    if waits:
        return _wait_for(NEXT, position)
    row = _first_row(NEXT_UNLOCKED, position)
    if row is None:
        return None
    columns = vars(row)
    if columns["first_entity"] != row.entity_id:
        return SearchResult(row, is_next=True, has_skipped=True)
    return SearchResult(row, is_next=columns["first_priority"] == row.priority)


def lock_reopened(position: SearchPosition, *, waits: bool) -> SearchResult | None:
    """Lock the first row up to the position that was reopened to the judge.

    A cursor never follows it: the cursor is, or was, already beyond it.
    """
    if position["entity"] is None:
        return None
    if waits:
        result = _wait_for(REOPENED, position)
        return result and SearchResult(result.row, is_next=False)
    row = _first_row(REOPENED_UNLOCKED, position)
    return None if row is None else SearchResult(row, is_next=False)


def has_more_rows(position: SearchPosition) -> bool:
    """Return whether the search missed rows: others locked or moved them."""
    return bool(sql.value(HAS_MORE, position))


def _first_row(statement: str, position: SearchPosition) -> BatchEntity | None:
    parameters: dict[str, Any] = {**position}
    return next(iter(BatchEntity.objects.raw(statement, parameters)), None)


def _wait_for(statement: str, position: SearchPosition) -> SearchResult | None:
    """Read the first row, then wait for its lock; the row can change meanwhile."""
    first = sql.one(statement, position)
    if first is None:
        return None
    row = BatchEntity.objects.select_for_update(no_key=True).get(
        batch=position["batch"], entity=first.entity_id
    )
    return SearchResult(row, is_next=row.priority == first.priority)
