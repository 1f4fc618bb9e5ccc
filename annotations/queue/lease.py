"""Lease one page to one judge: which batch, and how often to look."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from annotations.models import (
    Assignment,
    AssignmentState,
    Batch,
    BatchJudge,
    BatchState,
    User,
)

from .caps import size_left
from .ending import expire_due
from .progress import count
from .turn import LONGEST_WAIT, NothingToLease, Turn


def lease(
    *, judge: User, batch: Batch | None = None, after: int | None = None
) -> Assignment:
    """Return the oldest page held, or with `after` = that page the one that follows.

    Without `batch`: a held page, else a page of the open batch of highest priority
    that has one. Raises NothingToLease, and TwoHeld for `after` the later of two.
    """
    if not judge.is_judge:  # no more: nobody could mark what such a page holds
        raise NothingToLease("no-batch")
    batches = [batch] if batch else list(_open_batches(judge, after))
    if not batches:
        raise NothingToLease("closed" if _own(judge).exists() else "no-batch")
    refusals = []
    for each in batches:
        try:
            return _lease_from(each, judge, after)
        except NothingToLease as refusal:
            refusals.append(refusal)
    return _raise_best(refusals)


def _own(judge: User) -> QuerySet[BatchJudge]:
    return BatchJudge.objects.filter(judge=judge, removed_at__isnull=True)


def _open_batches(judge: User, after: int | None) -> Sequence[Batch]:
    """Where a lease without a batch looks: `after`'s batch or held pages' first."""
    held = dict(
        Assignment.objects.filter(
            judge=judge, state=AssignmentState.HELD, expires_at__gt=Now()
        ).values_list("pk", "batch_id")
    )
    first = {held[after]} if after in held else set(held.values())
    batches = Batch.objects.filter(
        state=BatchState.OPEN, pk__in=_own(judge).values("batch")
    )
    return sorted(batches, key=lambda b: (b.pk not in first, -b.priority, b.pk))


def _raise_best(refusals: Sequence[NothingToLease]) -> Assignment:
    """Waiting helps if it helps in any of the batches."""
    waiting = [r for r in refusals if r.reason == "held-by-others"]
    if waiting:
        raise min(waiting, key=lambda r: r.retry_after or LONGEST_WAIT)
    raise refusals[0]


def _lease_from(batch: Batch, judge: User, after: int | None) -> Assignment:
    expire_due(batch)
    if batch.cap_share is not None and batch.counted_at is None:
        count([batch.pk])  # opened this moment: a share of what is not counted yet
    turn, waits = None, False
    while True:
        with transaction.atomic():
            turn = Turn.begin(batch, judge, turn)
            page = turn.held(after) or _take(turn, waits=waits)
            if page is not None:
                return page
            if turn.is_over and (waits or not turn.has_skipped):
                raise turn.nothing()
        if turn.is_over:
            turn, waits = None, True  # look again, at every row, skipping none


def _take(turn: Turn, *, waits: bool) -> Assignment | None:
    """A page as large as the judge's cap leaves; who has reached it is done."""
    size = size_left(turn.batch, turn.membership)
    if size == 0:
        raise NothingToLease("all-done")
    return turn.take(size=size, waits=waits)
