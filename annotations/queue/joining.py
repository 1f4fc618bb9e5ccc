"""Candidates that join opened batches because their picture arrived late."""

from collections.abc import Sequence

from annotations import sql

from .locked_row import reopen

LOCK = """
SELECT be.id FROM annotations_batchentity be
WHERE be.entity_id = ANY(%s) ORDER BY be.id FOR NO KEY UPDATE
"""
# Judges are not asked about reported candidates, so these open no row.
JOIN = """
WITH added AS (
    SELECT *, NOT EXISTS (
        SELECT FROM annotations_report r
        WHERE r.candidate_id = member.id AND r.dismissed_at IS NULL) AS is_asked
    FROM unnest(%s::bigint[], %s::bigint[]) AS member (id, entity_id)
), counts AS (
    SELECT be.id, count(*) AS members, count(*) FILTER (WHERE a.is_asked) AS asked
    FROM annotations_batchentity be
    JOIN added a ON a.entity_id = be.entity_id AND a.id <= be.upto
    GROUP BY be.id
), grown AS (
    UPDATE annotations_batchentity be
    SET total = be.total + counts.members,
        state = CASE WHEN counts.asked > 0 THEN 'open' ELSE be.state END,
        open_places = be.open_places + counts.asked * b.judges_required
    FROM counts, annotations_batch b
    WHERE be.id = counts.id AND b.id = be.batch_id
    RETURNING be.batch_id, be.entity_id, be.priority, counts.asked
)
SELECT batch_id, entity_id, priority FROM grown WHERE asked > 0
"""
# A new member is in the conflicts if it is reported, or if the batch has had judges and
# none of them is active.
ADD_CONFLICTS = """
INSERT INTO annotations_conflict
    (batch_id, entity_id, candidate_id, is_open, is_disputed, is_reported, is_stuck)
SELECT be.batch_id, a.entity_id, a.id, true, false, a.is_reported, NOT a.is_reported
FROM (
    SELECT *, EXISTS (
        SELECT FROM annotations_report r
        WHERE r.candidate_id = member.id AND r.dismissed_at IS NULL) AS is_reported
    FROM unnest(%s::bigint[], %s::bigint[]) AS member (id, entity_id)
) a
JOIN annotations_batchentity be ON be.entity_id = a.entity_id AND a.id <= be.upto
CROSS JOIN LATERAL (
    SELECT count(*) AS named, count(*) FILTER (
        WHERE m.removed_at IS NULL AND u.is_active AND 'judge' = ANY(u.roles)) AS active
    FROM annotations_batchjudge m JOIN annotations_user u ON u.id = m.judge_id
    WHERE m.batch_id = be.batch_id
) judges
WHERE a.is_reported OR judges.named > 0 AND judges.active = 0
ON CONFLICT DO NOTHING
"""


def add_members(candidates: Sequence[int], entities: Sequence[int]) -> None:
    """Add candidates that were waiting for a picture to the batches that contain them.

    `entities` are the candidates' entities, in the same order. Run it in the transaction
    that gives the candidates their pictures, under the entities' locks. A candidate
    belongs to every opened batch of its entity whose `upto` is not below its id.
    """
    members = [list(candidates), list(entities)]
    sql.run(LOCK, [members[1]])
    rows_with_places = sql.rows(JOIN, members)
    sql.run(ADD_CONFLICTS, members)
    if rows_with_places:
        reopen(rows_with_places)
