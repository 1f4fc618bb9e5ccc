"""Open and close a batch, and add candidates that arrived later."""

from django.db import transaction
from django.db.models.functions import Now

from annotations.errors import WrongState
from annotations.models import Batch, BatchState, Order, User, audit
from annotations.queue.controls import draw_controls, mix_controls
from annotations.queue.joining import add_new_candidates
from annotations.queue.order import set_priorities
from annotations.queue.stuck import recheck
from annotations.scoring.pending import score_first


def open_batch(*, batch: Batch, by: User) -> Batch:
    """Open a batch or reopen a closed one. The first opening fixes its candidates."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if batch.state == BatchState.OPEN:
            return batch
        if batch.opened_at is None:
            add_new_candidates(batch)
            if batch.order == Order.UNCERTAIN or batch.clear_beyond is not None:
                score_first(batch.pk)
            draw_controls(batch)
            set_priorities(batch, reopens=False)  # no judge has passed rows of a draft
            mix_controls(batch, reopens=False)
            batch.opened_at = Now()
        batch.state = BatchState.OPEN
        batch.save(update_fields=["state", "opened_at"])
        audit.write("batch-opened", by=by, batch=batch.pk)
    recheck(batch.pk)
    batch.refresh_from_db()
    return batch


@transaction.atomic
def close_batch(*, batch: Batch, by: User) -> Batch:
    """Stop leasing and renewing pages. Judges can finish the pages they hold."""
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.state == BatchState.DRAFT:
        raise WrongState("A batch that was never opened cannot be closed.")
    batch.state = BatchState.CLOSED
    batch.save(update_fields=["state"])
    audit.write("batch-closed", by=by, batch=batch.pk)
    return batch


def refresh(*, batch: Batch, by: User) -> int:
    """Add new candidates of the batch's entities; return their number."""
    added_count = _refresh(batch, by)
    if added_count:
        recheck(batch.pk)
    return added_count


@transaction.atomic
def _refresh(batch: Batch, by: User) -> int:
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.opened_at is None:
        return 0  # the first opening adds all candidates
    added_count = add_new_candidates(batch)
    audit.write("batch-refreshed", by=by, batch=batch.pk, added=added_count)
    return added_count
