"""What is due is scored: each candidate once, whatever is in the way."""

import pytest
from django.db import OperationalError

from annotations import batches, entities, erasure, scoring
from annotations.models import (
    Embedding,
    PendingScoring,
    Ruling,
    Score,
    Scorer,
    due,
)
from annotations.scoring import analysis, run, pending

from .desk import batch_of
from .factories import CandidateFactory, EntityFactory
from .shades import Shade, due_now, entity_of, picture_of, scored, use, work_off

pytestmark = pytest.mark.django_db


class Other(Shade):
    """A second scorer beside the first."""

    name = "other"


class Second(Shade):
    """The first scorer in a new version."""

    version = "2"


class Fragile(Shade):
    """Breaks at pictures that are 21 pixels wide."""

    broken_at = (21,)


@pytest.fixture
def shade(settings):
    """The scorer of these tests; embeddings are kept."""
    settings.EMBEDDINGS = True
    return use(settings, Shade)[0]


@pytest.fixture(autouse=True)
def own_scorers(settings):
    """What a test sets is forgotten after it."""
    yield
    scoring.registry.configured.cache_clear()
    scoring.registry.loaded.cache_clear()


def score_of(candidate):
    return Score.objects.get(candidate=candidate)


def mark(*some):
    due.mark([entity.pk for entity in some])


def test_candidates_are_compared_with_the_first_by_rank_where_nobody_named_another(
    shade,
):
    entity, (first, like, unlike) = entity_of(250, 240, 5)
    mark(entity)
    assert work_off() == [entity.pk]
    assert scored() == {
        first.pk: "no-reference",  # it is the reference
        like.pk: "scored",
        unlike.pk: "scored",
    }
    assert score_of(like).probability > 0.9 > 0.1 > score_of(unlike).probability
    assert score_of(first).probability is None
    assert score_of(first).doubt == 1
    assert not PendingScoring.objects.exists()


def test_who_is_named_is_the_reference_and_settled_pictures_join(shade, admin):
    entity, (dark, light, third) = entity_of(5, 250, 240)
    entities.change(entity=entity, by=admin, representative=str(light.image.sha256))
    work_off()
    assert score_of(dark).probability < 0.1
    assert score_of(third).compared == 1
    batch = batches.create(by=admin, name="b", entities=[entity.key])
    batches.open_batch(batch=batch, by=admin)
    Ruling.objects.create(batch=batch, candidate=dark, verdict="yes", by=admin)
    mark(entity)
    work_off()
    assert score_of(third).compared == 2
    assert score_of(dark).compared == 1  # never with its own picture
    assert score_of(dark).probability < 0.1


def test_the_same_picture_twice_is_not_compared_with_itself(shade):
    entity, (first, _) = entity_of(250, 5)
    twin = CandidateFactory(entity=entity, image=first.image, face_id="FaceId-1")
    mark(entity)
    work_off()
    assert scored()[twin.pk] == "no-reference"


def test_a_score_is_written_once_and_a_second_run_finds_nothing_to_do(shade):
    entity, candidates = entity_of(250, 240, 5)
    mark(entity)
    work_off()
    before = list(Score.objects.order_by("candidate").values())
    assert work_off() == []
    mark(entity)
    work_off()
    after = list(Score.objects.order_by("candidate").values())
    for row in (*before, *after):
        row.pop("scored_at")
    assert after == before
    assert Embedding.objects.count() == len(candidates)


def test_only_what_lacks_a_score_is_looked_at_again(shade, monkeypatch):
    entity, _ = entity_of(250, 240)
    mark(entity)
    work_off()
    looked = []
    real = analysis.look_at
    monkeypatch.setattr(
        analysis, "look_at", lambda model, some: looked.extend(some) or real(model, some)
    )
    new = CandidateFactory(entity=entity, image=picture_of(100, 30))
    mark(entity)
    work_off()
    assert [number for number, _ in looked] == [new.pk]
    assert scored()[new.pk] == "scored"


