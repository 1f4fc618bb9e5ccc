"""Change a batch's rules, also while it runs. Needs follow automatically."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from annotations.clearance import TOTALS, return_to_queue
from annotations.errors import Invalid
from annotations.models import Batch, BatchEntity, Clearance, User, audit
from annotations.queue.controls import mix_controls
from annotations.queue.order import set_priorities
from annotations.queue.rows import recount, reset_priorities
from annotations.scoring.pending import score_first

from .guidelines import add_version
from .rules import FIXED, set_rules

ROWS_PER_STEP = 500


@transaction.atomic
def update(*, batch: Batch, by: User, **fields: Any) -> Batch:
    """Change the name, the guidelines or rules of a batch, and return the new state.

    Fields that are not passed stay. Lower numbers of judges take nothing away, but no
    new place is granted above the maximum. Former guidelines are kept. A new clearance
    threshold returns all cleared candidates to the queue.
    Raise Invalid when a value is wrong, or for a change of order, purpose or control
    share after the first opening.
    """
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    before = Batch.objects.get(pk=batch.pk)
    rules = dict(fields)
    guidelines = rules.pop("guidelines", None)
    set_rules(batch, rules)
    if batch.opened_at is not None:
        _check_fixed(before, batch)
    if guidelines is not None and guidelines != batch.guidelines:
        add_version(batch, guidelines, by=by)
    if batch.clear_beyond != before.clear_beyond:
        _restart_clearance(batch)
    batch.save()
    _follow_rules(batch, before)
    audit.write("batch-changed", by=by, batch=batch.pk, fields=sorted(fields))
    return batch


def _check_fixed(before: Batch, after: Batch) -> None:
    errors = {
        name: ["Cannot change after the batch was first opened."]
        for name in FIXED
        if getattr(before, name) != getattr(after, name)
    }
    if errors:
        raise Invalid(errors)


def _restart_clearance(batch: Batch) -> None:
    """Return the cleared candidates; the queue still has the old threshold's rows."""
    if Clearance.objects.filter(batch=batch).exists():
        for rows in _locked_rows(batch):
            return_to_queue(rows)
    batch.clearance_failed_at = None
    for name in TOTALS:
        setattr(batch, name, 0)


def _follow_rules(batch: Batch, before: Batch) -> None:
    """Bring scoring, order and counters in line with the new rules."""
    if batch.clear_beyond is not None and batch.clear_beyond != before.clear_beyond:
        score_first(batch.pk)
    if batch.order != before.order:  # only in a draft
        reset_priorities(batch)
    if batch.opened_at is None:
        return  # no candidates yet: the first opening counts by the rules of that time
    if batch.scorer != before.scorer:
        for rows in _locked_rows(batch):
            set_priorities(batch, [row.pk for row in rows], reopens=True)
        mix_controls(batch)
    if batch.rules != before.rules:
        for rows in _locked_rows(batch):
            recount(rows)


def _locked_rows(batch: Batch) -> Iterator[list[BatchEntity]]:
    last_id = 0
    while True:
        rows = list(
            BatchEntity.objects.select_for_update(no_key=True)
            .filter(batch=batch, pk__gt=last_id)
            .order_by("pk")[:ROWS_PER_STEP]
        )
        if not rows:
            return
        yield rows
        last_id = rows[-1].pk
