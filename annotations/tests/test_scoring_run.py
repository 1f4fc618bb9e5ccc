"""Due entities are scored, each candidate once, despite errors and kills."""

import pytest
from django.db import OperationalError

from annotations import batches, entities, erasure, scoring
from annotations.models import Embedding, PendingScoring, Ruling, Score, Scorer
from annotations.models.pending_scoring import request_scoring
from annotations.scoring import analysis, pending, run

from .desk import batch_of
from .factories import CandidateFactory, EntityFactory
from .shades import Shade, due_now, entity_of, picture_of, score_all, scored, use

pytestmark = pytest.mark.django_db


class Other(Shade):
    """A second model beside the first."""

    name = "other"


class Second(Shade):
    """The first model in a new version."""

    version = "2"


class Fragile(Shade):
    """A model that fails on pictures with a width of 21 pixels."""

    broken_at = (21,)


@pytest.fixture
def shade(settings):
    """Configure the model `Shade`, with embeddings."""
    settings.EMBEDDINGS = True
    return use(settings, Shade)[0]


@pytest.fixture(autouse=True)
def own_scorers(settings):
    """Forget the models that a test configures."""
    yield
    scoring.registry.configured.cache_clear()
    scoring.registry.loaded.cache_clear()


def score_of(candidate):
    return Score.objects.get(candidate=candidate)


def mark(*marked):
    request_scoring([entity.pk for entity in marked])


def test_candidates_are_compared_with_the_first_by_rank_by_default(shade):
    entity, (first, similar, different) = entity_of(250, 240, 5)
    mark(entity)
    assert score_all() == [entity.pk]
    assert scored() == {
        first.pk: "no-reference",  # it is the reference
        similar.pk: "scored",
        different.pk: "scored",
    }
    assert score_of(similar).probability > 0.9 > 0.1 > score_of(different).probability
    assert score_of(first).probability is None
    assert score_of(first).doubt == 1
    assert not PendingScoring.objects.exists()


def test_a_named_representative_and_settled_pictures_are_references(shade, admin):
    entity, (dark, light, third) = entity_of(5, 250, 240)
    entities.change(entity=entity, by=admin, representative=str(light.image.sha256))
    score_all()
    assert score_of(dark).probability < 0.1
    assert score_of(third).compared == 1
    batch = batches.create(by=admin, name="b", entities=[entity.key])
    batches.open_batch(batch=batch, by=admin)
    Ruling.objects.create(batch=batch, candidate=dark, verdict="yes", by=admin)
    mark(entity)
    score_all()
    assert score_of(third).compared == 2
    assert score_of(dark).compared == 1  # never with its own picture
    assert score_of(dark).probability < 0.1


def test_the_same_picture_twice_is_not_compared_with_itself(shade):
    entity, (first, _) = entity_of(250, 5)
    twin = CandidateFactory(entity=entity, image=first.image, face_id="FaceId-1")
    mark(entity)
    score_all()
    assert scored()[twin.pk] == "no-reference"


def test_a_second_run_changes_nothing(shade):
    entity, candidates = entity_of(250, 240, 5)
    mark(entity)
    score_all()
    before = list(Score.objects.order_by("candidate").values())
    assert score_all() == []
    mark(entity)
    score_all()
    after = list(Score.objects.order_by("candidate").values())
    for row in (*before, *after):
        row.pop("scored_at")
    assert after == before
    assert Embedding.objects.count() == len(candidates)


def test_only_candidates_without_a_score_are_analysed(shade, monkeypatch):
    entity, _ = entity_of(250, 240)
    mark(entity)
    score_all()
    analysed, original = [], analysis.analyse

    def record(model, pictures):
        analysed.extend(pictures)
        return original(model, pictures)

    monkeypatch.setattr(analysis, "analyse", record)
    new = CandidateFactory(entity=entity, image=picture_of(100, 30))
    mark(entity)
    score_all()
    assert [candidate for candidate, _ in analysed] == [new.pk]
    assert scored()[new.pk] == "scored"