def test_unreadable_ones_say_so_and_are_in_no_doubt(shade):
    entity, _ = entity_of(250)
    unreadable = CandidateFactory(entity=entity, unreadable=True)
    waiting = CandidateFactory(entity=entity, waiting=True)
    mark(entity)
    work_off()
    assert scored()[unreadable.pk] == "unreadable"
    assert score_of(unreadable).doubt == 0
    assert waiting.pk not in scored()


def test_a_picture_that_breaks_the_scorer_is_set_aside_with_its_reason(settings):
    use(settings, Fragile)
    entity, (_, odd, fine) = entity_of(250, 240, 230)
    mark(entity)
    work_off()
    assert scored()[odd.pk] == "failed"
    assert score_of(odd).problem == "ValueError: an odd picture"
    assert scored()[fine.pk] == "scored"
    assert not PendingScoring.objects.exists()


def test_a_picture_whose_bytes_are_gone_is_set_aside(shade, own_store):
    entity, (_, gone) = entity_of(250, 240)
    sha256 = str(gone.image.sha256)
    (own_store / "images" / sha256[:2] / sha256[2:4] / sha256).unlink()
    mark(entity)
    work_off()
    assert "lacks the bytes" in score_of(gone).problem


@pytest.mark.parametrize("error", [OSError("the storage is away"), MemoryError("full")])
def test_what_passes_is_tried_later_and_blocks_nobody(settings, monkeypatch, error):
    settings.EMBEDDINGS = True
    use(settings, Fragile)
    monkeypatch.setattr(Fragile, "error", error)
    bad, (_, odd) = entity_of(250, 240)
    good = EntityFactory()
    fine = CandidateFactory(entity=good, image=picture_of(9, 40))
    mark(bad, good)
    assert work_off() == [good.pk]
    assert list(scored()) == [fine.pk]
    left = PendingScoring.objects.get()
    assert (left.entity_id, left.attempts) == (bad.pk, 1)
    assert left.problem == f"{type(error).__name__}: {error}"
    assert left.claimed_until is None
    monkeypatch.setattr(Fragile, "broken_at", ())
    assert work_off() == []  # not yet
    due_now()
    assert work_off() == [bad.pk]
    assert scored()[odd.pk] == "scored"


def test_a_database_that_is_away_for_a_moment_loses_nothing(shade, monkeypatch):
    entity, _ = entity_of(250, 240)
    mark(entity)

    def away(*_, **__):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(run.storage, "write", away)
        assert work_off() == []
    due_now()
    assert work_off() == [entity.pk]


def test_a_picture_that_kills_its_worker_is_found_out_and_the_others_are_scored(shade):
    entity, (first, deadly, fine) = entity_of(250, 240, 230)
    mark(entity)
    pending.claim(shade, 1)  # the first worker died
    looked = []
    for _ in range(pending.DEATHS):
        due_now()
        [claim] = pending.claim(shade, 1)
        assert claim.is_careful
        pending.trying(claim, deadly.pk)  # … and so did each one that looked at this
        looked.append(claim.trying)
    assert looked == [None, deadly.pk]
    due_now()
    assert work_off() == [entity.pk]
    assert scored()[deadly.pk] == "failed"
    assert "ended each time" in score_of(deadly).problem
    assert (scored()[first.pk], scored()[fine.pk]) == ("no-reference", "scored")


def test_a_worker_killed_at_another_picture_accuses_nobody(shade):
    entity, (first, second, _) = entity_of(250, 240, 230)
    mark(entity)
    for candidate in (first, second, first):
        due_now()
        [claim] = pending.claim(shade, 1)
        pending.trying(claim, candidate.pk)
    due_now()
    work_off()
    assert "failed" not in scored().values()


def test_a_claim_that_is_over_is_free(shade):
    entity, _ = entity_of(250)
    mark(entity)
    assert pending.claim(shade, 5)
    assert pending.claim(shade, 5) == []
    assert not scoring.is_due(shade)
    due_now()
    assert [claim.entity for claim in pending.claim(shade, 5)] == [entity.pk]


