"""Compares candidates' states with their images."""

from collections.abc import Iterator

from annotations import sql

from .difference import Difference

ROWS_PER_STEP = 50_000

WRONG_STATES = """
WITH step AS (
    SELECT c.id, c.state, c.image_id FROM annotations_candidate c
    WHERE c.id > %s ORDER BY c.id LIMIT %s
)
SELECT (SELECT max(id) FROM step) AS last_id, s.id AS candidate, s.state AS stored,
       r.state AS right_state
FROM (SELECT) one
LEFT JOIN (step s JOIN annotations_image i ON i.id = s.image_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN i.byte_size = 0 THEN 'empty'
                    WHEN i.format = '' THEN 'unreadable'
                    ELSE 'ready' END AS state
    ) r) ON s.state <> r.state
"""
CORRECT = "UPDATE annotations_candidate SET state = %s WHERE id = %s AND state = %s"


def candidate_states(*, fix: bool) -> Iterator[Difference]:
    """Compare the state of every candidate with a picture with that picture."""
    last_id = 0
    while last_id is not None:
        candidates = sql.rows(WRONG_STATES, [last_id, ROWS_PER_STEP])
        for row in candidates:
            if row.candidate is None:
                continue
            if fix:
                sql.run(CORRECT, [row.right_state, row.candidate, row.stored])
            where = f"candidate {row.candidate}: state"
            yield Difference(where, row.stored, row.right_state, fix)
        last_id = candidates[0].last_id
