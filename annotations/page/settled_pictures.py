"""Pictures of the entity that are settled as yes, for comparison beside the page.

They are never candidates of the page's own batch, nor of any batch in which this judge
has yet to judge them. So a judge never learns a verdict before giving their own.
"""

from annotations import sql
from annotations.models import Assignment, Candidate
from annotations.sql import fragments

PICTURES_SHOWN = 6

SETTLED = f"""
SELECT c.id FROM annotations_candidate c
WHERE c.entity_id = %(entity)s AND c.state = 'ready'
  AND c.id > (SELECT upto FROM annotations_batchentity
              WHERE batch_id = %(batch)s AND entity_id = %(entity)s)
  AND NOT {fragments.has_open_report("c.id")}
  AND {fragments.is_settled_as_yes("c")}
  AND NOT EXISTS (
      SELECT FROM annotations_batchjudge m
      JOIN annotations_batchentity q ON q.batch_id = m.batch_id
      WHERE m.judge_id = %(judge)s AND m.removed_at IS NULL
        AND {fragments.is_in_row("c", "q")}
        AND NOT EXISTS (SELECT FROM annotations_judgment j
                        WHERE j.batch_id = m.batch_id AND j.candidate_id = c.id
                          AND j.judge_id = m.judge_id))
ORDER BY c.id LIMIT %(limit)s
"""


def settled_pictures(assignment: Assignment) -> list[int]:
    """Return candidates to show beside this page, at most PICTURES_SHOWN.

    Their order does not change.
    """
    return sql.column(
        SETTLED,
        {
            "entity": assignment.entity_id,
            "batch": assignment.batch_id,
            "judge": assignment.judge_id,
            "limit": PICTURES_SHOWN,
        },
    )


def settled_picture(assignment: Assignment, index: int) -> Candidate | None:
    """Return one of the settled pictures beside this page, None if there is none."""
    candidates = settled_pictures(assignment)
    if index >= len(candidates):
        return None
    return Candidate.objects.select_related("image").get(pk=candidates[index])
