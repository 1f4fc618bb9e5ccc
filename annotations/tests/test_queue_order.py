"""The order of uncertain batches: by doubt, with controls at random."""

import random
import threading

import pytest
from django.db import connection
from django.db.models import Count
from scipy.stats import spearmanr

from annotations import batches, judgments, queue
from annotations.models import (
    Assignment,
    BatchEntity,
    BatchJudge,
    Candidate,
    Reopened,
    Report,
    Scorer,
)
from annotations.queue.order import scorer_id_of

from .desk import batch_of, mark_of, refusal_of, say_all
from .factories import CandidateFactory, UserFactory
from .scored import doubt_of, score, scorer_named
from .test_queue_concurrency import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_first_scorer(monkeypatch):
    """Name the default scorer, without loading the models."""
    monkeypatch.setattr("annotations.queue.order._default_scorer", lambda: "faces")


def score_all(entities, seed=1):
    """Score every candidate at random. Return the doubt of each entity."""
    chance, doubts = random.Random(seed), {}
    for entity in entities:
        # Some entities are easy and some are hard.
        width = chance.random() / 2
        probabilities = [width * chance.random() for _ in entity.candidates.all()]
        for candidate, probability in zip(
            entity.candidates.all(), probabilities, strict=True
        ):
            score(candidate, probability)
        doubts[entity.pk] = sum(map(doubt_of, probabilities))
    return doubts


def entities_of(batch):
    return [row.entity for row in batch.batchentity_set.order_by("pk")]


def scored_batch_of(*judges, order="uncertain", entities=12, candidates=3, **rules):
    """Return an open batch whose candidates have scores, and their doubts."""
    batch = batch_of(
        *judges, entities=entities, candidates=candidates, order=order, **rules
    )
    doubts = score_all(entities_of(batch))
    queue.reorder(list(doubts))
    return batch, doubts


def served(judges, batch):
    """Let all judges work at once. Return the entities in the order of their pages."""

    def work(judge):
        for _ in range(500):
            try:
                page = queue.lease(judge=judge, batch=batch)
            except queue.NothingToLease as nothing:
                if nothing.reason == "all-done":
                    return
                connection.close()
                threading.Event().wait(0.01)
                continue
            marks = [mark_of(page, n, "yes") for n in range(len(page.candidates))]
            judgments.record(judge=judge, marks=marks)
            queue.submit(assignment_id=page.pk, judge=judge)
        raise AssertionError("The batch does not end.")

    at_once(work, judges)
    pages = Assignment.objects.filter(batch=batch).order_by("pk")
    return list(pages.values_list("entity", flat=True))


def correlation(order, doubts):
    """Return the rank correlation of order and doubt: 1 is the highest doubt first."""
    return spearmanr(range(len(order)), [-doubts[entity] for entity in order])[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [1, 2, 8])
def test_any_number_of_judges_gets_entities_by_doubt(number):
    judges = UserFactory.create_batch(number)
    batch, doubts = scored_batch_of(*judges, entities=40, judges_required=1)
    by_doubt = correlation(served(judges, batch), doubts)
    batch, doubts = scored_batch_of(
        *judges, entities=40, judges_required=1, order="random"
    )
    at_random = correlation(served(judges, batch), doubts)
    assert by_doubt >= 0.9
    assert abs(at_random) < 0.5


def test_a_page_has_the_candidates_of_highest_doubt(judge):
    batch_of(judge, candidates=6, page_size=2, order="uncertain")
    probabilities = [0.99, 0.5, 0.01, 0.45, 0.9, 0.2]
    candidates = list(Candidate.objects.order_by("pk"))
    for candidate, probability in zip(candidates, probabilities, strict=True):
        score(candidate, probability)
    queue.reorder([candidates[0].entity_id])
    pages = [sorted(queue.lease(judge=judge).candidates)]
    for _ in range(2):
        say_all(judge, Assignment.objects.latest("pk"))
        if refusal := queue.held_pages(judge):
            raise AssertionError(refusal)
        try:
            pages.append(sorted(queue.lease(judge=judge).candidates))
        except queue.NothingToLease:
            break
    indexes = [
        [candidates.index(Candidate.objects.get(pk=c)) for c in p] for p in pages
    ]
    assert indexes == [[1, 3], [4, 5], [0, 2]]


def test_without_scores_the_order_is_rank_and_a_missing_score_is_the_highest_doubt(
    judge,
):
    batch = batch_of(judge, entities=2, candidates=4, page_size=2, order="uncertain")
    first, second = entities_of(batch)
    ranked = list(first.candidates.order_by("rank").values_list("pk", flat=True))
    assert sorted(queue.lease(judge=judge).candidates) == ranked[:2]
    *scored, unscored = second.candidates.order_by("rank")
    for candidate in scored:
        score(candidate, 0.3)
    queue.reorder([second.pk])
    held_page = queue.held_pages(judge)[0]
    page = queue.lease(judge=judge, after=held_page.pk)
    assert page.entity == second
    assert unscored.pk in page.candidates


