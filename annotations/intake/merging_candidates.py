"""Candidate rows into the tables, a set at a time, with batches that wait for them.

Runs in the chunk's transaction. The entities are locked, so no other import and no
opening of a batch sees or makes half of this.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from annotations import images
from annotations.models import due

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
REST = """
coalesce(s.face_id, ''), s.rank, coalesce(s.image_url, ''), coalesce(s.page_url, ''),
coalesce(s.query, ''), coalesce(s.licence, ''), coalesce(s.attribution, ''),
s.retrieved_at, s.frame, s.face_rectangle
"""
# Rows without bytes. A candidate that got its picture since is known by the same four
# fields; entities without candidates are not asked. Two branches, for an index finds
# `rank = x` and `rank IS NULL` but not IS NOT DISTINCT FROM; subqueries with a limit,
# for the planner would answer NOT EXISTS by reading the whole table into a hash.
ADD_WAITING = f"""
WITH e AS MATERIALIZED (
    SELECT key, id, (
        SELECT 1 FROM annotations_candidate c WHERE c.entity_id = given.id LIMIT 1
    ) IS NULL AS is_fresh
    FROM unnest(%s::text[], %s::bigint[]) AS given (key, id)
)
{INSERT}
SELECT e.id, NULL, 'waiting', {REST}
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
# The rest is known to be new, for its entities are locked. Only doubles within the
# chunk could still conflict; to look for them costs a sixth of ON CONFLICT.
HAS_DOUBLES = """
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
# The first row of a picture that its entity lacks fills the candidate that waits.
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
), takes AS (
    SELECT DISTINCT ON (w.id) w.id, s.image_id, s.state, s.line
    FROM fresh s JOIN annotations_candidate w ON {SAME_FOUR}
    ORDER BY w.id, s.line
)
UPDATE annotations_candidate c SET image_id = takes.image_id, state = takes.state
FROM takes WHERE c.id = takes.id
RETURNING c.id, c.entity_id, takes.line
"""
ADD_PICTURED = f"""
{INSERT}
SELECT s.entity_id, s.image_id, s.state, {REST}
FROM intake_candidates s
WHERE s.image_id IS NOT NULL AND s.line <> ALL(%s)
ORDER BY s.line
ON CONFLICT DO NOTHING
"""
# What still waits under the fields of a row whose picture its entity has: the same.
DROP_WAITING = f"""
DELETE FROM annotations_candidate w USING intake_candidates s
WHERE s.image_id IS NOT NULL AND s.state <> 'empty' AND s.line <> ALL(%s)
    AND {SAME_FOUR}
    AND NOT EXISTS (SELECT FROM annotations_report r WHERE r.candidate_id = w.id)
"""
LOCK_QUEUE = """
SELECT be.id FROM annotations_batchentity be
WHERE be.entity_id = ANY(%s) ORDER BY be.id FOR NO KEY UPDATE
"""
# Members that waited when their batch was opened join it now; nobody is asked about the
# reported ones, so they open no row.
JOIN_QUEUE = """
WITH filled AS (
    SELECT *, NOT EXISTS (
        SELECT FROM annotations_report r
        WHERE r.candidate_id = f.id AND r.dismissed_at IS NULL) AS is_asked
    FROM unnest(%s::bigint[], %s::bigint[]) AS f (id, entity_id)
), joined AS (
    SELECT be.id, count(*) AS members, count(*) FILTER (WHERE f.is_asked) AS asked
    FROM annotations_batchentity be JOIN filled f
        ON f.entity_id = be.entity_id AND f.id <= be.upto
    GROUP BY be.id
), grown AS (
    UPDATE annotations_batchentity be
    SET total = be.total + joined.members,
        state = CASE WHEN joined.asked > 0 THEN 'open' ELSE be.state END,
        open_places = be.open_places + joined.asked * b.judges_required
    FROM joined, annotations_batch b
    WHERE be.id = joined.id AND b.id = be.batch_id
    RETURNING be.batch_id, be.entity_id, be.priority, joined.asked
)
SELECT batch_id, entity_id, priority FROM grown WHERE asked > 0
"""
# They are in the conflicts where they are reported, or where nobody is left to ask.
CONFLICTS = """
INSERT INTO annotations_conflict
    (batch_id, entity_id, candidate_id, is_open, is_disputed, is_reported, is_stuck)
SELECT be.batch_id, f.entity_id, f.id, true, false, f.is_reported, NOT f.is_reported
FROM (
    SELECT *, EXISTS (
        SELECT FROM annotations_report r
        WHERE r.candidate_id = given.id AND r.dismissed_at IS NULL) AS is_reported
    FROM unnest(%s::bigint[], %s::bigint[]) AS given (id, entity_id)
) f
JOIN annotations_batchentity be ON be.entity_id = f.entity_id AND f.id <= be.upto
CROSS JOIN LATERAL (
    SELECT count(*) AS named, count(*) FILTER (
        WHERE m.removed_at IS NULL AND u.is_active AND 'judge' = ANY(u.roles)) AS active
    FROM annotations_batchjudge m JOIN annotations_user u ON u.id = m.judge_id
    WHERE m.batch_id = be.batch_id
) judges
WHERE f.is_reported OR judges.named > 0 AND judges.active = 0
ON CONFLICT DO NOTHING
"""
REOPEN = """
INSERT INTO annotations_reopened (batch_id, judge_id, entity_id, priority)
SELECT o.batch_id, bj.judge_id, o.entity_id, o.priority
FROM unnest(%s::bigint[], %s::bigint[], %s::float8[])
    AS o (batch_id, entity_id, priority)
JOIN annotations_batchjudge bj ON bj.batch_id = o.batch_id
WHERE bj.removed_at IS NULL
ORDER BY o.batch_id, bj.judge_id, o.entity_id
ON CONFLICT DO NOTHING
"""


