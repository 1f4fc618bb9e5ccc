"""A judge's search through the queue: the next row that may have something, locked.

Rows stand by (priority descending, entity). Priorities change while people work
(`order`), under the row's lock and with a `Reopened` for everybody, so a row that has
moved while its lock was waited for must not take a cursor along: see `Found`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotations.models import BatchEntity

Key = Mapping[str, Any]  # batch, judge, priority and entity; None before the first

# The driver writes the values in, so the planner sees which half of the OR is there.
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


@dataclass(frozen=True, slots=True)
class Found:
    """A row, locked, as it is now.

    `is_next`: it stands where the search found it, in the queue's order, so that a
    cursor may come up to it. `has_skipped`: others held the lock of one before it.
    """

    row: BatchEntity
    is_next: bool
    has_skipped: bool = False


def beyond(key: Key, *, waits: bool) -> Found | None:
    """Lock the first open row after the key; `waits` for its lock, or skip locked ones."""
    if waits:
        return _waited_for(NEXT, key)
    row = next(iter(BatchEntity.objects.raw(NEXT_UNLOCKED, key)), None)
    if row is None:
        return None
    first = vars(row)
    if first["first_entity"] != row.entity_id:
        return Found(row, is_next=True, has_skipped=True)
    return Found(row, is_next=first["first_priority"] == row.priority)


def behind(key: Key, *, waits: bool) -> Found | None:
    """Lock the first row up to the key that may have something again for the judge.

    The cursor is beyond it already, or was when it was found.
    """
    if key["entity"] is None:
        return None
    if waits:
        found = _waited_for(REOPENED, key)
        return found and Found(found.row, is_next=False)
    row = next(iter(BatchEntity.objects.raw(REOPENED_UNLOCKED, key)), None)
    return None if row is None else Found(row, is_next=False)


def any_left(key: Key) -> bool:
    """Whether there are rows that the search did not give: locked, or moved since."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({NEXT}) OR EXISTS ({REOPENED})", key)
        return cursor.fetchone()[0]


def _waited_for(sql: str, key: Key) -> Found | None:
    """Find a row, then wait for its lock and no other; it may have changed by then."""
    with connection.cursor() as cursor:
        cursor.execute(sql, key)
        found = cursor.fetchone()
    if found is None:
        return None
    entity, priority = found
    row = BatchEntity.objects.select_for_update(no_key=True).get(
        batch=key["batch"], entity=entity
    )
    return Found(row, is_next=row.priority == priority)