def test_rows_without_a_score_come_last(judge):
    batch = batch_of(judge, entities=3, candidates=1, order="uncertain")
    entities = entities_of(batch)
    score(entities[2].candidates.get(), 0.0)
    queue.reorder([entity.pk for entity in entities])
    rows = BatchEntity.objects.order_by("-priority", "entity")
    assert [row.entity for row in rows] == [entities[2], entities[0], entities[1]]


def test_only_open_candidates_count(judge):
    batch = batch_of(judge, candidates=4, order="uncertain", judges_required=1)
    [entity] = entities_of(batch)
    decided_candidate, reported_candidate, *open_candidates = (
        entity.candidates.order_by("pk")
    )
    for candidate in entity.candidates.all():
        score(candidate, 0.5)
    queue.reorder([entity.pk])
    row = BatchEntity.objects.get()
    assert row.priority == pytest.approx(4)
    page = queue.lease(judge=judge)
    place = page.candidates.index(decided_candidate.pk)
    judgments.record(judge=judge, marks=[mark_of(page, place, "yes")])
    Report.objects.create(candidate=reported_candidate, by=judge, reason="other")
    queue.reorder([entity.pk])
    row.refresh_from_db()
    assert row.priority == pytest.approx(len(open_candidates))


def test_a_first_opening_and_a_refresh_order_by_existing_scores(judge, admin):
    batch = batch_of(judge, entities=2, candidates=1, order="uncertain")
    easy, hard = entities_of(batch)
    score(easy.candidates.get(), 0.1)
    score(hard.candidates.get(), 0.4)
    keys = [easy.key, hard.key]
    batch_of_both = batches.create(by=admin, name="Second", entities=keys)
    batches.open_batch(batch=batch_of_both, by=admin)
    rows = batch_of_both.batchentity_set.order_by("-priority")
    assert [row.entity for row in rows] == [hard, easy]
    for _ in range(3):
        score(CandidateFactory(entity=easy), 0.5)
    batches.refresh(batch=batch_of_both, by=admin)
    assert [row.entity for row in rows.all()] == [easy, hard]


def test_a_row_that_moves_behind_a_judges_cursor_is_not_lost(judge):
    batch = batch_of(judge, entities=3, candidates=1, order="uncertain")
    low, middle, high = entities_of(batch)
    for entity, probability in ((low, 0.1), (middle, 0.3), (high, 0.5)):
        score(entity.candidates.get(), probability)
    queue.reorder([low.pk, middle.pk, high.pk])
    for entity in (high, middle):
        page = queue.lease(judge=judge)
        assert page.entity == entity
        say_all(judge, page)
    score(low.candidates.get(), 0.45)
    queue.reorder([low.pk])
    page = queue.lease(judge=judge)
    assert page.entity == low
    say_all(judge, page)
    assert refusal_of(judge) == "all-done"


def test_a_stale_reopening_does_not_move_the_cursor(judge, other_judge):
    batch = batch_of(judge, entities=4, candidates=1, order="uncertain")
    entities = entities_of(batch)
    for entity, probability in zip(entities, (0.5, 0.4, 0.3, 0.2), strict=True):
        score(entity.candidates.get(), probability)
    queue.reorder([entity.pk for entity in entities])
    say_all(judge, queue.lease(judge=judge))
    say_all(judge, queue.lease(judge=judge))
    Reopened.objects.filter(judge=judge).delete()
    # As if the row had been behind the cursor and has moved to the very end.
    Reopened.objects.create(batch=batch, judge=judge, entity=entities[0], priority=1.0)
    BatchEntity.objects.filter(entity=entities[0]).update(priority=0.01)
    leased_entities = []
    for _ in range(2):
        page = queue.lease(judge=judge)
        leased_entities.append(page.entity)
        say_all(judge, page)
    assert leased_entities == entities[2:]


def test_a_tiny_change_writes_nothing(judge):
    batch = batch_of(judge, candidates=1, order="uncertain")
    [entity] = entities_of(batch)
    score(entity.candidates.get(), 0.3)
    assert queue.reorder([entity.pk]) == 1
    score(entity.candidates.get(), 0.301)
    assert queue.reorder([entity.pk]) == 0
    assert queue.reorder([]) == 0
    assert Reopened.objects.filter(batch=batch, judge=judge).count() == 1


def test_other_orders_drafts_and_leased_pages_do_not_change(judge, admin):
    ranked = batch_of(judge, candidates=2, order="rank")
    [entity] = entities_of(ranked)
    draft = batches.create(by=admin, name="Draft", entities=[entity.key])
    page = queue.lease(judge=judge)
    for candidate in entity.candidates.all():
        score(candidate, 0.5)
    assert queue.reorder([entity.pk]) == 0
    assert draft.batchentity_set.get().priority == -1
    assert queue.lease(judge=judge).candidates == page.candidates


