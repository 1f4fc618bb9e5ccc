"""Similarity becomes probability: folds of entities, a model for each. No database.

A logistic regression of the features (L2, standardised), its decision values calibrated
by Platt's sigmoid below 1,000 labels and by isotonic regression from there on. There is
a model for each fold of entities, fitted on the other folds only: no entity's own
verdicts ever tell what its candidates' probability is, so that probabilities of labelled
entities are as honest as those of new ones. Parameters are JSON: no pickles.

The prior for faces is `Prior(midpoint=0.363, slope=14.0)`. The midpoint is the threshold
that OpenCV's zoo states for the cosine of SFace (right on 299 of 300 public pairs); the
slope says 0.006 at a cosine of 0 and 0.95 at 0.57, which is cautious, since similarity
does not mean the same on every collection: where strangers look alike the prior is
wrong until the first fit. On 244 real candidates of 13 people its Brier score is 0.050,
and after a fit on half of the people that on the other half's 0.018 (median of halves).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import FitMethod

from .base import FEATURES, Prior

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FOLDS = 5
INNER_FOLDS = 5
SOLVER = "newton-cholesky"  # a few steps for many rows of few features
# With less a fit would say more of chance than of the model.
LABELS_ENOUGH, EACH_ENOUGH, ENTITIES_ENOUGH = 50, 10, 5
ISOTONIC_FROM = 1_000
# What stands in for what is not known.
RANK_UNKNOWN = 30.0  # the middle of a search's first pages
SIDE_UNKNOWN = 112.0  # the side of an aligned face, which loses nothing
DETECTION_UNKNOWN = 1.0  # nothing was detected: the whole picture was compared


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration: `parameters` is JSON, the rest what it was made of."""

    method: FitMethod
    parameters: dict[str, Any]
    labels: int
    positives: int
    entities: int


def folds_of(entities: Integers) -> Integers:
    """The fold, 0 to 4, of each entity id: the same on every machine and for good.

    The finaliser of SplitMix64 (Steele, Lea and Flood 2014) of the id, modulo 5: ids
    that follow each other fall into folds at random.
    """
    z = np.asarray(entities).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) % np.uint64(FOLDS)).astype(np.int64)


def fold_of(entity_id: int) -> int:
    """The fold of one entity: see `folds_of`."""
    return int(folds_of(np.array([entity_id]))[0])


def too_few(*, labels: int, positives: int, entities: int) -> str:
    """Why there can be no fit yet, as a sentence; empty where there can."""
    if labels < LABELS_ENOUGH:
        return f"There are {labels} labels; a fit needs {LABELS_ENOUGH}."
    if positives < EACH_ENOUGH:
        return f"Only {positives} labels say yes; a fit needs {EACH_ENOUGH}."
    if labels - positives < EACH_ENOUGH:
        return f"Only {labels - positives} labels say no; a fit needs {EACH_ENOUGH}."
    if entities < ENTITIES_ENOUGH:
        return f"The labels are of {entities} entities; a fit needs {ENTITIES_ENOUGH}."
    return ""


def fit(features: Floats, labels: Integers, entities: Integers) -> Fitted | None:
    """Fit a model for each fold; None where `too_few` says why not,
    and where one class is of too few entities for any model.

    `features` is n × 5 in the order of `FEATURES`, `labels` are 1 (yes) or 0, and
    `entities` the ids of the candidates' entities.
    """
    counts = {
        "labels": len(labels),
        "positives": int(labels.sum()),
        "entities": len(np.unique(entities)),
    }
    if too_few(**counts):
        return None
    is_isotonic = len(labels) >= ISOTONIC_FROM
    method = FitMethod.ISOTONIC if is_isotonic else FitMethod.SIGMOID
    prepared, folds = prepare(features), folds_of(entities)
    models = []
    for fold in range(FOLDS):
        others = folds != fold
        model = _fit(prepared[others], labels[others], entities[others], method)
        models.append(model)
    if not any(models):
        return None  # the prior alone is no fit
    parameters = {"method": method.value, "features": list(FEATURES), "folds": models}
    return Fitted(method, parameters, **counts)


def prepare(features: Floats) -> Floats:
    """What the models are fitted on: nothing missing; side and rank as logarithms.

    Cohesion falls back on the similarity (no other candidate speaks for or against it),
    an unknown rank, side and detection on the constants above. A rank may be 0, hence
    ln(1 + x).
    """
    similarity, cohesion, detection, side, rank = np.asarray(features, float).T
    cohesion = np.where(np.isfinite(cohesion), cohesion, similarity)
    detection = np.where(np.isfinite(detection), detection, DETECTION_UNKNOWN)
    side = np.where(np.isfinite(side), side, SIDE_UNKNOWN)
    rank = np.where(np.isfinite(rank), rank, RANK_UNKNOWN)
    logarithms = [
        np.log(np.maximum(side, 1.0)),
        np.log1p(np.maximum(rank, 0.0)),
    ]
    return np.column_stack([similarity, cohesion, detection, *logarithms])


