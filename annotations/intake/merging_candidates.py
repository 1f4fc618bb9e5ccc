"""Set-based merge of candidate rows into the tables.

Runs in the chunk's transaction. The entities are locked, so no other import and no
opening of a batch sees or changes a partial result.
"""

from collections.abc import Mapping, Sequence

from annotations import images, queue, sql
from annotations.models.pending_scoring import request_scoring

from . import entities, staging
from .rows import COPY_COLUMNS, CandidateRow

STAGING = "intake_candidates"
STAGING_COLUMNS = """
line bigint, key text, face_id text, rank int, image_url text, page_url text,
query text, licence text, attribution text, retrieved_at timestamptz, frame float8[],
face_rectangle float8[], sha256 bytea, entity_id bigint, image_id bigint, state text
"""
INSERT = """
INSERT INTO annotations_candidate (
    entity_id, image_id, state, face_id, rank, image_url, page_url, query, licence,
    attribution, retrieved_at, frame, face_rectangle)
"""
PROVENANCE = """
coalesce(s.face_id, ''), s.rank, coalesce(s.image_url, ''), coalesce(s.page_url, ''),
coalesce(s.query, ''), coalesce(s.licence, ''), coalesce(s.attribution, ''),
s.retrieved_at, s.frame, s.face_rectangle
"""
# Rows without bytes. The same four fields also identify a candidate that has received
# its picture since. Entities without candidates skip the lookup. The lookup has two
# branches because an index supports `rank = x` and `rank IS NULL` but not IS NOT
# DISTINCT FROM. It uses subqueries with a limit because the planner would run NOT EXISTS
# by reading the whole table into a hash.
ADD_WAITING = f"""
WITH e AS MATERIALIZED (
    SELECT key, id, (
        SELECT 1 FROM annotations_candidate c WHERE c.entity_id = entity.id LIMIT 1
    ) IS NULL AS is_fresh
    FROM unnest(%s::text[], %s::bigint[]) AS entity (key, id)
)
{INSERT}
SELECT e.id, NULL, 'waiting', {PROVENANCE}
FROM intake_candidates s JOIN e USING (key)
WHERE s.sha256 IS NULL AND (e.is_fresh OR CASE
    WHEN s.rank IS NULL THEN (
        SELECT 1 FROM annotations_candidate c
        WHERE c.entity_id = e.id AND c.rank IS NULL
        AND c.face_id = coalesce(s.face_id, '')
        AND c.image_url = coalesce(s.image_url, '') AND c.state <> 'erased'
        LIMIT 1)
    ELSE (
        SELECT 1 FROM annotations_candidate c
        WHERE c.entity_id = e.id AND c.rank = s.rank
        AND c.face_id = coalesce(s.face_id, '')
        AND c.image_url = coalesce(s.image_url, '') AND c.state <> 'erased'
        LIMIT 1)
    END IS NULL)
ORDER BY s.line
"""
# The rows that remain are new, because their entities are locked. Only duplicates within
# the chunk can still conflict. This check costs a sixth of ON CONFLICT.
HAS_DUPLICATES = """
SELECT EXISTS (
    SELECT FROM intake_candidates WHERE sha256 IS NULL
    GROUP BY key, face_id, image_url, rank HAVING count(*) > 1)
"""
RESOLVE = """
UPDATE intake_candidates s
SET entity_id = e.id, image_id = i.id, face_id = coalesce(s.face_id, ''),
    image_url = coalesce(s.image_url, ''), state = i.state
FROM unnest(%s::text[], %s::bigint[]) AS e (key, id),
    unnest(%s::bytea[], %s::bigint[], %s::text[]) AS i (sha256, id, state)
WHERE s.sha256 IS NOT NULL AND e.key = s.key AND i.sha256 = s.sha256
"""
SAME_FOUR = """
    w.entity_id = s.entity_id AND w.face_id = s.face_id
    AND w.image_url = s.image_url AND w.rank IS NOT DISTINCT FROM s.rank
    AND w.state = 'waiting'
"""
# If an entity lacks a picture, the first row with it fills the waiting candidate.
FILL_WAITING = f"""
WITH firsts AS (
    SELECT DISTINCT ON (entity_id, face_id, image_id) s.*
    FROM intake_candidates s
    WHERE s.image_id IS NOT NULL AND s.state <> 'empty'
    ORDER BY entity_id, face_id, image_id, line
), fresh AS (
    SELECT * FROM firsts f WHERE NOT EXISTS (
        SELECT FROM annotations_candidate c
        WHERE c.entity_id = f.entity_id AND c.face_id = f.face_id
        AND c.image_id = f.image_id AND c.state IN ('ready', 'unreadable'))
    UNION ALL SELECT * FROM intake_candidates WHERE state = 'empty'
), fills AS (
    SELECT DISTINCT ON (w.id) w.id, s.image_id, s.state, s.line
    FROM fresh s JOIN annotations_candidate w ON {SAME_FOUR}
    ORDER BY w.id, s.line
)
UPDATE annotations_candidate c SET image_id = fills.image_id, state = fills.state
FROM fills WHERE c.id = fills.id
RETURNING c.id, c.entity_id, fills.line
"""
ADD_PICTURED = f"""
{INSERT}
SELECT s.entity_id, s.image_id, s.state, {PROVENANCE}
FROM intake_candidates s
WHERE s.image_id IS NOT NULL AND s.line <> ALL(%s)
ORDER BY s.line
ON CONFLICT DO NOTHING
"""
# A candidate that still waits under the fields of a row is a duplicate if its entity
# already has the row's picture.
DROP_WAITING = f"""
DELETE FROM annotations_candidate w USING intake_candidates s
WHERE s.image_id IS NOT NULL AND s.state <> 'empty' AND s.line <> ALL(%s)
    AND {SAME_FOUR}
    AND NOT EXISTS (SELECT FROM annotations_report r WHERE r.candidate_id = w.id)
"""


