"""Fits use independent verdicts only, and record how much they changed."""

from datetime import timedelta
from itertools import count
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone

from annotations import judgments
from annotations.models import (
    Assignment,
    AuditEntry,
    Batch,
    BatchEntity,
    BatchJudge,
    Judgment,
    Score,
    Scorer,
    ScorerFit,
)
from annotations.scoring import calibration, fitting
from annotations.scoring.base import Prior

from .factories import CandidateFactory, EntityFactory, UserFactory

pytestmark = pytest.mark.django_db

PRIOR = Prior(midpoint=0.363, slope=14.0)


class ScoredDesk:
    """A writer of judged and scored candidates directly into the tables, for speed."""

    def __init__(self, admin):
        self.admin = admin
        self.judges = UserFactory.create_batch(4)
        self.scorer = Scorer.objects.create(name="faces", version="1", digest="d")
        self.batch = self.new_batch()

    def new_batch(self):
        batch = Batch.objects.create(name="b", created_by=self.admin)
        for judge in self.judges:
            BatchJudge.objects.create(batch=batch, judge=judge)
        return batch

    def judge(self, candidate, *verdicts, batch=None):
        """Store a verdict per judge, each a pair of current and independent verdict."""
        batch, places = batch or self.batch, count(1)
        for judge, (verdict, blind) in zip(self.judges, verdicts, strict=False):
            page = Assignment.objects.create(
                batch=batch,
                entity=candidate.entity,
                judge=judge,
                candidates=[candidate.pk],
                places=[1],
                leased_at=timezone.now(),
                expires_at=timezone.now(),
            )
            Judgment.objects.create(
                batch=batch,
                candidate=candidate,
                judge=judge,
                assignment=page,
                place=None if verdict == "skip" else next(places),
                verdict=verdict,
                blind_verdict=blind,
                how="key",
                centiseconds=100,
                decided_at=timezone.now(),
                received_at=timezone.now(),
                client_id=uuid4(),
            )

    def score(self, candidate, similarity=0.5, scorer=None, **fields):
        """Store a score of a candidate."""
        is_scored = fields.get("outcome", "scored") == "scored"
        return Score.objects.create(
            scorer=scorer or self.scorer,
            candidate=candidate,
            similarity=similarity if is_scored else None,
            probability=0.5 if is_scored else None,
            **{"outcome": "scored", "side": 80, "detection": 0.9, "compared": 1}
            | fields,
        )

    def candidate(self, *verdicts, **fields):
        """Create a scored and judged candidate of a new entity."""
        candidate = CandidateFactory()
        self.score(candidate, **fields)
        self.judge(candidate, *verdicts)
        return candidate

    def candidates(self, entities=8, size=10, seed=1):
        """Create candidates of some entities, two thirds yes, judged by one judge."""
        chance = np.random.default_rng(seed)
        for entity in EntityFactory.create_batch(entities):
            for n, candidate in enumerate(
                CandidateFactory.create_batch(size, entity=entity)
            ):
                is_yes = n % 3 > 0
                self.score(candidate, float(chance.normal(0.1 + 0.5 * is_yes, 0.1)))
                self.judge(candidate, ("yes" if is_yes else "no",) * 2)
        self.count_verdicts()

    def count_verdicts(self, more=0):
        """Store the number of verdicts as a judge's counter, with some more."""
        total = Judgment.objects.count() + more
        BatchJudge.objects.filter(batch=self.batch, judge=self.judges[0]).update(
            verdicts=total
        )

    def labels(self):
        """Return the labels by entity that a fit reads."""
        _, labels, entities = fitting._labels(self.scorer, 0)
        assert len(set(entities)) == len(entities)
        return dict(zip(entities.tolist(), labels.tolist(), strict=True))


@pytest.fixture
def desk(admin):
    return ScoredDesk(admin)


YES, NO, BROKEN, SKIP = (("yes",) * 2, ("no",) * 2, ("broken",) * 2, ("skip",) * 2)


@pytest.mark.parametrize(
    ("verdicts", "label"),
    [
        ([YES], 1),
        ([NO], 0),
        ([BROKEN], 0),
        ([YES, NO], None),
        ([YES, NO, BROKEN], 0),
        ([YES, YES, BROKEN], 1),
        ([YES, SKIP], 1),
        ([SKIP], None),
        ([], None),
        # A verdict after seeing votes does not count, only the one before.
        ([("yes", None)], None),
        ([YES, ("no", None), ("no", None)], 1),
        ([("yes", "no")], 0),
        ([("yes", "no"), YES, ("no", "yes")], 1),
    ],
)
def test_a_label_is_the_majority_of_independent_verdicts(desk, verdicts, label):
    candidate = desk.candidate(*verdicts)
    expected = {} if label is None else {candidate.entity_id: label}
    assert desk.labels() == expected


def test_verdicts_of_all_batches_count_together(desk):
    candidate = desk.candidate(YES)
    desk.judge(candidate, NO, NO, batch=desk.new_batch())
    assert desk.labels() == {candidate.entity_id: 0}


