"""Candidates' states against their pictures."""

from collections.abc import Iterator

from django.db import connection

from .difference import Difference

ROWS_PER_STEP = 50_000

WRONG = """
WITH step AS (
    SELECT c.id, c.state, c.image_id FROM annotations_candidate c
    WHERE c.id > %s ORDER BY c.id LIMIT %s
)
SELECT (SELECT max(id) FROM step), s.id, s.state, r.state
FROM (SELECT) one
LEFT JOIN (step s JOIN annotations_image i ON i.id = s.image_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN i.byte_size = 0 THEN 'empty'
                    WHEN i.format = '' THEN 'unreadable'
                    ELSE 'ready' END AS state
    ) r) ON s.state <> r.state
"""
MEND = "UPDATE annotations_candidate SET state = %s WHERE id = %s AND state = %s"


def candidate_states(*, fix: bool) -> Iterator[Difference]:
    """Whether a candidate with a picture is as readable as its picture."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(WRONG, [last, ROWS_PER_STEP])
            found = cursor.fetchall()
        for _, candidate, stored, right in found:
            if candidate is None:
                continue
            if fix:
                with connection.cursor() as cursor:
                    cursor.execute(MEND, [right, candidate, stored])
            yield Difference(f"candidate {candidate}: state", stored, right, fix)
        if found[0][0] is None:
            return
        last = found[0][0]
