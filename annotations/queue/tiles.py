"""What takes a candidate out of the queue and gives it back, and who may name it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction

from annotations.errors import Erased, Invalid, NotFound
from annotations.models import (
    Assignment,
    AssignmentState,
    BatchState,
    Candidate,
    CandidateState,
    Report,
    ReportReason,
    User,
    audit,
)

from .locked_row import clock, load_rows, lock_rows_of
from .standings import read


@contextmanager
def needs_of(candidates: Sequence[int]) -> Iterator[None]:
    """Count these candidates' needs anew after the block has changed them.

    The block may report, rule, erase or undo that: it runs under the locks of every
    queue row concerned, in a transaction.
    """
    with transaction.atomic():
        rows = lock_rows_of(candidates)
        entries = load_rows(rows, candidates) if rows else []
        yield
        now = read([row.pk for row in rows], candidates) if rows else {}
        for entry in entries:
            entry.standings = now[entry.row.pk].standings
            entry.free_before = {
                c: entry.free_before.get(c, 0) for c in entry.standings
            }
            entry.settle()


def report(*, candidate: Candidate, by: User, reason: str, comment: str) -> Report:
    """Take a candidate out of every queue until somebody has looked at it.

    Saying it twice changes the reason and comment of the open report.
    """
    if reason not in ReportReason.values:
        raise Invalid({"reason": [f"Must be one of {', '.join(ReportReason.values)}."]})
    if candidate.state == CandidateState.ERASED:
        raise Erased("This candidate has been erased.")
    with needs_of([candidate.pk]):
        found, _ = Report.objects.update_or_create(
            candidate=candidate,
            by=by,
            dismissed_at=None,
            defaults={"reason": reason, "comment": comment},
        )
    audit.write("reported", by=by, candidate=candidate.pk, report=found.pk)
    return found


def resolve_tile(tile_id: str, judge: User) -> Candidate:
    """The candidate behind a tile of the judge's own page.

    Tile ids work while the batch is open, and on a live page; else NotFound.
    """
    number, _, position = tile_id.partition(".")
    unknown = NotFound(f"There is no tile {tile_id}.")
    if not (_is_number(number) and _is_number(position)):
        raise unknown
    page = open_page(int(number), judge, unknown)
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


def open_page(
    assignment_id: int, judge: User, unknown: NotFound | None = None
) -> Assignment:
    """An own page whose pictures may be seen: its batch is open, or its lease runs.

    `unknown`, else a NotFound of the page, is raised for all others.
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


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