def ensure_entities(rows: Sequence[CandidateRow]) -> dict[str, int]:
    """Return the ids of the rows' entities, locked; create the missing ones."""
    return entities.ensure(entities.first_names((row[1], row[2]) for row in rows))


def merge_candidates(
    rows: Sequence[CandidateRow],
    ids: Mapping[str, int],
    pictures: Mapping[int, images.StoredImage],
) -> int:
    """Add, fill and drop candidates; return how many rows changed something.

    `pictures` is by line. It lacks the lines without bytes.
    """
    lines = (
        f"{row[3]}\\x{pictures[row[0]].sha256}" if row[0] in pictures else row[3]
        for row in rows
    )
    staging.fill(STAGING, STAGING_COLUMNS, COPY_COLUMNS, lines)
    changes = _merge_pictures(ids, list(pictures.values())) if pictures else 0
    if changes:
        request_scoring(ids.values())
    if len(pictures) < len(rows):
        changes += _add_waiting(ids)
    return changes


def _add_waiting(ids: Mapping[str, int]) -> int:
    statement = ADD_WAITING
    if sql.value(HAS_DUPLICATES):
        statement += "ON CONFLICT DO NOTHING"
    return sql.run(statement, [list(ids), list(ids.values())])


def _merge_pictures(
    ids: Mapping[str, int], pictures: Sequence[images.StoredImage]
) -> int:
    by_digest = {picture.sha256: picture for picture in pictures}
    sql.run(
        RESOLVE,
        [
            list(ids),
            list(ids.values()),
            [bytes.fromhex(sha256) for sha256 in by_digest],
            [picture.image_id for picture in by_digest.values()],
            [_state(picture) for picture in by_digest.values()],
        ],
    )
    filled_rows = sql.rows(FILL_WAITING)
    lines = [row.line for row in filled_rows]
    additions = sql.run(ADD_PICTURED, [lines])
    sql.run(DROP_WAITING, [lines])
    if filled_rows:
        candidates = [row.id for row in filled_rows]
        queue.add_members(candidates, [row.entity_id for row in filled_rows])
    return additions + len(filled_rows)


def _state(picture: images.StoredImage) -> str:
    if picture.is_empty:
        return "empty"
    return "ready" if picture.is_readable else "unreadable"
