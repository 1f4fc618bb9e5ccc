"""How a page ends: submitted, released or expired. Given verdicts always stay."""

from collections.abc import Sequence

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

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

from .locked_row import LockedRow, load_rows, lock_pairs
from .standings import Standing


def own_page(assignment_id: int, judge: User) -> Assignment:
    """The judge's page of this number; NotFound for everybody else."""
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

    LeaseLost where this page is not held any more or its batch is not open.
    """
    page = own_page(assignment_id, judge)
    with transaction.atomic():  # of its own: a lost page does not undo the other's
        _lock_memberships(judge, page.batch)
        renewed = renew_held(judge.pk, page.batch_id)
    if page.pk not in renewed:
        raise LeaseLost("This page went back to the queue.")
    page.refresh_from_db()
    return page


def renew_held(judge: int, batch: int) -> list[int]:
    """Renew the judge's live pages of an open batch in one statement; their numbers.

    Under the judge's membership: else two renewals could wait for each other's pages.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE annotations_assignment a
            SET expires_at = clock_timestamp() + make_interval(mins => %s)
            FROM annotations_batch b
            WHERE b.id = a.batch_id AND b.state = %s AND a.batch_id = %s
              AND a.judge_id = %s AND a.state = 'held'
              AND a.expires_at > clock_timestamp()
            RETURNING a.id
            """,
            [settings.LEASE_MINUTES, BatchState.OPEN, batch, judge],
        )
        return [row[0] for row in cursor]


def _lock_memberships(judge: User, batch: Batch | None = None) -> None:
    """What comes before every queue row and page, in one batch or all."""
    own = Q(judge=judge) & (Q(batch=batch) if batch else Q())
    found = BatchJudge.objects.filter(own).order_by("batch")
    list(found.select_for_update(no_key=True).values_list("pk"))


def _lock(page: Assignment) -> LockedRow:
    """Lock the page's queue row, then read the page again under the lock."""
    [entry] = load_rows(lock_pairs([(page.batch_id, page.entity_id)]))
    page.refresh_from_db(fields=["state", "expires_at", "ended_at"])
    return entry


def _end(page: Assignment, entry: LockedRow, state: AssignmentState) -> None:
    _leave(page, entry, state)
    entry.settle()


def _leave(page: Assignment, entry: LockedRow, state: AssignmentState) -> None:
    page.state = state
    page.ended_at = entry.now
    page.save(update_fields=["state", "ended_at"])
    for candidate in page.candidates:
        if candidate in entry.standings:
            entry.standings[candidate].holds.pop(page.judge_id, None)


@transaction.atomic
def release(*, assignment_id: int, judge: User) -> None:
    """Give a page back; its places without a verdict are free for others.

    Releasing a page that is over already changes nothing; a submitted one: WrongState.
    """
    _give_back(own_page(assignment_id, judge))


@transaction.atomic
def release_page(*, assignment_id: int, by: User) -> Assignment:
    """Take a page from whoever holds it, as its judge's own `release` would.

    For admins. NotFound where there is no such page; WrongState where it is submitted.
    """
    pages = Assignment.objects.select_related("batch", "entity", "judge")
    page = pages.filter(pk=assignment_id).first()
    if page is None:
        raise NotFound(f"There is no page {assignment_id}.")
    if _give_back(page):
        whose = {"batch": page.batch_id, "judge": page.judge_id, "page": page.pk}
        audit.write("page-released", by=by, **whose)
    return page


def _give_back(page: Assignment) -> bool:
    """End a held page without its judge having finished it; whether it was held."""
    entry = _lock(page)
    if page.state == AssignmentState.SUBMITTED:
        raise WrongState("This page is submitted already.")
    if page.state != AssignmentState.HELD:
        return False
    _end(page, entry, AssignmentState.RELEASED)
    return True


