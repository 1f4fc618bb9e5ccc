"""Calibration: no entity influences its own probabilities, and measures are right."""

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


def random_data(candidates, people, seed=1, share=0.7):
    """Return features, labels and entities of candidates that are mostly easy."""
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
    """Fit the same model with scikit-learn alone."""
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
def test_probabilities_equal_those_of_scikit_learn(candidates, method):
    features, labels, entities = random_data(candidates, 40)
    result = calibration.fit(features, labels, entities)
    assert result.method == method
    actual = calibration.probabilities(result.parameters, PRIOR, features, entities)
    folds = calibration.folds_of(entities)
    for fold, model in enumerate(result.parameters["folds"]):
        test, train = folds == fold, folds != fold
        reference = by_scikit_learn(
            features[train], labels[train], entities[train], method
        )
        expected = reference.predict_proba(calibration.prepare(features[test]))[:, 1]
        expected = np.clip(expected, model["low"], model["high"])
        np.testing.assert_allclose(actual[test], expected, atol=1e-5)


@pytest.mark.parametrize("candidates", [300, 1200])
def test_verdicts_on_an_entity_do_not_change_its_own_probabilities(candidates):
    features, labels, entities = random_data(candidates, 20)
    before = calibration.fit(features, labels, entities).parameters
    for entity in (1, 7, 20):
        rows = entities == entity
        reversed_labels = np.where(rows, 1 - labels, labels)
        after = calibration.fit(features, reversed_labels, entities).parameters
        data = [features[rows], entities[rows]]
        np.testing.assert_array_equal(
            calibration.probabilities(before, PRIOR, *data),
            calibration.probabilities(after, PRIOR, *data),
        )
        assert after != before  # the probabilities of other entities change


def test_folds_never_change_and_have_equal_sizes():
    assert calibration.folds_of(np.array(ENTITY_IDS)).tolist() == FIXED_FOLDS
    sizes = np.bincount(calibration.folds_of(np.arange(50_000)), minlength=5)
    assert len(sizes) == 5
    assert (abs(sizes - 10_000) < 500).all()


ENTITY_IDS = (1, 2, 3, 4, 5, 2**62)
FIXED_FOLDS = [0, 0, 3, 3, 3, 0]


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_the_prior_rises_with_similarity_and_is_one_half_at_its_midpoint(similarities):
    rows = np.array([[s, np.nan, 1, 50, np.nan] for s in sorted(similarities)])
    entities = np.ones(len(rows), int)
    probabilities = calibration.probabilities(None, PRIOR, rows, entities)
    assert (np.diff(probabilities) >= 0).all()
    assert ((probabilities > 0) & (probabilities < 1)).all()
    rows[:, 0] = PRIOR.midpoint
    assert calibration.probabilities(None, PRIOR, rows, entities) == pytest.approx(0.5)


@pytest.mark.parametrize("candidates", [200, 1500])
def test_parameters_give_equal_probabilities_after_json(candidates):
    features, labels, entities = random_data(candidates, 30)
    parameters = calibration.fit(features, labels, entities).parameters
    decoded = json.loads(json.dumps(parameters, allow_nan=False))
    np.testing.assert_array_equal(
        calibration.probabilities(parameters, PRIOR, features, entities),
        calibration.probabilities(decoded, PRIOR, features, entities),
    )


@pytest.mark.parametrize("candidates", [60, 1500])
def test_no_probability_is_certain_even_for_easy_candidates(candidates):
    features, labels, entities = random_data(candidates, 30)
    features[:, 0] = labels - 0.5
    result = calibration.fit(features, labels, entities)
    probabilities = calibration.probabilities(
        result.parameters, PRIOR, features, entities
    )
    bound = 1 / (candidates + 2)
    assert bound <= probabilities.min() < 0.1
    assert 0.9 < probabilities.max() <= 1 - bound


def test_a_bound_from_one_label_does_not_exceed_the_next_step():
    values = np.arange(12.0)
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1])
    knots = [[0, 2, 3, 10, 11], [0.0, 0.0, 0.875, 0.875, 1.0]]
    bounds = calibration._bounds(knots, values, labels)
    assert bounds == {"low": 1 / 5, "high": 0.875}


def test_an_entity_without_judgments_gets_a_model_too():
    features, labels, entities = random_data(500, 20)
    result = calibration.fit(features, labels, entities)
    new_entities = entities + 1000
    probabilities = calibration.probabilities(
        result.parameters, PRIOR, features, new_entities
    )
    prior = calibration.probabilities(None, PRIOR, features, new_entities)
    assert measure(labels, probabilities).brier < measure(labels, prior).brier


def test_a_fold_uses_the_prior_if_all_other_labels_are_equal():
    features, labels, entities = random_data(200, 20)
    [fold] = calibration.folds_of(np.array([1]))
    in_fold = calibration.folds_of(entities) == fold
    labels = np.where(in_fold, labels, 1)
    result = calibration.fit(features, labels, entities)
    assert result.parameters["folds"][fold] is None
    np.testing.assert_array_equal(
        calibration.probabilities(
            result.parameters, PRIOR, features[in_fold], entities[in_fold]
        ),
        calibration.probabilities(None, PRIOR, features[in_fold], entities[in_fold]),
    )


@pytest.mark.parametrize(
    ("labels", "positives", "entities", "reason"),
    [
        (49, 25, 20, "Labels: 49. A fit needs 50."),
        (50, 9, 20, "Labels that are yes: 9. A fit needs 10."),
        (50, 41, 20, "Labels that are no: 9. A fit needs 10."),
        (50, 40, 4, "Entities with labels: 4. A fit needs 5."),
        (50, 40, 5, ""),
    ],
)
def test_too_few_labels_have_a_reason(labels, positives, entities, reason):
    counts = {"labels": labels, "positives": positives, "entities": entities}
    assert calibration.too_few(**counts) == reason
    features, _, _ = random_data(labels, 3)
    label_array = (np.arange(labels) < positives).astype(int)
    entity_ids = np.arange(labels) % entities
    fit = calibration.fit(features, label_array, entity_ids)
    assert (fit is None) == bool(reason)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 40)), min_size=1, max_size=60)
)
def test_measures_equal_scikit_learn_and_the_definition(pairs):
    labels = np.array([label for label, _ in pairs])
    probabilities = np.array([step / 40 for _, step in pairs])
    measures = measure(labels, probabilities)
    assert measures.brier == pytest.approx(brier_score_loss(labels, probabilities))
    if labels.min() == labels.max():
        assert measures.auc is None
    else:
        assert measures.auc == pytest.approx(roc_auc_score(labels, probabilities))
    assert sum(b["count"] for b in measures.reliability) == len(pairs)
    for b in measures.reliability:
        is_last = b["high"] == 1
        inside = (probabilities >= b["low"]) & ((probabilities < b["high"]) | is_last)
        assert b["count"] == inside.sum()
        assert b["share"] == pytest.approx(labels[inside].mean())
        assert b["mean"] == pytest.approx(probabilities[inside].mean())
    gaps = [b["count"] * abs(b["share"] - b["mean"]) for b in measures.reliability]
    assert measures.ece == pytest.approx(sum(gaps) / len(pairs))
