"""Ends pages: by submit, release or expiry. Their verdicts always stay."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from annotations import sql
from annotations.errors import LeaseLost, NotFound, PageIncomplete, WrongState
from annotations.models import (
    Assignment,
    AssignmentState,
    Batch,
    BatchJudge,
    BatchState,
    User,
    audit,
)

from .locked_row import LockedRow, load_rows
from .locking import lock_rows
from .standings import Standing

RENEW = """
UPDATE annotations_assignment a
SET expires_at = clock_timestamp() + make_interval(mins => %s)
FROM annotations_batch b
WHERE b.id = a.batch_id AND b.state = %s AND a.batch_id = %s
  AND a.judge_id = %s AND a.state = 'held'
  AND a.expires_at > clock_timestamp()
RETURNING a.id
"""


def page_of_judge(assignment_id: int, judge: User) -> Assignment:
    """Return the judge's page of this id; NotFound for everybody else."""
    page = (
        Assignment.objects.select_related("batch", "entity")
        .filter(pk=assignment_id, judge=judge)
        .first()
    )
    if page is None:
        raise NotFound(f"You have no page {assignment_id}.")
    return page


def renew(*, assignment_id: int, judge: User) -> Assignment:
    """Renew every page that the judge holds in this page's batch.

    LeaseLost if this page is no longer held or its batch is not open.
    """
    page = page_of_judge(assignment_id, judge)
    # The renewal is committed even if this page is lost: another page may be held.
    with transaction.atomic():
        _lock_memberships(judge, page.batch)
        renewed_ids = renew_held(judge.pk, page.batch_id)
    if page.pk not in renewed_ids:
        raise LeaseLost("This page went back to the queue.")
    page.refresh_from_db()
    return page


def renew_held(judge: int, batch: int) -> list[int]:
    """Renew the judge's live pages of an open batch. Return their ids.

    Call it under the judge's membership lock. Otherwise two renewals could wait for each
    other's pages.
    """
    return sql.column(RENEW, [settings.LEASE_MINUTES, BatchState.OPEN, batch, judge])


def _lock_memberships(judge: User, batch: Batch | None = None) -> None:
    """Lock a judge's memberships, before any queue row or page, in one batch or all."""
    is_wanted = Q(judge=judge) & (Q(batch=batch) if batch else Q())
    memberships = BatchJudge.objects.filter(is_wanted).order_by("batch")
    list(memberships.select_for_update(no_key=True).values_list("pk"))


def _lock(page: Assignment) -> LockedRow:
    """Lock the page's queue row, then read the page again under the lock."""
    [locked] = load_rows(lock_rows([(page.batch_id, page.entity_id)]))
    page.refresh_from_db(fields=["state", "expires_at", "ended_at"])
    return locked


def _end(page: Assignment, locked: LockedRow, state: AssignmentState) -> None:
    page.state = state
    page.ended_at = locked.now
    page.save(update_fields=["state", "ended_at"])
    for candidate in page.candidates:
        if candidate in locked.standings:
            locked.standings[candidate].holds.pop(page.judge_id, None)


@transaction.atomic
def release(*, assignment_id: int, judge: User) -> None:
    """Give a page back, so that its places without a verdict are free for others.

    Releasing a page that has already ended changes nothing. WrongState if it was
    submitted.
    """
    _give_back(page_of_judge(assignment_id, judge))


@transaction.atomic
def release_page(*, assignment_id: int, by: User) -> Assignment:
    """Release a page in the name of its judge, for an admin.

    NotFound if there is no such page. WrongState if it was submitted.
    """
    pages = Assignment.objects.select_related("batch", "entity", "judge")
    page = pages.filter(pk=assignment_id).first()
    if page is None:
        raise NotFound(f"There is no page {assignment_id}.")
    if _give_back(page):
        ids = {"batch": page.batch_id, "judge": page.judge_id, "page": page.pk}
        audit.write("page-released", by=by, **ids)
    return page


def _give_back(page: Assignment) -> bool:
    """Release a page. Return whether it was held."""
    locked = _lock(page)
    if page.state == AssignmentState.SUBMITTED:
        raise WrongState("This page was submitted already.")
    if page.state != AssignmentState.HELD:
        return False
    _end(page, locked, AssignmentState.RELEASED)
    locked.save_changes()
    return True