@transaction.atomic
def release_all(*, judge: User, batch: Batch | None = None) -> int:
    """Release every page that somebody holds (in one batch or all); how many.

    Memberships, then rows are locked all at once and in their order, as everybody does;
    a page that was submitted while this waited stays submitted.
    """
    _lock_memberships(judge, batch)
    pages = Assignment.objects.filter(judge=judge, state=AssignmentState.HELD)
    if batch is not None:
        pages = pages.filter(batch=batch)
    rows = lock_pairs(pages.values_list("batch_id", "entity_id"))
    entries = {(e.row.batch_id, e.row.entity_id): e for e in load_rows(rows)}
    held = [page for page in pages if (page.batch_id, page.entity_id) in entries]
    for page in held:
        entry = entries[page.batch_id, page.entity_id]
        _leave(page, entry, AssignmentState.RELEASED)
    for entry in entries.values():
        entry.settle()
    return len(held)


def expire_due(batch: Batch | None = None) -> int:
    """End every lease whose time is over, each in its own transaction; how many.

    Every lease does this first for its batch, so an expired page is free at once and
    its end is an event that reopens the row; a periodic task does it for all.
    """
    due = Assignment.objects.filter(state=AssignmentState.HELD, expires_at__lte=Now())
    if batch is not None:
        due = due.filter(batch=batch)
    pages = list(due.order_by("pk").values_list("batch_id", "entity_id"))
    for pair in dict.fromkeys(pages):
        with transaction.atomic():
            load_rows(lock_pairs([pair]))
    return len(pages)


@transaction.atomic
def submit(*, assignment_id: int, judge: User) -> bool:
    """Finish a page. True when nothing more of its entity is there for this judge.

    PageIncomplete names the missing tiles, and for an expired page also the lost ones,
    whose place somebody else has. Submitting again says the same again.
    """
    page = own_page(assignment_id, judge)
    entry = _lock(page)
    missing = [
        n
        for n, candidate in enumerate(page.candidates)
        if _is_asked(entry.standings.get(candidate))
        and judge.pk not in entry.standings[candidate].votes
    ]
    if missing and page.state != AssignmentState.SUBMITTED:
        _refuse(page, entry, missing)
    if page.state == AssignmentState.HELD:
        _end(page, entry, AssignmentState.SUBMITTED)
    elif page.state != AssignmentState.SUBMITTED:
        Assignment.objects.filter(pk=page.pk).update(
            state=AssignmentState.SUBMITTED, ended_at=entry.now
        )
    return is_finished(entry, judge, page)


def _is_asked(standing: Standing | None) -> bool:
    """Whether submit still asks for a tile: not once erased, reported or ruled."""
    return (
        standing is not None
        and standing.is_member
        and not standing.is_reported
        and standing.ruling is None
    )


def _refuse(page: Assignment, entry: LockedRow, missing: Sequence[int]) -> None:
    lost = [
        n
        for n in missing
        if page.judge_id not in entry.standings[page.candidates[n]].held
        and entry.standings[page.candidates[n]].free(entry.rules) == 0
    ]
    raise PageIncomplete(
        f"{len(missing)} of the page's tiles have no verdict yet.",
        missing=[page.tile_id(n) for n in missing if n not in lost],
        lost=[page.tile_id(n) for n in lost],
    )


def is_finished(entry: LockedRow, judge: User, page: Assignment) -> bool:
    """Whether nothing more of the entity is there for the judge.

    Only the required places count: whether an adaptive one is open would tell what
    others said (contract, blindness).
    """
    rules = entry.rules
    more = any(
        judge.pk not in s.votes
        and (
            judge.pk in s.held
            or (len(s.verdicts()) + len(s.held) < rules.required and s.free(rules) > 0)
        )
        for s in entry.standings.values()
    )
    return not more


def pages_of(judge: User, batch: Batch | None = None) -> QuerySet[Assignment]:
    """The judge's own pages, whatever their state."""
    own = Q(judge=judge) & (Q(batch=batch) if batch else Q())
    return Assignment.objects.filter(own).order_by(F("pk").desc())
