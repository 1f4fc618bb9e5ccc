"""Calibration: probabilities from similarities, without database access.

A logistic regression of the features (L2, standardised), its decision values calibrated
by Platt's sigmoid below 1,000 labels and by isotonic regression from there on. There is
a model for each fold of entities, fitted on the other folds only. So no entity's own
verdicts influence its probabilities, and those of labelled entities are as reliable as
those of new ones. Parameters are JSON, not pickles.

The prior for faces is `Prior(midpoint=0.363, slope=14.0)`. The midpoint is the threshold
that OpenCV's zoo states for the cosine of SFace (right on 299 of 300 public pairs). The
slope gives 0.006 at a cosine of 0 and 0.95 at 0.57. This is cautious, because similarity
does not mean the same in every collection: where strangers look alike, the prior is
wrong until the first fit. On 244 real candidates of 13 people its Brier score is 0.050.
After a fit on half of the people, it is 0.018 on the other half (median of halves).
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
# With fewer labels, labels of one class, or entities, a fit would depend on chance.
MIN_LABELS, MIN_LABELS_PER_CLASS, MIN_ENTITIES = 50, 10, 5
ISOTONIC_FROM = 1_000
# Substitutes for unknown values.
RANK_UNKNOWN = 30.0  # the middle of a search's first pages
SIDE_UNKNOWN = 112.0  # the side of an aligned face, which loses no detail
DETECTION_UNKNOWN = 1.0  # without a detector: the whole picture was compared


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibration: `parameters` is JSON, the counts describe its labels."""

    method: FitMethod
    parameters: dict[str, Any]
    labels: int
    positives: int
    entities: int


def folds_of(entities: Integers) -> Integers:
    """Return the fold, 0 to 4, of each entity id: the same on every machine, for ever.

    It is the finaliser of SplitMix64 (Steele, Lea and Flood 2014) of the id, modulo 5,
    so that consecutive ids get random folds.
    """
    z = np.asarray(entities).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) % np.uint64(FOLDS)).astype(np.int64)


def too_few(*, labels: int, positives: int, entities: int) -> str:
    """Return the reason why no fit is possible yet, as a sentence; empty if it is."""
    minima = {
        "Labels": (labels, MIN_LABELS),
        "Labels that are yes": (positives, MIN_LABELS_PER_CLASS),
        "Labels that are no": (labels - positives, MIN_LABELS_PER_CLASS),
        "Entities with labels": (entities, MIN_ENTITIES),
    }
    for name, (count, minimum) in minima.items():
        if count < minimum:
            return f"{name}: {count}. A fit needs {minimum}."
    return ""


def fit(features: Floats, labels: Integers, entities: Integers) -> Calibration | None:
    """Fit a model for each fold. Return None if `too_few` gives a reason, or if the
    labels of one class belong to too few entities for any model.

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
        train = folds != fold
        model = _fit(prepared[train], labels[train], entities[train], method)
        models.append(model)
    if not any(models):
        return None  # the prior alone is not a fit
    parameters = {"method": method.value, "features": list(FEATURES), "folds": models}
    return Calibration(method, parameters, **counts)


def prepare(features: Floats) -> Floats:
    """Return the inputs of the models: no missing values, side and rank as logarithms.

    A missing cohesion becomes the similarity, because no other candidate supports or
    contradicts it. A missing rank, side or detection becomes the constant above. A rank
    can be 0, so its logarithm is ln(1 + x).
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
    """Return P(yes) of each row, by the model of its entity's fold.

    If `parameters` is None, or a fold has no model, use the prior alone.
    """
    features = np.asarray(features, float).reshape(-1, len(FEATURES))
    result = _logistic(prior.slope * (features[:, 0] - prior.midpoint))
    if parameters is None:
        return result
    prepared, folds = prepare(features), folds_of(entities)
    for fold, model in enumerate(parameters["folds"]):
        rows = folds == fold
        if model is not None and rows.any():
            result[rows] = _predict(model, prepared[rows])
    return result


def _predict(model: dict[str, Any], prepared: Floats) -> Floats:
    values = (prepared - np.array(model["means"])) / np.array(model["scales"])
    values = values @ np.array(model["coefficients"]) + model["intercept"]
    if "knots" in model:
        result = np.interp(values, *model["knots"])
    else:
        result = _logistic(model["slope"] * values + model["offset"])
    clipped: Floats = np.clip(result, model["low"], model["high"])
    return clipped


def _fit(
    prepared: Floats, labels: Integers, entities: Integers, method: FitMethod
) -> dict[str, Any] | None:
    """Return the parameters of one model; None if the labels do not allow one.

    Like `CalibratedClassifierCV(ensemble=False)`: fit the regression on all rows, and
    the calibrator on decision values of entities outside the training part.
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
    calibrate = _sigmoid if method is FitMethod.SIGMOID else _isotonic
    return model | calibrate(values, labels)


def _sigmoid(values: Floats, labels: Integers) -> dict[str, Any]:
    """Fit Platt's sigmoid (1999), with bounds of 1 / (n + 2) and 1 - 1 / (n + 2).

    n labels cannot give more certainty. Platt's targets are (n₁ + 1) / (n₁ + 2) and
    1 / (n₀ + 2) instead of 1 and 0. Each label counts as a yes with that weight, and as
    a no with the remaining weight.
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
    """Fit an isotonic regression (Zadrozny and Elkan 2002): knots and outer bounds."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  (see _fit)

    regression = IsotonicRegression(out_of_bounds="clip").fit(values, labels)
    knots = [regression.X_thresholds_.tolist(), regression.y_thresholds_.tolist()]
    return {"knots": knots} | _bounds(knots, values, labels)


def _bounds(
    knots: list[list[float]], values: Floats, labels: Integers
) -> dict[str, float]:
    """Return bounds that replace 0 and 1 at the ends of an isotonic regression.

    For n equal labels, Laplace's rule of succession gives the other label 1 / (n + 2).
    A bound never exceeds the next step, so that the order stays.
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
    """Return as many splits by entity as have both classes in each training part."""
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415  (see _fit)

    for number in range(min(INNER_FOLDS, len(np.unique(entities))), 1, -1):
        splits = list(GroupKFold(number).split(entities, labels, entities))
        if all(len(np.unique(labels[train])) == 2 for train, _ in splits):
            return splits
    return []


def _logistic(values: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values))
