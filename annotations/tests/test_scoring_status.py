"""The status of scorers, and commands to them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations import queue
from annotations.errors import NotFound, WrongState
from annotations.models import AuditEntry, Batch, Embedding, PendingScoring, Score
from annotations.scoring import control, status
from annotations.scoring.status import batch_scoring

from .desk import batch_of
from .factories import (
    CandidateFactory,
    EntityFactory,
    FitFactory,
    ScoreFactory,
    ScorerFactory,
)

pytestmark = pytest.mark.django_db


def entities_of(batch):
    return [row.entity for row in batch.batchentity_set.order_by("pk")]


def due(scorer, entity, **fields):
    return PendingScoring.objects.create(scorer=scorer, entity=entity, **fields)


@pytest.fixture
def scorer():
    return ScorerFactory()


@pytest.fixture
def batch(judge):
    batch = batch_of(judge, entities=4, candidates=1)
    queue.sum_counters()
    batch.refresh_from_db()
    return batch


def test_the_total_of_a_batch_counts_its_entities(batch):
    assert batch.entities_total == 4


def test_only_due_entities_of_the_batch_count(scorer, batch):
    first, second, *_ = entities_of(batch)
    for entity in (first, second, EntityFactory()):
        due(scorer, entity)
    due(ScorerFactory(name="pixels", version="2"), first)
    due(ScorerFactory(name="old", is_active=False), first)
    progress = batch_scoring(batch)
    assert (progress.entities, progress.is_due) == (4, True)
    faces, pixels = progress.scorers
    assert (faces.scorer, faces.due, faces.scored) == (scorer, 2, 2)
    assert (pixels.scorer.name, pixels.due, pixels.scored) == ("pixels", 1, 3)
    assert not faces.is_paused
    assert not faces.is_more
    assert faces.problem == ""


def test_a_draft_has_a_status_before_its_total_is_stored(scorer, batch):
    Batch.objects.update(entities_total=0)
    batch.refresh_from_db()
    assert batch_scoring(batch).entities == 4


@pytest.mark.parametrize(("backlog", "scored"), [(3, None), (2, 2)])
def test_large_numbers_are_counted_up_to_a_limit(
    scorer, batch, monkeypatch, backlog, scored
):
    """Use a batch above the limit, and backlogs above and below it."""
    monkeypatch.setattr(status, "COUNT_LIMIT", 2)
    for entity in entities_of(batch)[:backlog]:
        due(scorer, entity, problem="The store is away.")
    [progress] = batch_scoring(batch).scorers
    assert progress.scored == scored
    assert progress.is_more is (scored is None)
    assert progress.problem == "The store is away."
    assert status.backlog_of(scorer).is_more is (backlog > 2)


def test_the_status_has_the_latest_problem_of_the_batch(scorer, batch):
    now = timezone.now()
    first, second, *_ = entities_of(batch)
    due(scorer, first, problem="The first.", due_at=now)
    due(scorer, second, problem="The second.", due_at=now + timedelta(minutes=1))
    due(scorer, EntityFactory(), problem="Elsewhere.", due_at=now + timedelta(hours=1))
    [progress] = batch_scoring(batch).scorers
    assert progress.problem == "The second."


def test_a_backlog_is_stuck_if_no_worker_comes_for_long(scorer, batch):
    long_ago = timezone.now() - timedelta(hours=1)
    first, second, *_ = entities_of(batch)
    row = due(scorer, first, due_at=long_ago)
    due(scorer, second)
    assert not batch_scoring(batch).scorers[0].is_stuck
    Batch.objects.update(opened_at=long_ago)
    assert batch_scoring(batch).scorers[0].is_stuck
    assert status.backlog_of(scorer).is_stuck
    row.claimed_until = timezone.now() + timedelta(seconds=30)
    row.save()
    assert not batch_scoring(batch).scorers[0].is_stuck
    row.claimed_until = long_ago
    row.save()
    scorer.paused_at = timezone.now()
    scorer.save()
    [progress] = batch_scoring(batch).scorers
    assert not progress.is_stuck
    assert progress.is_paused


def test_large_batches_and_backlogs_need_no_more_queries(
    scorer, judge, django_assert_max_num_queries
):
    def due_batch(entities):
        batch = batch_of(judge, entities=entities, candidates=1)
        for entity in entities_of(batch):
            due(scorer, entity)
        return batch

    small, large = due_batch(1), due_batch(12)
    with django_assert_max_num_queries(6) as first:
        batch_scoring(small)
    with django_assert_max_num_queries(len(first)):
        batch_scoring(large)


def test_scorers_are_in_the_order_of_the_settings_with_their_latest_fits(scorer):
    old = ScorerFactory(name="faces", version="0.9", is_active=False)
    pixels = ScorerFactory(name="pixels")
    FitFactory(scorer=scorer)
    latest = FitFactory(scorer=scorer)
    old_fit = FitFactory(scorer=old)
    pairs = [(row.scorer, row.fit) for row in status.scorers()]
    assert pairs == [(scorer, latest), (pixels, None), (old, old_fit)]
    assert list(status.fits_of(scorer))[0] == latest
    assert status.default_scorer() == scorer


def test_pausing_twice_is_recorded_once(scorer, admin):
    paused = control.pause(scorer=scorer, by=admin)
    assert control.pause(scorer=scorer, by=admin).paused_at == paused.paused_at
    assert control.resume(scorer=scorer, by=admin).paused_at is None
    control.resume(scorer=scorer, by=admin)
    entries = AuditEntry.objects.order_by("pk")
    assert list(entries.values_list("action", "details")) == [
        ("scoring-paused", {"scorer": scorer.pk}),
        ("scoring-resumed", {"scorer": scorer.pk}),
    ]


def test_a_retry_deletes_failures_and_makes_their_entity_due(scorer, admin):
    entity = EntityFactory()
    for _ in range(2):
        candidate = CandidateFactory(entity=entity)
        ScoreFactory(scorer=scorer, candidate=candidate, failed=True)
    row = due(scorer, entity, marked=4, attempts=3, trying=7, problem="Oh.")
    success = ScoreFactory(scorer=scorer)
    other_failure = ScoreFactory(scorer=ScorerFactory(name="pixels"), failed=True)
    assert control.retry_failed(scorer=scorer, by=admin) == 2
    assert set(Score.objects.values_list("pk", flat=True)) == {
        success.pk,
        other_failure.pk,
    }
    row.refresh_from_db()
    assert (row.marked, row.attempts, row.trying) == (5, 0, None)
    assert row.problem == ""
    [entry] = AuditEntry.objects.all()
    assert entry.details == {"scorer": scorer.pk, "candidate": None, "pictures": 2}


def test_one_failed_picture_can_be_retried(scorer, admin):
    first, second = (ScoreFactory(scorer=scorer, failed=True) for _ in range(2))
    candidate = first.candidate_id
    assert control.retry_failed(scorer=scorer, by=admin, candidate=candidate) == 1
    assert list(status.failed_scores(scorer)) == [second]
    assert PendingScoring.objects.get().entity == first.candidate.entity
    with pytest.raises(NotFound):
        control.retry_failed(scorer=scorer, by=admin, candidate=candidate)
    assert control.retry_failed(scorer=scorer, by=admin) == 1
    assert control.retry_failed(scorer=scorer, by=admin) == 0


def test_failures_of_a_former_version_cannot_be_retried(admin):
    old = ScorerFactory(is_active=False)
    ScoreFactory(scorer=old, failed=True)
    with pytest.raises(WrongState):
        control.retry_failed(scorer=old, by=admin)
    assert Score.objects.count() == 1


def test_embeddings_are_purged_in_slices_and_scores_stay(scorer, admin, monkeypatch):
    monkeypatch.setattr(control, "SLICE", 2)
    pixels = ScorerFactory(name="pixels")
    for owner in (scorer, scorer, scorer, scorer, scorer, pixels):
        candidate = ScoreFactory(scorer=owner).candidate
        Embedding.objects.create(
            scorer=owner, candidate=candidate, vectors=b"1", boxes=b"2"
        )
    assert control.purge_embeddings(scorer=scorer, by=admin, limit=2) == 2
    assert control.purge_embeddings(scorer=scorer, by=admin) == 3
    assert Embedding.objects.get().scorer == pixels
    assert control.purge_embeddings(by=None) == 1
    assert Score.objects.count() == 6
    entries = AuditEntry.objects.filter(action="embeddings-purged", by=admin)
    assert sum(entry.details["embeddings"] for entry in entries) == 5