def test_unreadable_candidates_have_no_doubt(shade):
    entity, _ = entity_of(250)
    unreadable = CandidateFactory(entity=entity, unreadable=True)
    waiting = CandidateFactory(entity=entity, waiting=True)
    mark(entity)
    score_all()
    assert scored()[unreadable.pk] == "unreadable"
    assert score_of(unreadable).doubt == 0
    assert waiting.pk not in scored()


def test_a_picture_that_breaks_the_model_is_set_aside_with_the_reason(settings):
    use(settings, Fragile)
    entity, (_, odd, fine) = entity_of(250, 240, 230)
    mark(entity)
    score_all()
    assert scored()[odd.pk] == "failed"
    assert score_of(odd).problem == "ValueError: an odd picture"
    assert scored()[fine.pk] == "scored"
    assert not PendingScoring.objects.exists()


def test_a_picture_without_a_stored_file_is_set_aside(shade, own_store):
    entity, (_, lost) = entity_of(250, 240)
    sha256 = str(lost.image.sha256)
    (own_store / "images" / sha256[:2] / sha256[2:4] / sha256).unlink()
    mark(entity)
    score_all()
    assert "lacks the bytes" in score_of(lost).problem


@pytest.mark.parametrize("error", [OSError("the storage is away"), MemoryError("full")])
def test_transient_errors_are_retried_later_and_block_no_other_entity(
    settings, monkeypatch, error
):
    settings.EMBEDDINGS = True
    use(settings, Fragile)
    monkeypatch.setattr(Fragile, "error", error)
    bad, (_, odd) = entity_of(250, 240)
    good = EntityFactory()
    fine = CandidateFactory(entity=good, image=picture_of(9, 40))
    mark(bad, good)
    assert score_all() == [good.pk]
    assert list(scored()) == [fine.pk]
    row = PendingScoring.objects.get()
    assert (row.entity_id, row.attempts) == (bad.pk, 1)
    assert row.problem == f"{type(error).__name__}: {error}"
    assert row.claimed_until is None
    monkeypatch.setattr(Fragile, "broken_at", ())
    assert score_all() == []  # not yet
    due_now()
    assert score_all() == [bad.pk]
    assert scored()[odd.pk] == "scored"


def test_a_short_database_outage_loses_nothing(shade, monkeypatch):
    entity, _ = entity_of(250, 240)
    mark(entity)

    def away(*_, **__):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(run.storage, "write", away)
        assert score_all() == []
    due_now()
    assert score_all() == [entity.pk]


def test_a_picture_that_kills_workers_is_set_aside_and_the_others_are_scored(shade):
    entity, (first, deadly, fine) = entity_of(250, 240, 230)
    mark(entity)
    pending.claim(shade, 1)  # the first worker died
    noted = []
    for _ in range(pending.DEATHS):
        due_now()
        [claim] = pending.claim(shade, 1)
        assert claim.is_careful
        pending.note_candidate(claim, deadly.pk)  # … and so did two that analysed this
        noted.append(claim.trying)
    assert noted == [None, deadly.pk]
    due_now()
    assert score_all() == [entity.pk]
    assert scored()[deadly.pk] == "failed"
    assert "crashed at each attempt" in score_of(deadly).problem
    assert (scored()[first.pk], scored()[fine.pk]) == ("no-reference", "scored")


def test_kills_at_different_pictures_set_none_aside(shade):
    entity, (first, second, _) = entity_of(250, 240, 230)
    mark(entity)
    for candidate in (first, second, first):
        due_now()
        [claim] = pending.claim(shade, 1)
        pending.note_candidate(claim, candidate.pk)
    due_now()
    score_all()
    assert "failed" not in scored().values()


def test_an_expired_claim_is_free(shade):
    entity, _ = entity_of(250)
    mark(entity)
    assert pending.claim(shade, 5)
    assert pending.claim(shade, 5) == []
    assert not scoring.is_due(shade)
    due_now()
    assert [claim.entity for claim in pending.claim(shade, 5)] == [entity.pk]