@transaction.atomic
def release_all(*, judge: User, batch: Batch | None = None) -> int:
    """Release every page that a judge holds, in one batch or all. Return their number.

    Lock memberships first, then all rows in order, as every transaction does. A page
    that was submitted while this waited stays submitted.
    """
    _lock_memberships(judge, batch)
    pages = Assignment.objects.filter(judge=judge, state=AssignmentState.HELD)
    if batch is not None:
        pages = pages.filter(batch=batch)
    rows = load_rows(lock_rows(pages.values_list("batch_id", "entity_id")))
    rows_by_pair = {(r.row.batch_id, r.row.entity_id): r for r in rows}
    # The queryset reads the pages again, now under the locks.
    pages_to_end = [p for p in pages if (p.batch_id, p.entity_id) in rows_by_pair]
    for page in pages_to_end:
        locked = rows_by_pair[page.batch_id, page.entity_id]
        _end(page, locked, AssignmentState.RELEASED)
    for locked in rows:
        locked.save_changes()
    return len(pages_to_end)


def expire_leases(batch: Batch | None = None) -> int:
    """End every lease that has run out. Return their number.

    Each ends in its own transaction. A new lease does this first for its batch, so that
    an expired page is free at once and its row reopened. A periodic task does it for
    all batches.
    """
    pages = Assignment.objects.filter(state=AssignmentState.HELD, expires_at__lte=Now())
    if batch is not None:
        pages = pages.filter(batch=batch)
    pairs = list(pages.order_by("pk").values_list("batch_id", "entity_id"))
    for pair in dict.fromkeys(pairs):
        with transaction.atomic():
            load_rows(lock_rows([pair]))
    return len(pairs)


@transaction.atomic
def submit(*, assignment_id: int, judge: User) -> bool:
    """Finish a page. Return True if the judge has nothing left to judge of its entity.

    PageIncomplete names the tiles without a verdict. For an expired page it also names
    those that are lost, because another judge has their place. A second submit returns
    the same.
    """
    page = page_of_judge(assignment_id, judge)
    locked = _lock(page)
    positions = [
        position
        for position, candidate in enumerate(page.candidates)
        if _needs_verdict(locked.standings.get(candidate), judge)
    ]
    if positions and page.state != AssignmentState.SUBMITTED:
        _refuse(page, locked, positions)
    if page.state == AssignmentState.HELD:
        _end(page, locked, AssignmentState.SUBMITTED)
        locked.save_changes()
    elif page.state != AssignmentState.SUBMITTED:
        Assignment.objects.filter(pk=page.pk).update(
            state=AssignmentState.SUBMITTED, ended_at=locked.now
        )
    return _is_finished(locked, judge)


def _needs_verdict(standing: Standing | None, judge: User) -> bool:
    """Return whether submit requires a verdict: not if erased, reported or ruled."""
    return (
        standing is not None
        and standing.is_member
        and not standing.is_reported
        and standing.ruling is None
        and judge.pk not in standing.votes
    )


def _refuse(page: Assignment, locked: LockedRow, positions: Sequence[int]) -> None:
    """Raise PageIncomplete for tiles without a verdict, at these positions."""
    lost_positions = [
        position
        for position in positions
        if page.judge_id not in locked.standings[page.candidates[position]].held
        and locked.standings[page.candidates[position]].free(locked.rules) == 0
    ]
    count = len(positions)
    raise PageIncomplete(
        "One tile has no verdict yet."
        if count == 1
        else f"{count} tiles have no verdict yet.",
        missing=[page.tile_id(n) for n in positions if n not in lost_positions],
        lost=[page.tile_id(n) for n in lost_positions],
    )


def _is_finished(locked: LockedRow, judge: User) -> bool:
    """Return whether the judge has nothing left to judge of the entity.

    Only the required places count. An open adaptive place would reveal the verdicts of
    others (contract, blindness).
    """
    rules = locked.rules
    has_more = any(
        judge.pk not in s.votes
        and (
            judge.pk in s.held
            or (len(s.verdicts()) + len(s.held) < rules.required and s.free(rules) > 0)
        )
        for s in locked.standings.values()
    )
    return not has_more


def pages_of(judge: User, batch: Batch | None = None) -> QuerySet[Assignment]:
    """Return the judge's pages in any state, newest first."""
    is_wanted = Q(judge=judge) & (Q(batch=batch) if batch else Q())
    return Assignment.objects.filter(is_wanted).order_by(F("pk").desc())
