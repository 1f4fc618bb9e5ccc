"""A fit knows what judges said independently, and what it changed."""

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


class Desk:
    """Writes judged and scored candidates straight into the tables, for speed."""

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

    def say(self, candidate, *said, batch=None):
        """One verdict a judge, each a pair of the present and the independent one."""
        batch, places = batch or self.batch, count(1)
        for judge, (verdict, blind) in zip(self.judges, said, strict=False):
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

    def seen(self, candidate, similarity=0.5, scorer=None, **fields):
        """What the scorer thinks of a candidate."""
        is_scored = fields.get("outcome", "scored") == "scored"
        return Score.objects.create(
            scorer=scorer or self.scorer,
            candidate=candidate,
            similarity=similarity if is_scored else None,
            probability=0.5 if is_scored else None,
            **{"outcome": "scored", "side": 80, "detection": 0.9, "compared": 1}
            | fields,
        )

    def one(self, *said, **fields):
        """A candidate of its own entity that was scored and judged."""
        candidate = CandidateFactory()
        self.seen(candidate, **fields)
        self.say(candidate, *said)
        return candidate

    def many(self, people=8, each=10, seed=1):
        """Candidates of some people, two thirds yes, judged by one judge alone."""
        chance = np.random.default_rng(seed)
        for entity in EntityFactory.create_batch(people):
            for n, candidate in enumerate(
                CandidateFactory.create_batch(each, entity=entity)
            ):
                is_yes = n % 3 > 0
                self.seen(candidate, float(chance.normal(0.1 + 0.5 * is_yes, 0.1)))
                self.say(candidate, ("yes" if is_yes else "no",) * 2)
        self.count_verdicts()

    def count_verdicts(self, more=0):
        """What the judges' stored numbers would say."""
        total = Judgment.objects.count() + more
        BatchJudge.objects.filter(batch=self.batch, judge=self.judges[0]).update(
            verdicts=total
        )

    def labels(self):
        """Label by entity, as a fit would read them."""
        _, labels, entities = fitting._labels(self.scorer, 0)
        assert len(set(entities)) == len(entities)
        return dict(zip(entities.tolist(), labels.tolist(), strict=True))


@pytest.fixture
def desk(admin):
    return Desk(admin)


YES, NO, BROKEN, SKIP = (("yes",) * 2, ("no",) * 2, ("broken",) * 2, ("skip",) * 2)


@pytest.mark.parametrize(
    ("said", "label"),
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
        # Who has seen the others' votes says nothing new: only the verdict before counts.
        ([("yes", None)], None),
        ([YES, ("no", None), ("no", None)], 1),
        ([("yes", "no")], 0),
        ([("yes", "no"), YES, ("no", "yes")], 1),
    ],
)
def test_a_label_is_what_most_independent_verdicts_say(desk, said, label):
    candidate = desk.one(*said)
    expected = {} if label is None else {candidate.entity_id: label}
    assert desk.labels() == expected


def test_verdicts_of_all_batches_count_together_and_once(desk):
    candidate = desk.one(YES)
    desk.say(candidate, NO, NO, batch=desk.new_batch())
    assert desk.labels() == {candidate.entity_id: 0}


def test_only_scored_candidates_of_this_very_scorer_are_labels(desk):
    other = Scorer.objects.create(name="faces", version="0", is_active=False)
    theirs, faceless, mine = (CandidateFactory() for _ in range(3))
    desk.seen(theirs, scorer=other)
    desk.seen(faceless, outcome="no-face")
    desk.seen(mine)
    for candidate in (theirs, faceless, mine):
        desk.say(candidate, YES)
    assert desk.labels() == {mine.entity_id: 1}


def test_features_come_in_their_order_and_what_is_unknown_is_nan(desk):
    candidate = desk.one(YES, similarity=0.25, cohesion=None, compared=3)
    [features], _, _ = fitting._labels(desk.scorer, 0)
    np.testing.assert_array_equal(features, [0.25, np.nan, 0.9, 80, candidate.rank])


def test_a_voided_judge_is_no_label_any_more(desk, admin):
    candidate = desk.one(YES, NO)
    BatchEntity.objects.create(
        batch=desk.batch, entity=candidate.entity, upto=candidate.pk
    )
    assert desk.labels() == {}  # a tie
    asleep = desk.judges[1].username
    judgments.void(batch=desk.batch, username=asleep, reason="asleep", by=admin)
    assert desk.labels() == {candidate.entity_id: 1}


def test_a_sample_stays_below_its_limit(desk, monkeypatch):
    desk.many(people=4)
    monkeypatch.setattr(fitting, "CANDIDATES_LIMIT", 12)
    assert len(fitting._labels(desk.scorer, 40)[1]) <= 12


def test_a_fit_is_kept_with_its_figures_and_who_asked_for_it(desk, admin):
    desk.many()
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


def test_drift_is_told_against_the_prior_first_and_against_the_last_fit_then(desk):
    desk.many()
    first = fitting.refit(scorer=desk.scorer, prior=PRIOR)
    features, labels, entities = fitting._labels(desk.scorer, 0)
    prior = calibration.probabilities(None, PRIOR, features, entities)
    fitted = calibration.probabilities(first.parameters, PRIOR, features, entities)
    assert first.previous_brier == pytest.approx(((prior - labels) ** 2).mean())
    assert first.shift == pytest.approx(abs(fitted - prior).mean())
    same = fitting.refit(scorer=desk.scorer, prior=PRIOR)
    assert same.previous_brier == pytest.approx(same.brier)
    assert same.shift == pytest.approx(0, abs=1e-6)
    # From now on the opposite is said: the fit before is worse, and all moves.
    Judgment.objects.filter(verdict="no").update(blind_verdict="yes")
    Judgment.objects.filter(verdict="yes").update(blind_verdict="no")
    turned = fitting.refit(scorer=desk.scorer, prior=PRIOR)
    assert turned.previous_brier > 0.8 > 0.1 > turned.brier
    assert turned.shift > 0.7


def test_a_fit_is_due_with_the_first_fifty_verdicts(desk):
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=49)
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=50)
    assert fitting.is_due(desk.scorer)


def test_it_is_due_again_after_a_quarter_more_or_after_a_day_with_new_ones(desk):
    desk.many()
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


def test_too_few_labels_make_no_fit_are_told_and_not_tried_again_at_once(desk):
    desk.many(people=4, each=15)
    assert fitting.lacking(desk.scorer) == ""
    assert fitting.refit(scorer=desk.scorer, prior=PRIOR) is None
    assert not ScorerFit.objects.exists()
    assert "4 entities" in fitting.lacking(desk.scorer)
    assert not fitting.is_due(desk.scorer)
    desk.count_verdicts(more=15)
    assert fitting.is_due(desk.scorer)
    desk.many(people=2)
    assert fitting.refit(scorer=desk.scorer, prior=PRIOR)
    assert fitting.lacking(desk.scorer) == ""
    other = Scorer.objects.create(name="pixels", version="1")
    assert fitting.latest(other) is None
    assert fitting.is_due(other)