def test_an_entity_marked_during_scoring_stays_due(shade):
    entity, _ = entity_of(250, 240)
    mark(entity)
    claims = pending.claim(shade, 1)
    mark(entity)
    pending.finish(claims[0])
    row = PendingScoring.objects.get()
    assert (row.marked, row.attempts, row.claimed_until) == (2, 0, None)


def test_an_entity_with_many_pictures_is_scored_in_several_turns(shade, monkeypatch):
    monkeypatch.setattr(run, "PICTURES", 3)
    entity, candidates = entity_of(*range(240, 230, -1))
    mark(entity)
    assert score_all() == [entity.pk] * 4
    assert len(scored()) == len(candidates)


def test_a_paused_scorer_continues_after_it_is_resumed(settings):
    first, second = use(settings, Shade, Other)
    entity, candidates = entity_of(250, 240)
    mark(entity)
    Scorer.objects.filter(pk=first.pk).update(paused_at="2026-01-01T00:00Z")
    score_all()
    assert len(scored(scorer=first)) == 0
    assert len(scored(scorer=second)) == len(candidates)
    Scorer.objects.filter(pk=first.pk).update(paused_at=None)
    score_all()
    assert len(scored(scorer=first)) == len(candidates)


def test_a_new_version_scores_everything_and_old_scores_stay(settings):
    [old] = use(settings, Shade)
    entity, candidates = entity_of(250, 240)
    mark(entity)
    score_all()
    [new] = use(settings, Second)
    assert new.pk != old.pk
    scoring.sweep(new)
    score_all()
    assert scored(scorer=old) == scored(scorer=new)
    assert len(scored(scorer=old)) == len(candidates)
    [active] = use(settings, Shade)  # and back
    assert active.pk == old.pk
    assert Scorer.objects.filter(is_active=True).get() == old


def test_the_sweep_finds_entities_without_scores(shade, monkeypatch):
    monkeypatch.setattr(pending, "SWEPT_AT_ONCE", 2)
    with_candidates = [entity_of(250, 240)[0] for _ in range(5)]
    EntityFactory()  # without candidates
    scoring.sweep(shade)
    assert PendingScoring.objects.count() == 2
    scoring.sweep_all(shade)
    assert PendingScoring.objects.count() == len(with_candidates)
    score_all()
    entity = with_candidates[3]
    Score.objects.filter(candidate__entity=entity).first().delete()
    scoring.sweep_all(shade)
    assert [row.entity_id for row in PendingScoring.objects.all()] == [entity.pk]


def test_without_embeddings_only_scores_are_stored(settings):
    [shade] = use(settings, Shade)
    settings.EMBEDDINGS = False
    entity, (first, second) = entity_of(250, 240)
    mark(entity)
    score_all()
    assert scored() == {first.pk: "no-reference", second.pk: "scored"}
    assert not Embedding.objects.exists()
    before = score_of(second).similarity
    mark(entity)  # as after a fit: stored features are calibrated again
    score_all()
    assert score_of(second).similarity == before
    new = CandidateFactory(entity=entity, image=picture_of(245, 33))
    mark(entity)
    score_all()
    assert scored()[new.pk] == "scored"
    assert not Embedding.objects.exists()


def test_a_candidate_erased_during_scoring_gets_no_score(shade, admin, monkeypatch):
    entity, (_, erased, _) = entity_of(250, 240, 230)
    mark(entity)
    sha256 = str(erased.image.sha256)
    original = run.storage.read

    def read(*arguments):
        candidates = original(*arguments)
        erasure.erase_image(sha256=sha256, by=admin)
        return candidates

    monkeypatch.setattr(run.storage, "read", read)
    scoring.score_due(seconds=60)
    assert erased.pk not in scored()
    assert not Embedding.objects.filter(candidate=erased).exists()


def test_the_entities_of_an_open_batch_are_scored_first(shade, judge):
    early, _ = entity_of(250, 240)
    mark(early)
    batch = batch_of(judge, order="uncertain")
    [first] = pending.claim(shade, 1)
    assert first.entity == batch.batchentity_set.get().entity_id
