"""Adds candidates to batches: newer ones on request, late pictures automatically."""

from collections.abc import Sequence

from annotations import sql
from annotations.models import Batch
from annotations.sql import fragments

from .order import set_priorities
from .reopening import reopen, reopen_sql

# The locks are counted, so that a million ids stay in the server.
LOCK_ENTITIES = """
SELECT count(*) FROM (
    SELECT FROM annotations_entity e
    JOIN annotations_batchentity q ON q.entity_id = e.id
    WHERE q.batch_id = %s ORDER BY e.id FOR NO KEY UPDATE OF e) locked
"""
LOCK_BATCH = """
SELECT count(*) FROM (
    SELECT FROM annotations_batchentity
    WHERE batch_id = %s ORDER BY id FOR NO KEY UPDATE) locked
"""
EXTEND = f"""
WITH newer AS (
    SELECT q.id, max(c.id) AS newest,
           count(*) FILTER (WHERE {fragments.is_judgeable("c")}) AS members,
           count(*) FILTER (WHERE {fragments.is_judgeable("c")}
               AND NOT {fragments.has_open_report("c.id")}) AS asked
    FROM annotations_batchentity q
    JOIN annotations_candidate c ON c.entity_id = q.entity_id AND c.id > q.upto
    WHERE q.batch_id = %(batch)s GROUP BY q.id
), grown AS (
    UPDATE annotations_batchentity q
    SET upto = n.newest, total = q.total + n.members,
        open_places = q.open_places + n.asked * %(required)s,
        state = CASE WHEN n.asked > 0 THEN 'open' ELSE q.state END
    FROM newer n WHERE n.id = q.id
    RETURNING q.id, q.batch_id, q.entity_id, q.priority, n.members, n.asked
), reopened AS (
    {reopen_sql("grown t", "t.asked > 0 AND %(is_opened)s")}
)
SELECT coalesce(sum(members), 0) AS members,
       array_agg(id) FILTER (WHERE %(is_opened)s AND asked > 0) AS reopened_rows
FROM grown
"""
LOCK_ROWS = """
SELECT be.id FROM annotations_batchentity be
WHERE be.entity_id = ANY(%s) ORDER BY be.id FOR NO KEY UPDATE
"""
# Judges are not asked about reported candidates, so these open no row.
JOIN = f"""
WITH added AS (
    SELECT *, NOT {fragments.has_open_report("member.id")} AS is_asked
    FROM unnest(%s::bigint[], %s::bigint[]) AS member (id, entity_id)
), counts AS (
    SELECT be.id, count(*) AS members, count(*) FILTER (WHERE a.is_asked) AS asked
    FROM annotations_batchentity be
    JOIN added a ON {fragments.is_in_row("a", "be")}
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
ADD_CONFLICTS = f"""
INSERT INTO annotations_conflict
    (batch_id, entity_id, candidate_id, is_open, is_disputed, is_reported, is_stuck)
SELECT be.batch_id, a.entity_id, a.id, true, false, a.is_reported, NOT a.is_reported
FROM (
    SELECT *, {fragments.has_open_report("member.id")} AS is_reported
    FROM unnest(%s::bigint[], %s::bigint[]) AS member (id, entity_id)
) a
JOIN annotations_batchentity be ON {fragments.is_in_row("a", "be")}
CROSS JOIN LATERAL (
    SELECT count(*) AS named, count(*) FILTER (
        WHERE {fragments.is_active_judge("m", "u")}) AS active
    FROM annotations_batchjudge m JOIN annotations_user u ON u.id = m.judge_id
    WHERE m.batch_id = be.batch_id
) judges
WHERE a.is_reported OR judges.named > 0 AND judges.active = 0
ON CONFLICT DO NOTHING
"""


def add_new_candidates(batch: Batch) -> int:
    """Extend a batch by its entities' newer candidates. Return the number of members.

    Raise `upto` of every queue row to the entity's newest candidate, in one statement
    under the entities' locks. The merge of an import takes these locks too, so no
    candidate with an id below `upto` can appear later. The queue rows are locked first,
    so that every lease under way learns of a row that it passes.
    """
    sql.run(LOCK_ENTITIES, [batch.pk])
    sql.run(LOCK_BATCH, [batch.pk])
    extension = sql.one(
        EXTEND,
        {
            "batch": batch.pk,
            "required": batch.judges_required,
            "is_opened": batch.opened_at is not None,  # no judge has passed draft rows
        },
    )
    if extension.reopened_rows:
        set_priorities(batch, extension.reopened_rows, reopens=True)
    return int(extension.members)


def add_members(candidates: Sequence[int], entities: Sequence[int]) -> None:
    """Add candidates that were waiting for a picture to the batches that contain them.

    `entities` are the candidates' entities, in the same order. Run it in the transaction
    that gives the candidates their pictures, under the entities' locks. A candidate
    belongs to every opened batch of its entity whose `upto` is not below its id.
    """
    members = [list(candidates), list(entities)]
    sql.run(LOCK_ROWS, [members[1]])
    rows_with_places = sql.rows(JOIN, members)
    sql.run(ADD_CONFLICTS, members)
    if rows_with_places:
        reopen(rows_with_places)
