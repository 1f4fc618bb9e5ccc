"""Measures of probabilities against labels. Plain numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BINS = 10


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of some probabilities; `auc` is None if all labels are the same.

    `reliability` is [{low, high, count, mean, share}] without empty bins.
    """

    brier: float
    ece: float
    auc: float | None
    reliability: list[dict[str, Any]]


def measure(labels: Integers, probabilities: Floats) -> Measures:
    """Compare probabilities with labels.

    Brier score: mean of (p - y)² (Brier 1950). ECE: over ten bins of equal width, the
    mean of |share of yes - mean probability|, weighted by their counts (Naeini, Cooper
    and Hauskrecht 2015). AUC: the share of pairs of a yes and a no in which the yes is
    the more probable, ties half (Hanley and McNeil 1982).
    """
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    reliability = [
        _bin(number, probabilities, labels, bins) for number in np.unique(bins)
    ]
    gaps = sum(b["count"] * abs(b["share"] - b["mean"]) for b in reliability)
    return Measures(
        brier=float(np.mean((probabilities - labels) ** 2)),
        ece=gaps / len(labels),
        auc=_auc(labels, probabilities),
        reliability=reliability,
    )


def _bin(
    number: int, probabilities: Floats, labels: Integers, bins: Integers
) -> dict[str, Any]:
    inside = bins == number
    return {
        "low": int(number) / BINS,
        "high": (int(number) + 1) / BINS,
        "count": int(inside.sum()),
        "mean": float(probabilities[inside].mean()),
        "share": float(labels[inside].mean()),
    }


def _auc(labels: Integers, probabilities: Floats) -> float | None:
    yes = int(labels.sum())
    no = len(labels) - yes
    if not yes or not no:
        return None
    _, index, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[index]  # ties get their mean rank
    return float((ranks[labels == 1].sum() - yes * (yes + 1) / 2) / (yes * no))
