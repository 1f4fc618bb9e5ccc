"""What is true of every candidate, said in SQL for millions of rows.

The same rules as `consensus.truth` and `consensus.agreement`; a property test keeps the
two equal. The statement walks entity by entity through indexes and never sorts or
hashes more than one candidate's judgments, so the first row comes at once and memory
stays flat, whatever the size: run it `WALKING`.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from annotations.models import JUDGEABLE, BatchEntity

COLUMNS = (
    "entity_key",
    "entity_name",
    "candidate_id",
    "image_search_rank",
    "image_url",
    "page_url",
    "face_id",
    "image_sha256",
    "verdict",
    "basis",
    "judges",
    "yes",
    "no",
    "broken",
    "agreement",
)

# Left to itself the planner hashes whole tables, which shows nothing for seconds, and
# on stale statistics it may read a table once a candidate. This leaves it one plan: the
# joins as written, each through an index.
WALKING = """
SET LOCAL join_collapse_limit = 1;
SET LOCAL from_collapse_limit = 1;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_hashagg = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_material = off;
SET LOCAL enable_sort = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL jit = off;
"""

COUNTS = """
SELECT count(*) FILTER (WHERE verdict = 'yes') AS yes,
       count(*) FILTER (WHERE verdict = 'no') AS no,
       count(*) FILTER (WHERE verdict = 'broken') AS broken,
       count(*) FILTER (WHERE blind = 'yes') AS blind_yes,
       count(*) FILTER (WHERE blind = 'no') AS blind_no,
       count(*) FILTER (WHERE blind = 'broken') AS blind_broken
FROM ({votes}) votes
"""

VOTES_IN_ONE_BATCH = """
SELECT verdict, blind_verdict AS blind FROM annotations_judgment
WHERE batch_id = %(batch)s AND candidate_id = c.id
"""

# A judge's latest verdict counts once, and so does the latest one given blind; a skip
# says nothing, so an older verdict stands beside it.
VOTES_IN_SEVERAL_BATCHES = """
SELECT (array_agg(verdict ORDER BY decided_at DESC, received_at DESC, batch_id DESC)
            FILTER (WHERE verdict <> 'skip'))[1] AS verdict,
       (array_agg(blind_verdict
                  ORDER BY decided_at DESC, received_at DESC, batch_id DESC)
            FILTER (WHERE blind_verdict <> 'skip'))[1] AS blind
FROM annotations_judgment
WHERE batch_id = ANY(%(batches)s) AND candidate_id = c.id
GROUP BY judge_id
"""

MEMBERS_OF_ONE_BATCH = """
SELECT entity_id, upto FROM annotations_batchentity WHERE batch_id = %(batch)s
"""

MEMBERS_OF_SEVERAL_BATCHES = """
SELECT entity_id, max(upto) AS upto FROM annotations_batchentity
WHERE batch_id = ANY(%(batches)s) GROUP BY entity_id
"""

REQUIRED_IN_ONE_BATCH = """
SELECT judges_required AS required FROM annotations_batch WHERE id = %(batch)s
"""

# Only batches that hold the candidate have a say in how many judges it takes.
REQUIRED_IN_SEVERAL_BATCHES = """
SELECT max(b.judges_required) AS required
FROM annotations_batchentity m JOIN annotations_batch b ON b.id = m.batch_id
WHERE m.entity_id = c.entity_id AND m.batch_id = ANY(%(batches)s) AND m.upto >= c.id
"""

RULING_IN_ONE_BATCH = """
SELECT verdict FROM annotations_ruling
WHERE batch_id = %(batch)s AND candidate_id = c.id AND reopened_at IS NULL
"""

RULING_IN_SEVERAL_BATCHES = """
SELECT verdict FROM annotations_ruling
WHERE batch_id = ANY(%(batches)s) AND candidate_id = c.id AND reopened_at IS NULL
ORDER BY created_at DESC, id DESC LIMIT 1
"""

CLEARED_IN_ONE_BATCH = """
SELECT verdict FROM annotations_clearance
WHERE batch_id = %(batch)s AND candidate_id = c.id AND NOT is_audit
"""

CLEARED_IN_SEVERAL_BATCHES = """
SELECT verdict FROM annotations_clearance
WHERE batch_id = ANY(%(batches)s) AND candidate_id = c.id AND NOT is_audit
ORDER BY cleared_at DESC, batch_id DESC LIMIT 1
"""

# Of what is cleared no verdict counts: it carries the model's.
TRUTH = """
SELECT e.key AS entity_key, e.name AS entity_name, c.id AS candidate_id,
       c.rank AS image_search_rank, c.image_url, c.page_url, c.face_id,
       encode(i.sha256, 'hex') AS image_sha256, t.verdict,
       CASE WHEN r.verdict IS NOT NULL THEN 'ruling'
            WHEN t.verdict IS NULL THEN 'open'
            WHEN t.is_cleared THEN 'cleared'
            WHEN s.top = s.votes THEN 'unanimous'
            ELSE 'majority' END AS basis,
       CASE WHEN t.is_cleared THEN 0 ELSE s.judges END AS judges,
       CASE WHEN t.is_cleared THEN 0 ELSE v.blind_yes END AS yes,
       CASE WHEN t.is_cleared THEN 0 ELSE v.blind_no END AS no,
       CASE WHEN t.is_cleared THEN 0 ELSE v.blind_broken END AS broken,
       CASE WHEN s.judges > 0 AND NOT t.is_cleared THEN
           round(CASE t.verdict WHEN 'yes' THEN v.blind_yes
                                WHEN 'no' THEN v.blind_no
                                WHEN 'broken' THEN v.blind_broken END
                 / s.judges::numeric, 4) END AS agreement
