"""What admins are told of scoring, and what they tell scorers."""

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
    made = batch_of(judge, entities=4, candidates=1)
    queue.count()
    made.refresh_from_db()
    return made


def test_the_sum_of_a_batch_counts_its_entities(batch):
    assert batch.entities_total == 4


def test_a_batch_tells_what_is_due_of_its_own_entities_only(scorer, batch):
    first, second, *_ = entities_of(batch)
    for entity in (first, second, EntityFactory()):
        due(scorer, entity)
    due(ScorerFactory(name="pixels", version="2"), first)
    due(ScorerFactory(name="old", is_active=False), first)
    told = batch_scoring(batch)
    assert (told.entities, told.is_due) == (4, True)
    faces, pixels = told.scorers
    assert (faces.scorer, faces.due, faces.scored) == (scorer, 2, 2)
    assert (pixels.scorer.name, pixels.due, pixels.scored) == ("pixels", 1, 3)
    assert not faces.is_paused
    assert not faces.is_more
    assert faces.problem == ""


def test_a_draft_is_told_of_before_it_is_summed(scorer, batch):
    Batch.objects.update(entities_total=0)
    batch.refresh_from_db()
    assert batch_scoring(batch).entities == 4


@pytest.mark.parametrize(("in_line", "told"), [(3, None), (2, 2)])
def test_much_is_counted_only_as_far_as_anybody_looks(
    scorer, batch, monkeypatch, in_line, told
):
    """A batch longer than is read, and a line longer, or shorter, than that."""
    monkeypatch.setattr(status, "READ", 2)
    for entity in entities_of(batch)[:in_line]:
        due(scorer, entity, problem="The store is away.")
    [line] = batch_scoring(batch).scorers
    assert line.scored == told
    assert line.is_more is (told is None)
    assert line.problem == "The store is away."
    assert status.backlog_of(scorer).is_more is (in_line > 2)


def test_the_latest_problem_of_the_batch_is_told(scorer, batch):
    now = timezone.now()
    first, second, *_ = entities_of(batch)
    due(scorer, first, problem="The first.", due_at=now)
    due(scorer, second, problem="The second.", due_at=now + timedelta(minutes=1))
    due(scorer, EntityFactory(), problem="Elsewhere.", due_at=now + timedelta(hours=1))
    [line] = batch_scoring(batch).scorers
    assert line.problem == "The second."


def test_a_line_is_stuck_when_nobody_comes_for_long(scorer, batch):
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
    [line] = batch_scoring(batch).scorers
    assert not line.is_stuck
    assert line.is_paused


def test_longer_batches_and_lines_cost_no_more_queries(
    scorer, judge, django_assert_max_num_queries
):
    def watched(entities):
        made = batch_of(judge, entities=entities, candidates=1)
        for entity in entities_of(made):
            due(scorer, entity)
        return made

    few, many = watched(1), watched(12)
    with django_assert_max_num_queries(6) as first:
        batch_scoring(few)
    with django_assert_max_num_queries(len(first)):
        batch_scoring(many)


def test_scorers_come_by_the_settings_with_their_latest_fits(scorer):
    old = ScorerFactory(name="faces", version="0.9", is_active=False)
    pixels = ScorerFactory(name="pixels")
    FitFactory(scorer=scorer)
    latest = FitFactory(scorer=scorer)
    other = FitFactory(scorer=old)
    found = [(line.scorer, line.fit) for line in status.scorers()]
    assert found == [(scorer, latest), (pixels, None), (old, other)]
    assert list(status.fits_of(scorer))[0] == latest
    assert status.default_scorer() == scorer


def test_pausing_twice_is_pausing_once(scorer, admin):
    paused = control.pause(scorer=scorer, by=admin)
    assert control.pause(scorer=scorer, by=admin).paused_at == paused.paused_at
    assert control.resume(scorer=scorer, by=admin).paused_at is None
    control.resume(scorer=scorer, by=admin)
    said = list(AuditEntry.objects.order_by("pk").values_list("action", "details"))
    assert said == [
        ("scoring-paused", {"scorer": scorer.pk}),
        ("scoring-resumed", {"scorer": scorer.pk}),
    ]


def test_what_was_set_aside_is_tried_again_and_its_entity_is_due(scorer, admin):
    entity = EntityFactory()
    for _ in range(2):
        candidate = CandidateFactory(entity=entity)
        ScoreFactory(scorer=scorer, candidate=candidate, failed=True)
    row = due(scorer, entity, marked=4, attempts=3, trying=7, problem="Oh.")
    kept = ScoreFactory(scorer=scorer)
    other = ScoreFactory(scorer=ScorerFactory(name="pixels"), failed=True)
    assert control.retry_failed(scorer=scorer, by=admin) == 2
    assert set(Score.objects.values_list("pk", flat=True)) == {kept.pk, other.pk}
    row.refresh_from_db()
    assert (row.marked, row.attempts, row.trying) == (5, 0, None)
    assert row.problem == ""
    [entry] = AuditEntry.objects.all()
    assert entry.details == {"scorer": scorer.pk, "candidate": None, "pictures": 2}


def test_one_picture_is_tried_again_alone(scorer, admin):
    one, other = (ScoreFactory(scorer=scorer, failed=True) for _ in range(2))
    number = one.candidate_id
    assert control.retry_failed(scorer=scorer, by=admin, candidate=number) == 1
    assert list(status.failed_scores(scorer)) == [other]
    assert PendingScoring.objects.get().entity == one.candidate.entity
    with pytest.raises(NotFound):
        control.retry_failed(scorer=scorer, by=admin, candidate=number)
    assert control.retry_failed(scorer=scorer, by=admin) == 1
    assert control.retry_failed(scorer=scorer, by=admin) == 0


def test_a_version_of_the_past_looks_at_nothing_again(admin):
    old = ScorerFactory(is_active=False)
    ScoreFactory(scorer=old, failed=True)
    with pytest.raises(WrongState):
        control.retry_failed(scorer=old, by=admin)
    assert Score.objects.count() == 1


def test_embeddings_are_purged_in_slices_and_scores_stay(scorer, admin, monkeypatch):
    monkeypatch.setattr(control, "SLICE", 2)
    pixels = ScorerFactory(name="pixels")
    for each in (scorer, scorer, scorer, scorer, scorer, pixels):
        score = ScoreFactory(scorer=each)
        where = {"scorer": each, "candidate": score.candidate}
        Embedding.objects.create(**where, vectors=b"1", boxes=b"2")
    assert control.purge_embeddings(scorer=scorer, by=admin, limit=2) == 2
    assert control.purge_embeddings(scorer=scorer, by=admin) == 3
    assert Embedding.objects.get().scorer == pixels
    assert control.purge_embeddings(by=None) == 1
    assert Score.objects.count() == 6
    purged = AuditEntry.objects.filter(action="embeddings-purged", by=admin)
    assert sum(entry.details["embeddings"] for entry in purged) == 5
