"""Tiles and pages as a judge can name and see them."""

from annotations import sql
from annotations.errors import NotFound
from annotations.models import (
    Assignment,
    AssignmentState,
    BatchState,
    Candidate,
    User,
)

from .locked_row import clock

# The judge holds at most one page with this candidate.
SET_PLACE = """
UPDATE annotations_assignment
SET places[array_position(candidates, %(candidate)s)] = %(place)s
WHERE batch_id = %(batch)s AND entity_id = %(entity)s AND judge_id = %(judge)s
  AND state = 'held' AND %(candidate)s = ANY(candidates)
"""


def set_place(page: Assignment, candidate: int, place: int) -> None:
    """Change the place that a judge's held page has for a candidate; 0 for none."""
    sql.run(
        SET_PLACE,
        {
            "batch": page.batch_id,
            "entity": page.entity_id,
            "judge": page.judge_id,
            "candidate": candidate,
            "place": place,
        },
    )


def resolve_tile(tile_id: str, judge: User) -> Candidate:
    """Return the candidate behind a tile of the judge's own page.

    Tile ids work while the batch is open, and on a live page. Otherwise NotFound.
    """
    page_id, _, position = tile_id.partition(".")
    unknown = NotFound(f"There is no tile {tile_id}.")
    if not (_is_id(page_id) and _is_id(position)):
        raise unknown
    page = visible_page(int(page_id), judge, unknown)
    if int(position) >= len(page.candidates):
        raise unknown
    candidate = (
        Candidate.objects.select_related("image", "entity")
        .filter(pk=page.candidates[int(position)])
        .first()
    )
    if candidate is None:
        raise unknown
    return candidate


def visible_page(
    assignment_id: int, judge: User, unknown: NotFound | None = None
) -> Assignment:
    """Return a judge's page whose pictures the judge can see.

    Its batch must be open or its lease must be running. Otherwise raise `unknown`, by
    default a NotFound of the page.
    """
    page = (
        Assignment.objects.select_related("batch", "entity")
        .filter(pk=assignment_id, judge=judge)
        .filter(batch__batchjudge__judge=judge, batch__batchjudge__removed_at=None)
        .first()
    )
    is_live = (
        page is not None
        and page.state == AssignmentState.HELD
        and page.expires_at > clock()
    )
    if page is None or not (page.batch.state == BatchState.OPEN or is_live):
        raise unknown or NotFound(f"You have no page {assignment_id} in an open batch.")
    return page


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
