"""Pictures of the entity that are settled as yes, for comparison beside the page.

They are never candidates of the page's own batch, nor of any batch in which this judge
has yet to judge them. A refresh or another batch can ask this judge about them later:
so each picture is remembered when it is first shown, in an `Unblinding`.
"""

from annotations import sql
from annotations.models import Assignment, Candidate
from annotations.sql import fragments

PICTURES_SHOWN = 6

CHOICE = f"""
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
"""
FIRST = "ORDER BY c.id LIMIT %(limit)s"

# One statement shows a picture and remembers it.
CHOOSE = f"""
WITH chosen AS ({CHOICE} {FIRST}), remembered AS (
    INSERT INTO annotations_unblinding (candidate_id, judge_id)
    SELECT id, %(judge)s FROM chosen ON CONFLICT DO NOTHING)
SELECT id FROM chosen ORDER BY id
"""
SHOWN = f"""
{CHOICE} AND EXISTS (SELECT FROM annotations_unblinding shown
                     WHERE shown.candidate_id = c.id AND shown.judge_id = %(judge)s)
{FIRST}
"""


def choose_settled_pictures(assignment: Assignment) -> list[int]:
    """Return candidates to show beside a page that was just leased.

    The judge's later verdicts on them are not independent.
    """
    return sql.column(CHOOSE, _parameters(assignment))


def settled_pictures(assignment: Assignment) -> list[int]:
    """Return the candidates to show beside this page that its judge was shown before.

    Reading a page again shows nothing new, so that it changes no later verdict.
    """
    return sql.column(SHOWN, _parameters(assignment))


def _parameters(assignment: Assignment) -> dict[str, int]:
    return {
        "entity": assignment.entity_id,
        "batch": assignment.batch_id,
        "judge": assignment.judge_id,
        "limit": PICTURES_SHOWN,
    }


def settled_picture(assignment: Assignment, index: int) -> Candidate | None:
    """Return one of the settled pictures beside this page, None if there is none."""
    candidates = settled_pictures(assignment)
    if index >= len(candidates):
        return None
    return Candidate.objects.select_related("image").get(pk=candidates[index])