def merge_candidates(
    rows: Sequence[CandidateRow],
    ids: Mapping[str, int],
    stored: Mapping[int, images.Stored],
) -> int:
    """Add, fill and drop; how many rows made something. `stored` is by line."""
    lines = (
        f"{row[3]}\\x{stored[row[0]].sha256}" if row[0] in stored else row[3]
        for row in rows
    )
    staging.fill(STAGING, STAGING_COLUMNS, COPY_COLUMNS, lines)
    added = _pictured(ids, list(stored.values())) if stored else 0
    if added:
        due.mark(ids.values())
    if len(stored) < len(rows):
        added += _waiting(ids)
    return added


def _waiting(ids: Mapping[str, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(HAS_DOUBLES)
        has_doubles = cursor.fetchone()[0]
    statement = ADD_WAITING + ("ON CONFLICT DO NOTHING" if has_doubles else "")
    return _run(statement, [list(ids), list(ids.values())])


def _pictured(ids: Mapping[str, int], stored: Sequence[images.Stored]) -> int:
    by_digest = {each.sha256: each for each in stored}
    _run(
        RESOLVE,
        [
            list(ids),
            list(ids.values()),
            [bytes.fromhex(sha256) for sha256 in by_digest],
            [each.image_id for each in by_digest.values()],
            [_state(each) for each in by_digest.values()],
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(FILL_WAITING)
        filled = cursor.fetchall()
    lines = [row[2] for row in filled]
    added = _run(ADD_PICTURED, [lines])
    _run(DROP_WAITING, [lines])
    if filled:
        _join_batches([row[0] for row in filled], [row[1] for row in filled])
    return added + len(filled)


def _state(stored: images.Stored) -> str:
    if stored.is_empty:
        return "empty"
    return "ready" if stored.is_readable else "unreadable"


def _join_batches(filled: list[int], of_entities: list[int]) -> None:
    _run(LOCK_QUEUE, [of_entities])
    with connection.cursor() as cursor:
        cursor.execute(JOIN_QUEUE, [filled, of_entities])
        opened = cursor.fetchall()
    _run(CONFLICTS, [filled, of_entities])
    if opened:
        _run(REOPEN, [list(column) for column in zip(*opened, strict=True)])


def _run(statement: str, values: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def ensure_entities(rows: Sequence[CandidateRow]) -> dict[str, int]:
    """The locked entities of these rows, made where they are missing."""
    return entities.ensure(entities.first_names((row[1], row[2]) for row in rows))