def test_only_candidates_scored_by_this_scorer_are_labels(desk):
    other_scorer = Scorer.objects.create(name="faces", version="0", is_active=False)
    former_candidate, faceless, scored = (CandidateFactory() for _ in range(3))
    desk.score(former_candidate, scorer=other_scorer)
    desk.score(faceless, outcome="no-face")
    desk.score(scored)
    for candidate in (former_candidate, faceless, scored):
        desk.judge(candidate, YES)
    assert desk.labels() == {scored.entity_id: 1}


def test_features_are_in_order_and_unknown_ones_are_nan(desk):
    candidate = desk.candidate(YES, similarity=0.25, cohesion=None, compared=3)
    [features], _, _ = fitting._labels(desk.scorer, 0)
    np.testing.assert_array_equal(features, [0.25, np.nan, 0.9, 80, candidate.rank])


def test_verdicts_of_a_voided_judge_are_no_labels(desk, admin):
    candidate = desk.candidate(YES, NO)
    BatchEntity.objects.create(
        batch=desk.batch, entity=candidate.entity, upto=candidate.pk
    )
    assert desk.labels() == {}  # a tie
    username = desk.judges[1].username
    judgments.void(batch=desk.batch, username=username, reason="asleep", by=admin)
    assert desk.labels() == {candidate.entity_id: 1}


def test_a_sample_does_not_exceed_its_limit(desk, monkeypatch):
    desk.candidates(entities=4)
    monkeypatch.setattr(fitting, "CANDIDATES_LIMIT", 12)
    assert len(fitting._labels(desk.scorer, 40)[1]) <= 12


def test_a_fit_is_stored_with_its_measures_and_author(desk, admin):
    desk.candidates()
    fit = fitting.refit(scorer=desk.scorer, prior=PRIOR, by=admin)
    assert fitting.latest(desk.scorer) == fit
    assert (fit.labels, fit.positives, fit.entities, fit.verdicts) == (80, 48, 8, 80)
    assert fit.method == "sigmoid"
    assert 0 < fit.brier < 0.05
    assert fit.auc > 0.99
    assert 0 < fit.ece < 0.2
    assert sum(b["count"] for b in fit.reliability) == 80
    entry = AuditEntry.objects.get(action="scorer-fitted")
    assert entry.by == admin
    details = {"scorer": desk.scorer.pk, "fit": fit.pk, "labels": 80}
    assert entry.details == details


def test_drift_is_relative_to_the_prior_and_later_to_the_previous_fit(desk):
    desk.candidates()
    first = fitting.refit(scorer=desk.scorer, prior=PRIOR)
    features, labels, entities = fitting._labels(desk.scorer, 0)
    prior = calibration.probabilities(None, PRIOR, features, entities)
    fit_probabilities = calibration.probabilities(
        first.parameters, PRIOR, features, entities
    )
    assert first.previous_brier == pytest.approx(((prior - labels) ** 2).mean())
    assert first.shift == pytest.approx(abs(fit_probabilities - prior).mean())
    second = fitting.refit(scorer=desk.scorer, prior=PRIOR)
    assert second.previous_brier == pytest.approx(second.brier)
    assert second.shift == pytest.approx(0, abs=1e-6)
    # Reverse the verdicts: the previous fit becomes worse, and probabilities move.
    Judgment.objects.filter(verdict="no").update(blind_verdict="yes")
    Judgment.objects.filter(verdict="yes").update(blind_verdict="no")
    reversed_fit = fitting.refit(scorer=desk.scorer, prior=PRIOR)
    assert reversed_fit.previous_brier > 0.8 > 0.1 > reversed_fit.brier
    assert reversed_fit.shift > 0.7


def test_a_fit_is_due_with_the_first_fifty_verdicts(desk):
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=49)
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=50)
    assert fitting.is_due(desk.scorer)


def test_a_fit_is_due_after_a_quarter_more_verdicts_or_a_day_with_new_ones(desk):
    desk.candidates()
    fitting.refit(scorer=desk.scorer, prior=PRIOR)
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=19)
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=20)
    assert fitting.is_due(desk.scorer)
    ScorerFit.objects.update(made_at=timezone.now() - timedelta(days=1, minutes=1))
    desk.count_verdicts(more=1)
    assert fitting.is_due(desk.scorer)
    desk.count_verdicts()
    assert not fitting.is_due(desk.scorer)


def test_too_few_labels_make_no_fit_and_are_not_retried_at_once(desk):
    desk.candidates(entities=4, size=15)
    assert fitting.lacking(desk.scorer) == ""
    assert fitting.refit(scorer=desk.scorer, prior=PRIOR) is None
    assert not ScorerFit.objects.exists()
    assert "Entities with labels: 4." in fitting.lacking(desk.scorer)
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=15)
    assert fitting.is_due(desk.scorer)
    desk.candidates(entities=2)
    assert fitting.refit(scorer=desk.scorer, prior=PRIOR)
    assert fitting.lacking(desk.scorer) == ""
    pixels = Scorer.objects.create(name="pixels", version="1")
    assert fitting.latest(pixels) is None
    assert fitting.is_due(pixels)