def probabilities(
    parameters: dict[str, Any] | None,
    prior: Prior,
    features: Floats,
    entities: Integers,
) -> Floats:
    """P(yes) of each row by the model of its entity's fold.

    None as `parameters`, and a fold without a model, mean the prior alone.
    """
    features = np.asarray(features, float).reshape(-1, len(FEATURES))
    found = _logistic(prior.slope * (features[:, 0] - prior.midpoint))
    if parameters is None:
        return found
    prepared, folds = prepare(features), folds_of(entities)
    for fold, model in enumerate(parameters["folds"]):
        own = folds == fold
        if model is not None and own.any():
            found[own] = _predict(model, prepared[own])
    return found


def _predict(model: dict[str, Any], prepared: Floats) -> Floats:
    values = (prepared - np.array(model["means"])) / np.array(model["scales"])
    values = values @ np.array(model["coefficients"]) + model["intercept"]
    if "knots" in model:
        found = np.interp(values, *model["knots"])
    else:
        found = _logistic(model["slope"] * values + model["offset"])
    return np.clip(found, model["low"], model["high"])


def _fit(
    prepared: Floats, labels: Integers, entities: Integers, method: FitMethod
) -> dict[str, Any] | None:
    """The parameters of one model; None where the labels cannot carry one.

    As `CalibratedClassifierCV(ensemble=False)`: the regression is fitted on all, the
    calibrator on decision values for entities that a regression had not seen.
    """
    # scikit-learn takes a second to import, and web processes import this package.
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import cross_val_predict  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    splits = _splits(labels, entities)
    if not splits:
        return None
    scaler, regression = StandardScaler(), LogisticRegression(solver=SOLVER)
    pipeline = make_pipeline(scaler, regression)
    values = cross_val_predict(
        pipeline, prepared, labels, cv=splits, method="decision_function"
    )
    pipeline.fit(prepared, labels)
    model = {
        "means": scaler.mean_.tolist(),
        "scales": scaler.scale_.tolist(),
        "coefficients": regression.coef_[0].tolist(),
        "intercept": float(regression.intercept_[0]),
    }
    calibrated = _sigmoid if method is FitMethod.SIGMOID else _isotonic
    return model | calibrated(values, labels)


def _sigmoid(values: Floats, labels: Integers) -> dict[str, Any]:
    """Platt's sigmoid (1999), no more certain than n labels can be: 1 / (n + 2).

    His targets are (n₁ + 1) / (n₁ + 2) and 1 / (n₀ + 2) in place of 1 and 0: each label
    counts as a yes with that weight, and as a no with the rest.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (see _fit)

    yes, low = labels.sum(), 1 / (len(labels) + 2)
    targets = np.where(labels == 1, (yes + 1) / (yes + 2), 1 / (len(labels) - yes + 2))
    curve = LogisticRegression(C=np.inf, tol=1e-8, solver=SOLVER).fit(
        np.tile(values, 2)[:, None],
        np.repeat([1, 0], len(values)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    slope, offset = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    return {"slope": slope, "offset": offset, "low": low, "high": 1 - low}


def _isotonic(values: Floats, labels: Integers) -> dict[str, Any]:
    """Isotonic regression (Zadrozny and Elkan 2002): knots, and bounds at its ends."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  (see _fit)

    fitted = IsotonicRegression(out_of_bounds="clip").fit(values, labels)
    knots = [fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist()]
    return {"knots": knots} | _ends(knots, values, labels)


def _ends(
    knots: list[list[float]], values: Floats, labels: Integers
) -> dict[str, float]:
    """Bounds where isotonic regression says 0 or 1 of the labels at an end.

    Of n labels that are all alike Laplace's rule of succession says 1 / (n + 2) for the
    other; no further in than the next step, so that order is kept.
    """
    steps = np.array(knots[1])
    nos = int((values < values[labels == 1].min()).sum())
    yeses = int((values > values[labels == 0].max()).sum())
    low = min([1 / (nos + 2), *steps[steps > 0]]) if steps[0] <= 0 else steps[0]
    high = (
        max([1 - 1 / (yeses + 2), *steps[steps < 1]]) if steps[-1] >= 1 else steps[-1]
    )
    return {"low": float(low), "high": float(high)}


def _splits(labels: Integers, entities: Integers) -> list[tuple[Integers, Integers]]:
    """Splits by entity whose training parts hold both classes, as many as can be."""
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415  (see _fit)

    for number in range(min(INNER_FOLDS, len(np.unique(entities))), 1, -1):
        splits = list(GroupKFold(number).split(entities, labels, entities))
        if all(len(np.unique(labels[train])) == 2 for train, _ in splits):
            return splits
    return []


def _logistic(values: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values))
