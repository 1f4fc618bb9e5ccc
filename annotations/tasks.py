"""Celery tasks: each takes ids, makes one call into the domain, and can run twice.

Work that does not fit into a few seconds continues in another task of the same kind.
"""

from celery import shared_task
from django.core.cache import cache
from django.db.models import Q
from django.db.models.functions import Now
from knox.models import AuthToken

from annotations import (
    agreement,
    clearance,
    intake,
    people,
    queue,
    releases,
    scoring,
)
from annotations.entities import figures
from annotations.models import Batch, Import, ImportState, Release, Scorer, User
from annotations.scoring import control

SLICE_SECONDS = 12
SCORING_SECONDS = 10
RELEASE_SECONDS = 15
# Messages that wake scoring workers. Each worker continues while there is work. A message
# that is not taken before it expires is sent again by the next round.
WAKE_UP_MESSAGES, MESSAGE_SECONDS = 4, 25
REQUEST_SECONDS = 40


@shared_task
def expire_leases() -> None:
    """End expired leases, also in batches where no judge asks for a page."""
    queue.expire_leases()


@shared_task
def count_batches() -> None:
    """Add up the queue's counters in the batches."""
    queue.sum_counters()


@shared_task
def mix_controls() -> None:
    """Enqueue a task for each batch with control rows."""
    for batch_id in queue.batches_with_controls():
        mix_controls_of.delay(batch_id)


@shared_task
def mix_controls_of(batch_id: int) -> None:
    """Spread a batch's control rows evenly among the other rows."""
    queue.mix_controls(Batch.objects.get(pk=batch_id))


@shared_task
def clear_batches() -> None:
    """Enqueue a task for each batch with clearance."""
    for batch_id in clearance.batches_to_clear():
        clear_batch.delay(batch_id)


@shared_task
def clear_batch(batch_id: int) -> None:
    """Run one pass of clearance over a batch."""
    clearance.clear(Batch.objects.get(pk=batch_id))


@shared_task
def continue_import(import_id: int) -> None:
    """Read a slice of an uploaded file, and enqueue the rest."""
    import_ = Import.objects.get(pk=import_id)
    if import_.state in (ImportState.DONE, ImportState.FAILED):
        return
    if not intake.run_upload(import_, budget_seconds=SLICE_SECONDS):
        continue_import.delay(import_id)
    score_due.apply_async(expires=MESSAGE_SECONDS)


@shared_task
def resume_imports() -> None:
    """Enqueue unfinished uploads without a worker, because it was killed."""
    for import_id in intake.idle_uploads():
        continue_import.delay(import_id)


@shared_task
def compare_judges() -> None:
    """Enqueue a task for each batch whose judges were not compared today."""
    for batch_id in agreement.batches_to_compare():
        compare_judges_of.delay(batch_id)


@shared_task
def compare_judges_of(batch_id: int) -> None:
    """Compare the judges of one batch, at most once a day."""
    agreement.compare_judges(batch_id)


def request_agreement(batch_id: int) -> None:
    """Enqueue a batch's agreement report, unless it was already requested."""
    if cache.add(f"agreement-{batch_id}", 1, timeout=REQUEST_SECONDS):
        report_agreement.apply_async((batch_id,), expires=REQUEST_SECONDS)


@shared_task
def report_agreement(batch_id: int) -> None:
    """Compute the agreement report of a batch for some seconds, and enqueue the rest."""
    is_done = False
    try:
        is_done = agreement.update_report(batch_id, seconds=agreement.READ_SECONDS)
    finally:
        cache.delete(f"agreement-{batch_id}")
    if not is_done:
        request_agreement(batch_id)


@shared_task
def report_agreements() -> None:
    """Request the agreement of batches whose report is outdated."""
    for batch_id in agreement.outdated_batches():
        request_agreement(batch_id)


@shared_task
def feed_scorers() -> None:
    """Find candidates without a score, and wake workers while there is work."""
    for scorer in scoring.register():
        scoring.sweep(scorer)
        if scorer.paused_at is None and scoring.is_due(scorer):
            for _ in range(WAKE_UP_MESSAGES):
                score_due.apply_async(expires=MESSAGE_SECONDS)
        if scoring.is_fit_due(scorer):
            refit_scorer.apply_async((scorer.pk,), expires=MESSAGE_SECONDS)


@shared_task
def score_due() -> None:
    """Score for some seconds, and enqueue the rest."""
    result = scoring.score_due(seconds=SCORING_SECONDS, then=queue.reorder)
    if result.has_more:
        score_due.apply_async(expires=MESSAGE_SECONDS)
    else:
        scoring.free_memory()


@shared_task
def refit_scorer(scorer_id: int, by: int | None = None) -> None:
    """Calibrate a scorer if it has enough new labels, or if the user `by` requests it."""
    scorer = Scorer.objects.get(pk=scorer_id)
    user = None if by is None else User.objects.get(pk=by)
    if user is not None or scoring.is_fit_due(scorer):
        scoring.refit(scorer=scorer, by=user)


@shared_task
def purge_embeddings(scorer_id: int | None, by_id: int | None) -> None:
    """Delete some embeddings of one scorer or of all, and enqueue the rest."""
    scorer = None if scorer_id is None else Scorer.objects.get(pk=scorer_id)
    by = None if by_id is None else User.objects.get(pk=by_id)
    deleted = control.purge_embeddings(scorer=scorer, by=by)
    if deleted >= control.PURGED_AT_ONCE:
        purge_embeddings.delay(scorer_id, by_id)


def request_figures(name: str) -> None:
    """Enqueue the figures of the list or of a group, unless already requested.

    The name of a group is `batch-<id>` or `release-<id>`.
    """
    if figures.claim(name):
        kind, _, row_id = name.partition("-")
        count_list.delay(**({kind: int(row_id)} if row_id else {}))


@shared_task
def count_list(batch: int | None = None, release: int | None = None) -> None:
    """Count the figures of the list, or of the entities of a batch or a release."""
    group = None
    if batch is not None:
        group = figures.group_of_batch(batch)
    elif release is not None:
        group = releases.group_of(Release.objects.get(pk=release))
    figures.compute(group)


@shared_task
def make_release(release_id: int) -> None:
    """Work on a release for some seconds, and enqueue the rest."""
    if not releases.make(release_id, seconds=RELEASE_SECONDS):
        make_release.delay(release_id)


@shared_task
def resume_releases() -> None:
    """Enqueue unfinished releases whose worker or message was lost."""
    for release_id in releases.find_idle():
        make_release.delay(release_id)


@shared_task
def delete_expired_tokens() -> None:
    """Delete expired API tokens."""
    AuthToken.objects.filter(Q(expiry__lt=Now())).delete()


@shared_task
def send_resets(address: str, link: str) -> None:
    """Mail links to set a new password, if the address belongs to a user.

    As a task, so that the page takes the same time whether or not there is a user.
    """
    people.send_resets(address=address, link=link)