FROM ({members}) q
JOIN annotations_entity e ON e.id = q.entity_id
JOIN annotations_candidate c
  ON c.entity_id = q.entity_id AND c.id <= q.upto AND c.state = ANY(%(judgeable)s)
JOIN annotations_image i ON i.id = c.image_id
CROSS JOIN LATERAL ({required}) b
CROSS JOIN LATERAL ({counts}) v
LEFT JOIN LATERAL ({ruling}) r ON true
LEFT JOIN LATERAL ({cleared}) k ON true
CROSS JOIN LATERAL (
    SELECT v.yes + v.no + v.broken AS votes,
           greatest(v.yes, v.no, v.broken) AS top,
           v.blind_yes + v.blind_no + v.blind_broken AS judges
) s
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.verdict IS NOT NULL THEN r.verdict
                WHEN s.votes < b.required THEN k.verdict
                WHEN 2 * s.top <= s.votes THEN NULL
                WHEN s.top = v.yes THEN 'yes'
                WHEN s.top = v.no THEN 'no'
                ELSE 'broken' END AS verdict,
           r.verdict IS NULL AND k.verdict IS NOT NULL AND s.votes < b.required
           AS is_cleared
) t
"""


def statement(batches: Sequence[int]) -> tuple[str, dict[str, Any]]:
    """The SELECT of every member candidate's truth, and its parameters.

    Over several batches: a judge's latest verdict once, the latest standing ruling,
    the largest judges_required of those that hold the candidate; while fewer have
    spoken, what the model said where it was cleared last.
    """
    parameters: dict[str, Any] = {"judgeable": [state.value for state in JUDGEABLE]}
    if len(batches) == 1:
        parameters["batch"] = batches[0]
        sql = TRUTH.format(
            members=MEMBERS_OF_ONE_BATCH,
            required=REQUIRED_IN_ONE_BATCH,
            counts=COUNTS.format(votes=VOTES_IN_ONE_BATCH),
            ruling=RULING_IN_ONE_BATCH,
            cleared=CLEARED_IN_ONE_BATCH,
        )
    else:
        parameters["batches"] = list(batches)
        sql = TRUTH.format(
            members=MEMBERS_OF_SEVERAL_BATCHES,
            required=REQUIRED_IN_SEVERAL_BATCHES,
            counts=COUNTS.format(votes=VOTES_IN_SEVERAL_BATCHES),
            ruling=RULING_IN_SEVERAL_BATCHES,
            cleared=CLEARED_IN_SEVERAL_BATCHES,
        )
    return sql, parameters


# Without the entity's number the grouping would read whole batches.
MEMBERS_OF_AN_ENTITY = """
SELECT entity_id, max(upto) AS upto FROM annotations_batchentity
WHERE entity_id = %(entity)s AND batch_id = ANY(%(batches)s) GROUP BY entity_id
"""


def of_entity(entity_id: int) -> dict[int, tuple[str | None, str]]:
    """Verdict (None: open) and basis of an entity's candidates, by candidate.

    Over all batches that hold it; candidates of no batch are left out.
    """
    rows = BatchEntity.objects.filter(entity=entity_id)
    batches = list(rows.values_list("batch", flat=True))
    sql = TRUTH.format(
        members=MEMBERS_OF_AN_ENTITY,
        required=REQUIRED_IN_SEVERAL_BATCHES,
        counts=COUNTS.format(votes=VOTES_IN_SEVERAL_BATCHES),
        cleared=CLEARED_IN_SEVERAL_BATCHES,
        ruling=RULING_IN_SEVERAL_BATCHES,
    )
    parameters: dict[str, Any] = {
        "judgeable": [state.value for state in JUDGEABLE],
        "entity": entity_id,
        "batches": batches,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT candidate_id, verdict, basis FROM ({sql}) t", parameters
        )
        return {number: (verdict, basis) for number, verdict, basis in cursor}
