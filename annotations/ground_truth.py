"""The truth of every candidate of some batches, by one statement for millions of rows.

The rule is `fragments.truth`, the twin of `consensus.truth` in SQL. The statement walks
entity by entity through indexes. It never sorts or hashes more than the judgments of
one candidate, so the first row comes at once and memory stays flat at any size. Run it
after `WALKING`.
"""

from collections.abc import Sequence
from typing import Any

from annotations import sql
from annotations.models import BatchEntity
from annotations.sql import fragments

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

# Without these settings the planner hashes whole tables, which returns nothing for
# seconds, and with stale statistics it can read a table once per candidate. They leave
# one plan: the joins as written, each through an index.
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

ROWS_OF_ONE_BATCH = """
SELECT entity_id, upto FROM annotations_batchentity WHERE batch_id = %(batch)s
"""

ROWS_OF_SEVERAL_BATCHES = """
SELECT entity_id, max(upto) AS upto FROM annotations_batchentity
WHERE batch_id = ANY(%(batches)s) GROUP BY entity_id
"""

# Without the entity's id, the grouping would read whole batches.
ROWS_OF_ONE_ENTITY = """
SELECT entity_id, max(upto) AS upto FROM annotations_batchentity
WHERE entity_id = %(entity)s AND batch_id = ANY(%(batches)s) GROUP BY entity_id
"""

REQUIRED_IN_ONE_BATCH = """
SELECT judges_required AS required FROM annotations_batch WHERE id = %(batch)s
"""

# Only the batches that contain the candidate count.
REQUIRED_IN_SEVERAL_BATCHES = f"""
SELECT max(b.judges_required) AS required
FROM annotations_batchentity m JOIN annotations_batch b ON b.id = m.batch_id
WHERE m.batch_id = ANY(%(batches)s) AND {fragments.is_in_row("c", "m")}
"""

# The verdicts on a cleared candidate do not count: it has the scorer's verdict.
TRUTH = f"""
SELECT e.key AS entity_key, e.name AS entity_name, c.id AS candidate_id,
       c.rank AS image_search_rank, c.image_url, c.page_url, c.face_id,
       encode(i.sha256, 'hex') AS image_sha256, t.verdict, t.basis,
       v.judges, v.yes, v.no, v.broken,
       CASE WHEN v.judges > 0 THEN
           round(CASE t.verdict WHEN 'yes' THEN v.yes
                                WHEN 'no' THEN v.no
                                WHEN 'broken' THEN v.broken END
                 / v.judges::numeric, 4) END AS agreement
FROM ({{rows}}) q
JOIN annotations_entity e ON e.id = q.entity_id
JOIN annotations_candidate c ON {fragments.is_member("c", "q")}
JOIN annotations_image i ON i.id = c.image_id
CROSS JOIN LATERAL ({{required}}) b
CROSS JOIN LATERAL ({{truth}}) t
CROSS JOIN LATERAL (
    SELECT CASE WHEN t.basis = 'cleared' THEN 0 ELSE t.blind_votes END AS judges,
           CASE WHEN t.basis = 'cleared' THEN 0 ELSE t.blind_yes END AS yes,
           CASE WHEN t.basis = 'cleared' THEN 0 ELSE t.blind_no END AS no,
           CASE WHEN t.basis = 'cleared' THEN 0 ELSE t.blind_broken END AS broken
) v
"""


def statement(batches: Sequence[int]) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the truth of every member candidate, and its parameters.

    Several batches together: a judge's latest verdict counts once, the latest standing
    ruling wins, and the largest `judges_required` of the batches that contain the
    candidate applies. Below it, a cleared candidate has the verdict of its latest
    clearance.
    """
    if len(batches) == 1:
        return _in_one_batch(), {"batch": batches[0]}
    return _in_several_batches(ROWS_OF_SEVERAL_BATCHES), {"batches": list(batches)}


def truths_of_entity(entity_id: int) -> dict[int, tuple[str | None, str]]:
    """Return verdict (None: open) and basis of an entity's candidates, by candidate id.

    All batches that contain the entity count together. Candidates of no batch are left
    out.
    """
    rows = BatchEntity.objects.filter(entity=entity_id)
    batches = list(rows.values_list("batch", flat=True))
    truths = sql.rows(
        f"SELECT candidate_id, verdict, basis"
        f" FROM ({_in_several_batches(ROWS_OF_ONE_ENTITY)}) t",
        {"entity": entity_id, "batches": batches},
    )
    return {row.candidate_id: (row.verdict, row.basis) for row in truths}


def _in_one_batch() -> str:
    truth = fragments.truth_in_batch("%(batch)s", "c.id", "b.required")
    return TRUTH.format(
        rows=ROWS_OF_ONE_BATCH, required=REQUIRED_IN_ONE_BATCH, truth=truth
    )


def _in_several_batches(rows: str) -> str:
    truth = fragments.truth_in_batches("%(batches)s", "c.id", "b.required")
    return TRUTH.format(rows=rows, required=REQUIRED_IN_SEVERAL_BATCHES, truth=truth)
