"""Request scoring: called where the inputs of a score change."""

from collections.abc import Iterable

from annotations import sql

# Sorted by the table's key, so that concurrent requests cannot deadlock.
REQUEST = """
INSERT INTO annotations_pendingscoring
    (scorer_id, entity_id, due_at, marked, attempts, problem)
SELECT s.id, e.id, clock_timestamp() + make_interval(secs => %(wait)s),
       1, 0, ''
FROM annotations_scorer s CROSS JOIN unnest(%(entities)s::bigint[]) AS e (id)
WHERE s.is_active AND (%(scorer)s::bigint IS NULL OR s.id = %(scorer)s)
ORDER BY s.id, e.id
ON CONFLICT (scorer_id, entity_id) DO UPDATE
SET due_at = least(annotations_pendingscoring.due_at, excluded.due_at),
    marked = annotations_pendingscoring.marked + 1
"""


def request_scoring(
    entities: Iterable[int], *, wait: float = 0, scorer: int | None = None
) -> None:
    """Make entities (ids) due in `wait` seconds for every active scorer, or for one.

    An earlier due time stays, so that a burst of requests becomes one row.
    """
    entity_ids = sorted(set(entities))
    if entity_ids:
        sql.run(REQUEST, {"wait": wait, "entities": entity_ids, "scorer": scorer})