def test_what_is_marked_while_it_is_scored_is_due_again(shade):
    entity, _ = entity_of(250, 240)
    mark(entity)
    claims = pending.claim(shade, 1)
    mark(entity)
    pending.finish(claims[0])
    left = PendingScoring.objects.get()
    assert (left.marked, left.attempts, left.claimed_until) == (2, 0, None)


def test_an_entity_of_very_many_pictures_is_taken_in_several_goes(shade, monkeypatch):
    monkeypatch.setattr(run, "PICTURES", 3)
    entity, candidates = entity_of(*range(240, 230, -1))
    mark(entity)
    assert work_off() == [entity.pk] * 4
    assert len(scored()) == len(candidates)


def test_a_paused_scorer_rests_and_goes_on_where_it_was(settings):
    first, second = use(settings, Shade, Other)
    entity, candidates = entity_of(250, 240)
    mark(entity)
    Scorer.objects.filter(pk=first.pk).update(paused_at="2026-01-01T00:00Z")
    work_off()
    assert len(scored(scorer=first)) == 0
    assert len(scored(scorer=second)) == len(candidates)
    Scorer.objects.filter(pk=first.pk).update(paused_at=None)
    work_off()
    assert len(scored(scorer=first)) == len(candidates)


def test_a_new_version_scores_everything_anew_beside_the_old_one(settings):
    [old] = use(settings, Shade)
    entity, candidates = entity_of(250, 240)
    mark(entity)
    work_off()
    [new] = use(settings, Second)
    assert new.pk != old.pk
    scoring.sweep(new)
    work_off()
    assert scored(scorer=old) == scored(scorer=new)
    assert len(scored(scorer=old)) == len(candidates)
    [again] = use(settings, Shade)  # and back
    assert again.pk == old.pk
    assert Scorer.objects.filter(is_active=True).get() == old


def test_the_sweep_finds_whatever_lacks_a_score(shade, monkeypatch):
    monkeypatch.setattr(pending, "SWEPT_AT_ONCE", 2)
    made = [entity_of(250, 240)[0] for _ in range(5)]
    EntityFactory()  # without candidates there is nothing to do
    scoring.sweep(shade)
    assert PendingScoring.objects.count() == 2
    scoring.sweep_all(shade)
    assert PendingScoring.objects.count() == len(made)
    work_off()
    Score.objects.filter(candidate__entity=made[3]).first().delete()
    scoring.sweep_all(shade)
    assert [row.entity_id for row in PendingScoring.objects.all()] == [made[3].pk]


def test_without_embeddings_only_scores_are_kept(settings):
    [shade] = use(settings, Shade)
    settings.EMBEDDINGS = False
    entity, (first, second) = entity_of(250, 240)
    mark(entity)
    work_off()
    assert scored() == {first.pk: "no-reference", second.pk: "scored"}
    assert not Embedding.objects.exists()
    before = score_of(second).similarity
    mark(entity)  # as after a fit: what is kept is calibrated anew
    work_off()
    assert score_of(second).similarity == before
    new = CandidateFactory(entity=entity, image=picture_of(245, 33))
    mark(entity)
    work_off()
    assert scored()[new.pk] == "scored"
    assert not Embedding.objects.exists()


def test_what_was_erased_meanwhile_gets_no_score(shade, admin, monkeypatch):
    entity, (_, gone, _) = entity_of(250, 240, 230)
    mark(entity)
    sha256 = str(gone.image.sha256)
    real = run.storage.read

    def read(*arguments):
        found = real(*arguments)
        erasure.erase_image(sha256=sha256, by=admin)
        return found

    monkeypatch.setattr(run.storage, "read", read)
    scoring.score_due(seconds=60)
    assert gone.pk not in scored()
    assert not Embedding.objects.filter(candidate=gone).exists()


def test_what_a_batch_waits_for_comes_first(shade, judge):
    early, _ = entity_of(250, 240)
    mark(early)
    batch = batch_of(judge, order="uncertain")
    [first] = pending.claim(shade, 1)
    assert first.entity == batch.batchentity_set.get().entity_id
