"""Pictures of the entity that are settled as yes: more to compare with.

None is of the page's own batch, and none is one that this judge may still be
asked about in any other, so that nothing is learnt of a vote before the own one.
"""

from collections.abc import Sequence

from django.db import connection

from annotations.models import Assignment, Candidate
from annotations.sql import fragments

SHOWN = 6

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
        AND NOT EXISTS (SELECT FROM annotations_judgment own
                        WHERE own.batch_id = m.batch_id AND own.candidate_id = c.id
                          AND own.judge_id = m.judge_id))
ORDER BY c.id LIMIT %(limit)s
"""


def settled_beside(assignment: Assignment) -> list[int]:
    """Candidates to show beside this page, at most `SHOWN`, in a lasting order."""
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLED,
            {
                "entity": assignment.entity_id,
                "batch": assignment.batch_id,
                "judge": assignment.judge_id,
                "limit": SHOWN,
            },
        )
        return [row[0] for row in cursor]


def settled_picture(assignment: Assignment, place: int) -> Candidate | None:
    """The settled candidate at this place beside the page, None where there is none."""
    shown: Sequence[int] = settled_beside(assignment)
    if place >= len(shown):
        return None
    return Candidate.objects.select_related("image").get(pk=shown[place])
