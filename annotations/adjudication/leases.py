"""Leases of conflicts: each is held by one adjudicator at a time, like a page."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from annotations import queue, sql
from annotations.errors import WrongState
from annotations.models import Batch, Conflict, Ruling, User

from .rulings import not_in_conflicts

NEXT = """
    SELECT id FROM annotations_conflict
    WHERE batch_id = %(batch)s
      AND (held_until IS NULL OR held_until <= clock_timestamp()
           OR held_by_id = %(by)s)
    ORDER BY put_off_at ASC NULLS FIRST, is_open DESC, id
    LIMIT 1
"""
# One statement finds and claims a conflict, so that two adjudicators never get the same.
CLAIM = f"""
UPDATE annotations_conflict SET held_by_id = %(by)s, held_until = %(until)s
WHERE id = ({NEXT} FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id
"""


def conflicts_of(batch: Batch) -> QuerySet[Conflict]:
    """Return the conflicts of a batch, undecided ones first.

    Filter by `after_position` to continue after a page of the list.
    """
    return (
        Conflict.objects.filter(batch=batch)
        .select_related("entity", "candidate__entity", "held_by")
        .order_by("-is_open", "pk")
    )


def list_position(conflict: Conflict) -> int:
    """Return a conflict's position in the list; the last bit is its half of the list."""
    return 2 * conflict.pk + (not conflict.is_open)


def after_position(position: int) -> Q:
    """Return a filter for the conflicts after a position in the list."""
    conflict_id, is_second_half = divmod(position, 2)
    same_half = Q(is_open=not is_second_half, pk__gt=conflict_id)
    return same_half if is_second_half else same_half | Q(is_open=False)


def standing_rulings(batch: Batch) -> QuerySet[Ruling]:
    """Return the standing rulings of a batch, newest first."""
    rulings = Ruling.objects.filter(batch=batch, reopened_at__isnull=True)
    return rulings.select_related("candidate__entity", "by").order_by("-pk")


def lease(*, by: User, batch: Batch | None = None) -> Conflict | None:
    """Lease a conflict to an adjudicator: the one already held, else the next free one.

    Without `batch`, take the batch of highest priority that has one. Return None if all
    are resolved or held by others. The lease is as long as that of a page.
    """
    lease_end = queue.lease_end(queue.clock())
    conflict = _renewed(by, batch, lease_end)
    if conflict is not None:
        return conflict
    for batch_id in _batches(batch):
        conflict = _claim(batch_id, by, lease_end)
        if conflict is not None:
            return conflict
    return None


def next_conflict(*, by: User, batch: Batch) -> Conflict | None:
    """Return the conflict that `lease` would lease, without leasing it."""
    conflict = _held(by, batch)
    if conflict is not None:
        return conflict
    conflict_id = sql.value(NEXT, {"batch": batch.pk, "by": by.pk})
    return Conflict.objects.filter(pk=conflict_id).first() if conflict_id else None


def hold(*, batch: Batch, candidate: int, by: User) -> Conflict | None:
    """Lease one conflict, or renew its lease, unless another adjudicator holds it.

    Return it as it is now, with its holder. Return None if it is resolved.
    """
    is_available = Q(held_by=None) | Q(held_until__lte=Now()) | Q(held_by=by)
    conflicts = Conflict.objects.filter(batch=batch, candidate=candidate)
    lease_end = queue.lease_end(queue.clock())
    conflicts.filter(is_available).update(held_by=by, held_until=lease_end)
    return conflicts.select_related("held_by").first()


def _renewed(by: User, batch: Batch | None, lease_end: datetime) -> Conflict | None:
    """Return the conflict that this adjudicator already holds, with a renewed lease."""
    conflict = _held(by, batch)
    if conflict is None:
        return None
    row = Conflict.objects.filter(pk=conflict.pk, held_by=by)
    is_renewed = row.update(held_until=lease_end) and _refresh(conflict)
    return conflict if is_renewed else None


def _held(by: User, batch: Batch | None) -> Conflict | None:
    conflicts = Conflict.objects.filter(held_by=by, held_until__gt=Now())
    if batch is not None:
        conflicts = conflicts.filter(batch=batch)
    return conflicts.order_by("pk").first()


def _refresh(conflict: Conflict) -> bool:
    """Read a conflict again. Return False if it was resolved meanwhile."""
    try:
        conflict.refresh_from_db()
    except Conflict.DoesNotExist:
        return False
    return True


def _batches(batch: Batch | None) -> list[int]:
    if batch is not None:
        return [batch.pk]
    batches = Batch.objects.filter(pk__in=Conflict.objects.values("batch"))
    return list(batches.order_by("-priority", "pk").values_list("pk", flat=True))


def _claim(batch: int, by: User, lease_end: datetime) -> Conflict | None:
    conflict_id = sql.value(CLAIM, {"batch": batch, "by": by.pk, "until": lease_end})
    return Conflict.objects.filter(pk=conflict_id).first() if conflict_id else None


def check_not_held(conflict: Conflict, by: User) -> None:
    """Raise WrongState if another adjudicator holds the conflict."""
    held_until = conflict.held_until
    is_held = held_until is not None and held_until > queue.clock()
    if is_held and conflict.held_by_id != by.pk:
        raise WrongState("Another adjudicator is working on this picture.")


@transaction.atomic
def put_off(*, batch: Batch, candidate: int, by: User) -> None:
    """Give a conflict back, so that all others come first.

    Raises NotFound if there is no such conflict, WrongState if another adjudicator
    holds it.
    """
    conflict = (
        Conflict.objects.select_for_update(no_key=True)
        .filter(batch=batch, candidate=candidate)
        .first()
    )
    if conflict is None:
        raise not_in_conflicts(candidate)
    check_not_held(conflict, by)
    conflict.put_off_at = Now()
    conflict.held_by, conflict.held_until = None, None
    conflict.save(update_fields=["put_off_at", "held_by", "held_until"])
