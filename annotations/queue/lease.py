"""Leases a page: the one that the judge holds already, or a new one.

`LeaseAttempt` is one transaction of the search. Here are the batches to search and the
order of attempts.
"""

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

from .attempt import LONGEST_WAIT, LeaseAttempt, NothingToLease
from .caps import next_page_size
from .ending import expire_leases
from .progress import sum_counters


def lease(
    *, judge: User, batch: Batch | None = None, after: int | None = None
) -> Assignment:
    """Return the oldest page that the judge holds, or the one after page `after`.

    Without `batch`: a held page, else a page of the open batch of highest priority
    that has one. Raise NothingToLease, or TwoHeld if `after` is the later of two held
    pages.
    """
    if not judge.is_judge:  # a former judge, whose marks would be refused
        raise NothingToLease("no-batch")
    batches = [batch] if batch else list(_open_batches(judge, after))
    if not batches:
        has_memberships = _memberships(judge).exists()
        raise NothingToLease("closed" if has_memberships else "no-batch")
    refusals = []
    for candidate_batch in batches:
        try:
            return _lease_from(candidate_batch, judge, after)
        except NothingToLease as refusal:
            refusals.append(refusal)
    raise _best_refusal(refusals)


def _memberships(judge: User) -> QuerySet[BatchJudge]:
    return BatchJudge.objects.filter(judge=judge, removed_at__isnull=True)


def _open_batches(judge: User, after: int | None) -> Sequence[Batch]:
    """Return the judge's open batches, first that of `after` or those of held pages."""
    batches_by_page = dict(
        Assignment.objects.filter(
            judge=judge, state=AssignmentState.HELD, expires_at__gt=Now()
        ).values_list("pk", "batch_id")
    )
    first = set(batches_by_page.values())
    if after in batches_by_page:
        first = {batches_by_page[after]}
    batches = Batch.objects.filter(
        state=BatchState.OPEN, pk__in=_memberships(judge).values("batch")
    )
    return sorted(batches, key=lambda b: (b.pk not in first, -b.priority, b.pk))


def _best_refusal(refusals: Sequence[NothingToLease]) -> NothingToLease:
    """Return the shortest wait if waiting helps in any batch, else the first refusal."""
    waits = [r for r in refusals if r.reason == "held-by-others"]
    return min(waits, key=lambda r: r.retry_after or LONGEST_WAIT, default=refusals[0])


def _lease_from(batch: Batch, judge: User, after: int | None) -> Assignment:
    expire_leases(batch)
    if batch.cap_share is not None and batch.counted_at is None:
        sum_counters([batch.pk])  # opened this moment: a share needs the total
    attempt, waits = None, False
    while True:
        with transaction.atomic():
            attempt = LeaseAttempt.begin(batch, judge, attempt)
            page = attempt.held_page(after) or _take_page(attempt, waits=waits)
            if page is not None:
                return page
            if attempt.is_over and (waits or not attempt.has_skipped):
                raise attempt.nothing_to_lease()
        if attempt.is_over:
            attempt, waits = None, True  # search again, and wait for every lock


def _take_page(attempt: LeaseAttempt, *, waits: bool) -> Assignment | None:
    """Take a page within the judge's cap. A judge at the cap is done."""
    size = next_page_size(attempt.batch, attempt.membership)
    if size == 0:
        raise NothingToLease("all-done")
    return attempt.take_page(size=size, waits=waits)
