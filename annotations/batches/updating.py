"""Change a batch's rules, also while it runs: needs follow by themselves."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from annotations.clearance import TOTALS, give_back
from annotations.errors import Invalid
from annotations.models import (
    Batch,
    BatchEntity,
    Clearance,
    FormerGuidelines,
    User,
    audit,
)
from annotations.queue.locked_row import load_rows, reopen
from annotations.queue.order import mix_controls, move
from annotations.queue.standings import tally
from annotations.queue.stuck import rewrite

from .creation import order_anew
from .opening import score_first
from .rules import FIXED, apply

ROWS_PER_STEP = 500


@transaction.atomic
def update(*, batch: Batch, by: User, **fields: Any) -> Batch:
    """Change a batch's name or rules; what is not named stays. The fields of `cut`.

    Order, purpose and control share are fixed by the first opening: Invalid. Lowering
    the numbers takes nothing away; it grants no new place above the maximum. Guidelines
    that are replaced are kept. Another threshold of clearance returns what was cleared.
    """
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    before = Batch.objects.get(pk=batch.pk)
    apply(batch, fields)
    if batch.opened_at is not None:
        _refuse_fixed(before, batch)
    if batch.guidelines != before.guidelines:
        _keep_guidelines(batch, before, by)
    if batch.clear_beyond != before.clear_beyond:
        _begin_clearance_anew(batch)
    batch.save()
    if batch.clear_beyond is not None and batch.clear_beyond != before.clear_beyond:
        score_first(batch)
    _put_in_order(batch, before)
    # A draft has no candidates yet: its first opening counts by the rules of then.
    if batch.rules != before.rules and batch.opened_at is not None:
        for rows in _locked_rows(batch, chunk=ROWS_PER_STEP):
            _recount(rows)
    audit.write("batch-changed", by=by, batch=batch.pk, fields=sorted(fields))
    return batch


def _put_in_order(batch: Batch, before: Batch) -> None:
    """Follow another order while it is a draft, another scorer at any time."""
    if batch.order != before.order:
        order_anew(batch)
    if batch.scorer != before.scorer and batch.opened_at is not None:
        for rows in _locked_rows(batch, chunk=ROWS_PER_STEP):
            move(batch, [row.pk for row in rows], tell=True)
        mix_controls(batch)


def _begin_clearance_anew(batch: Batch) -> None:
    """Return what was cleared by the old threshold, which the queue still reads."""
    if Clearance.objects.filter(batch=batch).exists():
        for rows in _locked_rows(batch, chunk=ROWS_PER_STEP):
            give_back(rows)
    batch.clearance_failed_at = None
    for name in TOTALS:
        setattr(batch, name, 0)


def _refuse_fixed(before: Batch, after: Batch) -> None:
    errors = {
        name: ["This is fixed since the batch was first opened."]
        for name in FIXED
        if getattr(before, name) != getattr(after, name)
    }
    if errors:
        raise Invalid(errors)


def _keep_guidelines(batch: Batch, before: Batch, by: User) -> None:
    FormerGuidelines.objects.create(
        batch=batch,
        version=before.guidelines_version,
        text=before.guidelines,
        replaced_by=by,
    )
    batch.guidelines_version += 1


def _recount(rows: Sequence[BatchEntity]) -> None:
    """Count rows anew after a change that moved needs without a judgment."""
    for entry in load_rows(rows):
        counters = tally(entry.standings.values(), entry.rules)
        for name in counters.__slots__:
            setattr(entry.row, name, getattr(counters, name))
        entry.row.state = counters.state
    fields = [*counters.__slots__, "state"]
    BatchEntity.objects.bulk_update(rows, fields, batch_size=ROWS_PER_STEP)
    reopen(rows)
    rewrite(rows)


def _locked_rows(batch: Batch, *, chunk: int) -> Iterator[list[BatchEntity]]:
    last = 0
    while True:
        rows = list(
            BatchEntity.objects.select_for_update(no_key=True)
            .filter(batch=batch, pk__gt=last)
            .order_by("pk")[:chunk]
        )
        if not rows:
            return
        yield rows
        last = rows[-1].pk
