"""Who looks at which conflict: held like a page, so that no two get the same one."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from annotations import queue
from annotations.errors import NotFound, WrongState
from annotations.models import Batch, Conflict, Ruling, User

# One statement claims it: two adjudicators never get the same one.
CLAIM = """
UPDATE annotations_conflict SET held_by_id = %(by)s, held_until = %(until)s
WHERE id = (
    SELECT id FROM annotations_conflict
    WHERE batch_id = %(batch)s
      AND (held_until IS NULL OR held_until <= clock_timestamp()
           OR held_by_id = %(by)s)
    ORDER BY put_off_at ASC NULLS FIRST, is_open DESC, id
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id
"""


def listed(batch: Batch) -> QuerySet[Conflict]:
    """The conflicts of a batch, open ones first; `beyond` goes on after a page of it."""
    return (
        Conflict.objects.filter(batch=batch)
        .select_related("entity", "candidate__entity", "held_by")
        .order_by("-is_open", "pk")
    )


def place_in_list(conflict: Conflict) -> int:
    """Where a conflict stands in the list; the last bit tells in which half."""
    return 2 * conflict.pk + (not conflict.is_open)


def beyond(place: int) -> Q:
    """What comes after a place in the list."""
    number, is_settled = divmod(place, 2)
    rest = Q(is_open=not is_settled, pk__gt=number)
    return rest if is_settled else rest | Q(is_open=False)


def ruled(batch: Batch) -> QuerySet[Ruling]:
    """The rulings that stand in a batch, newest first."""
    standing = Ruling.objects.filter(batch=batch, reopened_at__isnull=True)
    return standing.select_related("candidate__entity", "by").order_by("-pk")


def lease(*, by: User, batch: Batch | None = None) -> Conflict | None:
    """Give an adjudicator a conflict to look at: the one held, else the next that is free.

    Without `batch`: the batch of highest priority that has one. None where all are
    settled or held by others. A conflict is held for as long as a page is.
    """
    until = queue.lease_end(queue.clock())
    held = _held(by, batch, until)
    if held is not None:
        return held
    for number in _batches(batch):
        found = _claim(number, by, until)
        if found is not None:
            return found
    return None


def hold(*, batch: Batch, candidate: int, by: User) -> Conflict | None:
    """Hold one conflict, or go on holding it; as it is now, whoever holds it.

    None where it is settled.
    """
    mine = Q(held_by=None) | Q(held_until__lte=Now()) | Q(held_by=by)
    found = Conflict.objects.filter(batch=batch, candidate=candidate)
    until = queue.lease_end(queue.clock())
    found.filter(mine).update(held_by=by, held_until=until)
    return found.select_related("held_by").first()


def _held(by: User, batch: Batch | None, until: datetime) -> Conflict | None:
    """What this adjudicator holds already, held on."""
    own = Conflict.objects.filter(held_by=by, held_until__gt=Now())
    if batch is not None:
        own = own.filter(batch=batch)
    found = own.order_by("pk").first()
    if found is None:
        return None
    still = Conflict.objects.filter(pk=found.pk, held_by=by)
    return found if still.update(held_until=until) and _read(found) else None


def _read(conflict: Conflict) -> bool:
    """Read it again; False where it was settled meanwhile."""
    try:
        conflict.refresh_from_db()
    except Conflict.DoesNotExist:
        return False
    return True


def _batches(batch: Batch | None) -> list[int]:
    if batch is not None:
        return [batch.pk]
    with_some = Q(pk__in=Conflict.objects.values("batch"))
    found = Batch.objects.filter(with_some).order_by("-priority", "pk")
    return list(found.values_list("pk", flat=True))


def _claim(batch: int, by: User, until: datetime) -> Conflict | None:
    values: dict[str, Any] = {"batch": batch, "by": by.pk, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        claimed = cursor.fetchone()
    return Conflict.objects.filter(pk=claimed[0]).first() if claimed else None


def refuse_held(conflict: Conflict, by: User) -> None:
    """WrongState error where somebody else is looking at it."""
    until = conflict.held_until
    is_held = until is not None and until > queue.clock()
    if is_held and conflict.held_by_id != by.pk:
        raise WrongState("Somebody else is looking at it now.")


@transaction.atomic
def put_off(*, batch: Batch, candidate: int, by: User) -> None:
    """Let go of a conflict, so that all others come first.

    NotFound where it is none; a WrongState error where somebody else looks at it.
    """
    found = (
        Conflict.objects.select_for_update(no_key=True)
        .filter(batch=batch, candidate=candidate)
        .first()
    )
    if found is None:
        raise NotFound(f"Candidate {candidate} is not in the conflicts of this batch.")
    refuse_held(found, by)
    found.put_off_at = Now()
    found.held_by, found.held_until = None, None
    found.save(update_fields=["put_off_at", "held_by", "held_until"])
