"""What is due to be scored: marked by whoever changes what a score is made of."""

from collections.abc import Iterable
from typing import Any

from django.db import connection

# In the order of the rows' key, so that no two who mark wait for each other in a ring.
MARK = """
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


def mark(
    entities: Iterable[int],
    *,
    wait: float = 0,
    scorer: int | None = None,
) -> None:
    """Entities (ids) are due for every active scorer, or for one, in `wait` seconds.

    What is due earlier stays so: marks that come in quick succession are one.
    """
    numbers = sorted(set(entities))
    if not numbers:
        return
    values: dict[str, Any] = {"wait": wait, "entities": numbers, "scorer": scorer}
    with connection.cursor() as cursor:
        cursor.execute(MARK, values)
