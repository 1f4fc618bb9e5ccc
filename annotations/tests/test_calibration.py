"""Probabilities are honest: no entity's verdicts tell its own, and figures are right."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from annotations.models import FitMethod
from annotations.scoring import calibration
from annotations.scoring.base import Prior
from annotations.scoring.measures import measure

PRIOR = Prior(midpoint=0.363, slope=14.0)


def made_up(candidates, people, seed=1, share=0.7):
    """Features, labels and entities of candidates that are mostly easy."""
    chance = np.random.default_rng(seed)
    entities = chance.integers(1, people + 1, candidates)
    labels = (chance.random(candidates) < share).astype(int)
    similarity = np.clip(chance.normal(0.15 + 0.35 * labels, 0.15), -1, 1)
    cohesion = np.clip(similarity + chance.normal(0.1, 0.1, candidates), -1, 1)
    cohesion[::7] = np.nan
    rank = chance.integers(0, 50, candidates).astype(float)
    rank[::5] = np.nan
    detection = chance.uniform(0.6, 1, candidates)
    side = chance.uniform(30, 400, candidates)
    features = [similarity, cohesion, detection, side, rank]
    return np.column_stack(features), labels, entities


def by_scikit_learn(features, labels, entities, method):
    """The same model made by scikit-learn alone."""
    return CalibratedClassifierCV(
        make_pipeline(StandardScaler(), LogisticRegression(solver=calibration.SOLVER)),
        method=method,
        cv=calibration._splits(labels, entities),
        ensemble=False,
    ).fit(calibration.prepare(features), labels)


@pytest.mark.parametrize(
    ("candidates", "method"),
    [(400, FitMethod.SIGMOID), (999, FitMethod.SIGMOID), (1000, FitMethod.ISOTONIC)],
)
def test_probabilities_are_those_of_scikit_learn(candidates, method):
    features, labels, entities = made_up(candidates, 40)
    fitted = calibration.fit(features, labels, entities)
    assert fitted.method == method
    found = calibration.probabilities(fitted.parameters, PRIOR, features, entities)
    folds = calibration.folds_of(entities)
    for fold, model in enumerate(fitted.parameters["folds"]):
        own = folds == fold
        theirs = by_scikit_learn(features[~own], labels[~own], entities[~own], method)
        expected = theirs.predict_proba(calibration.prepare(features[own]))[:, 1]
        expected = np.clip(expected, model["low"], model["high"])
        np.testing.assert_allclose(found[own], expected, atol=1e-5)


@pytest.mark.parametrize("candidates", [300, 1200])
def test_what_is_said_of_an_entity_never_changes_its_own_probabilities(candidates):
    features, labels, entities = made_up(candidates, 20)
    before = calibration.fit(features, labels, entities).parameters
    for entity in (1, 7, 20):
        own = entities == entity
        changed = calibration.fit(features, np.where(own, 1 - labels, labels), entities)
        mine = [features[own], entities[own]]
        np.testing.assert_array_equal(
            calibration.probabilities(before, PRIOR, *mine),
            calibration.probabilities(changed.parameters, PRIOR, *mine),
        )
        assert changed.parameters != before  # others' probabilities do


def test_the_fold_of_an_entity_is_the_same_for_good_and_folds_are_of_one_size():
    assert [calibration.fold_of(n) for n in (1, 2, 3, 4, 5, 2**62)] == FOLDS_FOR_GOOD
    sizes = np.bincount(calibration.folds_of(np.arange(50_000)), minlength=5)
    assert len(sizes) == 5
    assert (abs(sizes - 10_000) < 500).all()


FOLDS_FOR_GOOD = [0, 0, 3, 3, 3, 0]


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_the_prior_rises_with_similarity_and_is_one_half_at_its_midpoint(similarities):
    rows = np.array([[s, np.nan, 1, 50, np.nan] for s in sorted(similarities)])
    entities = np.ones(len(rows), int)
    found = calibration.probabilities(None, PRIOR, rows, entities)
    assert (np.diff(found) >= 0).all()
    assert ((found > 0) & (found < 1)).all()
    rows[:, 0] = PRIOR.midpoint
    assert calibration.probabilities(None, PRIOR, rows, entities) == pytest.approx(0.5)


@pytest.mark.parametrize("candidates", [200, 1500])
def test_parameters_survive_json_and_say_the_same_afterwards(candidates):
    features, labels, entities = made_up(candidates, 30)
    parameters = calibration.fit(features, labels, entities).parameters
    again = json.loads(json.dumps(parameters, allow_nan=False))
    np.testing.assert_array_equal(
        calibration.probabilities(parameters, PRIOR, features, entities),
        calibration.probabilities(again, PRIOR, features, entities),
    )


@pytest.mark.parametrize("candidates", [60, 1500])
def test_nothing_is_certain_even_where_all_is_easy(candidates):
    features, labels, entities = made_up(candidates, 30)
    features[:, 0] = labels - 0.5
    fitted = calibration.fit(features, labels, entities)
    found = calibration.probabilities(fitted.parameters, PRIOR, features, entities)
    least = 1 / (candidates + 2)
    assert least <= found.min() < 0.1
    assert 0.9 < found.max() <= 1 - least


def test_an_end_of_one_label_is_no_more_certain_than_the_step_before():
    values = np.arange(12.0)
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1])
    knots = [[0, 2, 3, 10, 11], [0.0, 0.0, 0.875, 0.875, 1.0]]
    ends = calibration._ends(knots, values, labels)
    assert ends == {"low": 1 / 5, "high": 0.875}


def test_an_entity_nobody_judged_yet_is_told_by_a_model_too():
    features, labels, entities = made_up(500, 20)
    fitted = calibration.fit(features, labels, entities)
    strangers = entities + 1000
    found = calibration.probabilities(fitted.parameters, PRIOR, features, strangers)
    prior = calibration.probabilities(None, PRIOR, features, strangers)
    assert measure(labels, found).brier < (measure(labels, prior).brier)


def test_a_fold_whose_others_all_say_the_same_falls_back_on_the_prior():
    features, labels, entities = made_up(200, 20)
    alone = calibration.folds_of(entities) == calibration.fold_of(1)
    labels = np.where(alone, labels, 1)
    fitted = calibration.fit(features, labels, entities)
    assert fitted.parameters["folds"][calibration.fold_of(1)] is None
    np.testing.assert_array_equal(
        calibration.probabilities(
            fitted.parameters, PRIOR, features[alone], entities[alone]
        ),
        calibration.probabilities(None, PRIOR, features[alone], entities[alone]),
    )


@pytest.mark.parametrize(
    ("labels", "positives", "entities", "said"),
    [
        (49, 25, 20, "There are 49 labels; a fit needs 50."),
        (50, 9, 20, "Only 9 labels say yes; a fit needs 10."),
        (50, 41, 20, "Only 9 labels say no; a fit needs 10."),
        (50, 40, 4, "The labels are of 4 entities; a fit needs 5."),
        (50, 40, 5, ""),
    ],
)
def test_too_few_labels_are_told_in_a_sentence(labels, positives, entities, said):
    counts = {"labels": labels, "positives": positives, "entities": entities}
    assert calibration.too_few(**counts) == said
    features, _, _ = made_up(labels, 3)
    given_labels = (np.arange(labels) < positives).astype(int)
    people = np.arange(labels) % entities
    assert (calibration.fit(features, given_labels, people) is None) == bool(said)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 40)), min_size=1, max_size=60)
)
def test_measures_are_those_of_scikit_learn_and_of_the_definition(said):
    labels = np.array([label for label, _ in said])
    found = np.array([step / 40 for _, step in said])
    got = measure(labels, found)
    assert got.brier == pytest.approx(brier_score_loss(labels, found))
    if labels.min() == labels.max():
        assert got.auc is None
    else:
        assert got.auc == pytest.approx(roc_auc_score(labels, found))
    assert sum(b["count"] for b in got.reliability) == len(said)
    for b in got.reliability:
        is_last = b["high"] == 1
        inside = (found >= b["low"]) & ((found < b["high"]) | is_last)
        assert b["count"] == inside.sum()
        assert b["share"] == pytest.approx(labels[inside].mean())
        assert b["mean"] == pytest.approx(found[inside].mean())
    gaps = [b["count"] * abs(b["share"] - b["mean"]) for b in got.reliability]
    assert got.ece == pytest.approx(sum(gaps) / len(said))
