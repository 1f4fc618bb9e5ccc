"""Celery tasks: ids in, one call into the domain, safe to run twice."""

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
# Workers that may wake up at once; each goes on by itself while there is work. What
# waits longer than it lives is sent again by the next round.
WOKEN, WOKEN_LIVES = 4, 25
ASKED_SECONDS = 40


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
    for number in clearance.clearing_batches():
        clear_batch.delay(number)


@shared_task
def clear_batch(batch_id: int) -> None:
    """One pass of clearance over a batch."""
    clearance.clear(Batch.objects.get(pk=batch_id))


@shared_task
def continue_import(import_id: int) -> None:
    """Read a slice of an uploaded file; what is left is another task."""
    import_ = Import.objects.get(pk=import_id)
    if import_.state in (ImportState.DONE, ImportState.FAILED):
        return
    if not intake.run_upload(import_, budget_seconds=SLICE_SECONDS):
        continue_import.delay(import_id)
    score_due.apply_async(expires=WOKEN_LIVES)


@shared_task
def resume_imports() -> None:
    """Enqueue uploads that nobody works on: their worker was killed."""
    for number in intake.idle_uploads():
        continue_import.delay(number)


@shared_task
def compare_judges() -> None:
    """Enqueue the batches whose judges were not compared today, each by itself."""
    for number in agreement.batches_to_compare():
        compare_judges_of.delay(number)


@shared_task
def compare_judges_of(batch_id: int) -> None:
    """Compare the judges of one batch, once a day."""
    agreement.compare_judges(batch_id)


def request_agreement(batch_id: int) -> None:
    """Have a batch's agreement worked out, once however many ask meanwhile."""
    if cache.add(f"agreement-{batch_id}", 1, timeout=ASKED_SECONDS):
        report_agreement.apply_async((batch_id,), expires=ASKED_SECONDS)


@shared_task
def report_agreement(batch_id: int) -> None:
    """Work out how far the judges of a batch agree; what is left is another task."""
    is_done = False
    try:
        is_done = agreement.update_report(batch_id, seconds=agreement.READ_SECONDS)
    finally:
        cache.delete(f"agreement-{batch_id}")
    if not is_done:
        request_agreement(batch_id)


@shared_task
def report_agreements() -> None:
    """Ask for the agreement of batches whose report is old."""
    for number in agreement.outdated_batches():
        request_agreement(number)


@shared_task
def feed_scorers() -> None:
    """Find what lacks a score, and wake workers while anything is due."""
    for scorer in scoring.register():
        scoring.sweep(scorer)
        if scorer.paused_at is None and scoring.is_due(scorer):
            for _ in range(WOKEN):
                score_due.apply_async(expires=WOKEN_LIVES)
        if scoring.is_fit_due(scorer):
            refit_scorer.apply_async((scorer.pk,), expires=WOKEN_LIVES)


@shared_task
def score_due() -> None:
    """Score for some seconds; what is left is another task."""
    done = scoring.score_due(seconds=SCORING_SECONDS, then=queue.reorder)
    if done.has_more:
        score_due.apply_async(expires=WOKEN_LIVES)
    else:
        scoring.free_memory()


@shared_task
def refit_scorer(scorer_id: int, by: int | None = None) -> None:
    """Calibrate a scorer anew, where enough was judged since; or because `by` asks."""
    scorer = Scorer.objects.get(pk=scorer_id)
    asked_by = None if by is None else User.objects.get(pk=by)
    if asked_by is not None or scoring.is_fit_due(scorer):
        scoring.refit(scorer=scorer, by=asked_by)


@shared_task
def purge_embeddings(scorer_id: int | None, by_id: int | None) -> None:
    """Go on deleting embeddings, of one scorer or all; what is left is another task."""
    scorer = None if scorer_id is None else Scorer.objects.get(pk=scorer_id)
    by = None if by_id is None else User.objects.get(pk=by_id)
    gone = control.purge_embeddings(scorer=scorer, by=by)
    if gone >= control.PURGED_AT_ONCE:
        purge_embeddings.delay(scorer_id, by_id)


def request_figures(name: str) -> None:
    """Have the list, or a group by its name, counted, once however many ask."""
    if figures.claim(name):
        kind, _, number = name.partition("-")
        count_list.delay(**({kind: int(number)} if number else {}))


@shared_task
def count_list(batch: int | None = None, release: int | None = None) -> None:
    """Count the figures of the list, or of a batch's or a release's entities."""
    group = None
    if batch is not None:
        group = figures.group_of_batch(batch)
    elif release is not None:
        group = releases.group_of(Release.objects.get(pk=release))
    figures.count(group)


@shared_task
def make_release(release_id: int) -> None:
    """Go on with a release for some seconds; what is left is another task."""
    if not releases.make(release_id, seconds=RELEASE_SECONDS):
        make_release.delay(release_id)


@shared_task
def resume_releases() -> None:
    """Enqueue releases that nobody works on: their worker or its message was lost."""
    for number in releases.find_idle():
        make_release.delay(number)


@shared_task
def forget_tokens() -> None:
    """Delete tokens whose time is over."""
    AuthToken.objects.filter(Q(expiry__lt=Now())).delete()


@shared_task
def send_resets(address: str, link: str) -> None:
    """Send what a stranger asked for, known or not: the page answers as fast for both."""
    people.send_resets(address=address, link=link)