def test_a_batch_is_ordered_by_the_scorer_that_it_names(judge):
    scorer_named("faces")
    batch = batch_of(judge, entities=2, candidates=1, order="uncertain")
    by_pixels = batch_of(judge, entities=2, candidates=1, order="uncertain")
    by_pixels.scorer = "pixels"
    by_pixels.save()
    assert scorer_id_of(by_pixels) is None
    pixels = scorer_named("pixels")
    assert scorer_id_of(by_pixels) == pixels.pk
    assert scorer_id_of(batch) == Scorer.objects.get(name="faces").pk
    [first, _] = entities_of(by_pixels)
    score(first.candidates.get(), 0.5, pixels)
    score(first.candidates.get(), 0.01)
    queue.reorder([first.pk])
    assert by_pixels.batchentity_set.get(entity=first).priority == pytest.approx(1)


def test_controls_are_drawn_by_seed_and_spread_evenly_and_at_random(judge, admin):
    first = batch_of(judge, entities=200, candidates=1, order="uncertain")
    doubts = score_all(entities_of(first))
    keys = [entity.key for entity in entities_of(first)]
    batch = batches.create(by=admin, name="With controls", entities=keys)
    batch.control_share = 0.3
    batch.save()
    batches.open_batch(batch=batch, by=admin)
    rows = list(batch.batchentity_set.order_by("-priority", "entity"))
    controls = [n for n, row in enumerate(rows) if row.is_control]
    assert 40 <= len(controls) <= 80
    halves = [sum(n < 100 for n in controls), sum(n >= 100 for n in controls)]
    assert min(halves) > len(controls) / 4
    other_entities = [row.entity_id for row in rows if not row.is_control]
    control_entities = [row.entity_id for row in rows if row.is_control]
    assert correlation(other_entities, doubts) > 0.99
    assert abs(correlation(control_entities, doubts)) < 0.4


def test_controls_follow_when_scores_come_later(judge, admin):
    first = batch_of(judge, entities=60, candidates=1, order="uncertain")
    entities = entities_of(first)
    batch = batches.create(by=admin, name="Later", entities=[e.key for e in entities])
    batch.control_share = 0.3
    batch.save()
    batches.add_judges(batch=batch, usernames=[judge.username], by=admin)
    batches.open_batch(batch=batch, by=admin)
    control_rows = set(batch.batchentity_set.filter(is_control=True))
    score_all(entities)
    queue.reorder([entity.pk for entity in entities])
    controls = batch.batchentity_set.filter(is_control=True)
    assert all(row.priority < 0 for row in controls)
    assert queue.batches_with_controls() == [batch.pk]
    assert queue.mix_controls(batch) == len(control_rows)
    assert set(controls.all()) == control_rows
    assert all(row.priority >= 0 for row in controls.all())
    assert Reopened.objects.filter(batch=batch, entity=controls[0].entity).exists()
    assert queue.mix_controls(batch) == 0


def test_a_batch_of_controls_only_is_in_random_order(judge, admin):
    first = batch_of(judge, entities=30, candidates=2, order="rank")
    keys = [entity.key for entity in entities_of(first)]
    batch = batches.create(by=admin, name="All", entities=keys, page_size=1)
    batch.control_share = 1
    batch.save()
    batches.open_batch(batch=batch, by=admin)
    rows = batch.batchentity_set.order_by("-priority")
    entity_ids = [row.entity_id for row in rows]
    assert entity_ids != sorted(entity_ids)
    assert {row.is_control for row in rows} == {True}
    assert BatchJudge.objects.filter(batch=batch).count() == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_rows_move():
    judges = UserFactory.create_batch(4)
    batch = batch_of(*judges, entities=30, candidates=2, page_size=1, order="uncertain")
    entity_ids = [entity.pk for entity in entities_of(batch)]
    scorer_named()
    is_over = threading.Event()

    def change_places(_):
        chance = random.Random(7)
        while not is_over.is_set():
            sample = chance.sample(entity_ids, 5)
            for candidate in Candidate.objects.filter(entity__in=sample):
                score(candidate, chance.random())
            queue.reorder(sample)

    def judge_all(judge):
        try:
            served([judge], batch)
        finally:
            finished_judges.append(judge)
            if len(finished_judges) == len(judges):
                is_over.set()

    finished_judges = []
    at_once(
        lambda act: act[0](act[1]),
        [(change_places, None)] + [(judge_all, judge) for judge in judges],
    )
    counts = batch.judgment_set.values("candidate").annotate(n=Count("judge"))
    assert [row["n"] for row in counts] == [2] * 60
    assert {row.state for row in batch.batchentity_set.all()} == {"done"}
