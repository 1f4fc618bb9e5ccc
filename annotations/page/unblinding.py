"""Remembers which judges are no longer blind to the votes on a candidate."""

from collections.abc import Iterable

from annotations.models import Unblinding


def unblind(*, judges: Iterable[int], candidate: int) -> None:
    """Make the judges' later verdicts on a candidate, in any batch, not independent.

    Call it in the transaction that gives the judges a sign of the votes.
    """
    rows = [Unblinding(judge_id=judge, candidate_id=candidate) for judge in judges]
    Unblinding.objects.bulk_create(rows, ignore_conflicts=True)
