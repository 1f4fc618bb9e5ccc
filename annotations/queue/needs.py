"""Reports, rulings and erasures change the need of candidates: recount it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.db.models.functions import Now

from annotations.errors import Erased, Invalid
from annotations.models import (
    Candidate,
    CandidateState,
    Report,
    ReportReason,
    User,
    audit,
)

from .locked_row import load_rows
from .locking import lock_rows_of_candidates
from .standings import read_rows


@contextmanager
def recount_needs(candidates: Sequence[int]) -> Iterator[None]:
    """Recount the needs of candidates (ids) after the block has changed them.

    The block can report, rule or erase, or undo that. It runs in a transaction, under
    the locks of all queue rows concerned.
    """
    with transaction.atomic():
        rows = lock_rows_of_candidates(candidates)
        locked_rows = load_rows(rows, candidates) if rows else []
        yield
        states = read_rows([row.pk for row in rows], candidates) if rows else {}
        for locked in locked_rows:
            locked.standings = states[locked.row.pk].standings
            locked.free_before = {
                c: locked.free_before.get(c, 0) for c in locked.standings
            }
            locked.save_changes()


def report(*, candidate: Candidate, by: User, reason: str, comment: str) -> Report:
    """Withdraw a candidate from every queue until an adjudicator has checked it.

    A second report by the same user changes reason and comment of the open one.
    """
    if reason not in ReportReason.values:
        raise Invalid({"reason": [f"Must be one of {', '.join(ReportReason.values)}."]})
    if candidate.state == CandidateState.ERASED:
        raise Erased("This candidate has been erased.")
    with recount_needs([candidate.pk]):
        open_report, _ = Report.objects.update_or_create(
            candidate=candidate,
            by=by,
            dismissed_at=None,
            defaults={"reason": reason, "comment": comment},
        )
    audit.write("reported", by=by, candidate=candidate.pk, report=open_report.pk)
    return open_report


def dismiss_report(*, report: Report, by: User) -> None:
    """Close a report, so that its candidate returns to the queue. Idempotent."""
    with recount_needs([report.candidate_id]):
        open_reports = Report.objects.filter(pk=report.pk, dismissed_at__isnull=True)
        if open_reports.update(dismissed_at=Now(), dismissed_by=by):
            audit.write(
                "report-dismissed",
                by=by,
                candidate=report.candidate_id,
                report=report.pk,
            )
