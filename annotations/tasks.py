"""Celery tasks: ids in, one call into the domain, safe to run twice."""

from celery import shared_task
from django.db.models import Q
from django.db.models.functions import Now
from knox.models import AuthToken

from annotations import agreement, intake, people, queue
from annotations.models import Batch, Import, ImportState

SLICE_SECONDS = 12


@shared_task
def expire_leases() -> None:
    """End leases whose time is over, in batches where nobody asks."""
    queue.expire_due()


@shared_task
def count_batches() -> None:
    """Sum the queue's counters into the batches."""
    queue.count()


@shared_task
def mix_controls() -> None:
    """Enqueue the batches that have control rows, each by itself."""
    for number in queue.mixed_batches():
        mix_controls_of.delay(number)


@shared_task
def mix_controls_of(batch_id: int) -> None:
    """Let a batch's control rows go at the pace of the others."""
    queue.mix_controls(Batch.objects.get(pk=batch_id))


@shared_task
def clear_batches() -> None:
    """Enqueue the batches in which clearance is on, each by itself."""
    for number in queue.clearing_batches():
        clear_batch.delay(number)


@shared_task
def clear_batch(batch_id: int) -> None:
    """One pass of clearance over a batch."""
    queue.clear(Batch.objects.get(pk=batch_id))


@shared_task
def continue_import(import_id: int) -> None:
    """Read a slice of an uploaded file; what is left is another task."""
    import_ = Import.objects.get(pk=import_id)
    if import_.state in (ImportState.DONE, ImportState.FAILED):
        return
    if not intake.run_upload(import_, budget_seconds=SLICE_SECONDS):
        continue_import.delay(import_id)


@shared_task
def resume_imports() -> None:
    """Enqueue uploads that nobody works on: their worker was killed."""
    for number in intake.idle_uploads():
        continue_import.delay(number)


@shared_task
def compare_judges() -> None:
    """Enqueue the batches whose judges were not compared today, each by itself."""
    for number in agreement.due():
        compare_judges_of.delay(number)


@shared_task
def compare_judges_of(batch_id: int) -> None:
    """Compare the judges of one batch, once a day."""
    agreement.compare(batch_id)


@shared_task
def forget_tokens() -> None:
    """Delete tokens whose time is over."""
    AuthToken.objects.filter(Q(expiry__lt=Now())).delete()


@shared_task
def send_resets(address: str, link: str) -> None:
    """Send what a stranger asked for, known or not: the page answers as fast for both."""
    people.send_resets(address=address, link=link)
