"""Each judge's error rates and each picture's true value: Dawid and Skene 1979.

Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, Applied
Statistics 28, 20-28. The algorithm starts from the shares of the votes (equation 3.1),
without smoothing: a judge who never gave a value has probability 0 of giving it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .measures import Array

MAX_ROUNDS = 500
TOLERANCE = 1e-7  # stop when the log-likelihood of an item grows by less

Ratings = Sequence[Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Reliability:
    """The estimates of the model.

    `shares[t]` is the share of items with true value t. `confusion[j, t, v]` is the
    probability that judge j gives v when t is true; the row is all zeros if the judge
    rated no item of true value t. `posterior[i, t]` is the probability that t is the
    true value of item i.
    """

    shares: Array
    confusion: Array
    posterior: Array
    log_likelihood: float
    rounds: int
    has_converged: bool


def dawid_skene(
    ratings: Ratings, *, judges: int, values: int, times: ArrayLike | None = None
) -> Reliability:
    """Estimate by EM. `ratings` holds the (judge, value) indexes of each item.

    A judge can rate an item several times. `times` is the number of equal items that
    each entry stands for (1 by default). Every item needs a rating.
    """
    weights = np.ones(len(ratings)) if times is None else np.asarray(times, float)
    item, judge, value = _flat(ratings)
    posterior = np.zeros((len(ratings), values))
    np.add.at(posterior, (item, value), 1)
    posterior /= posterior.sum(axis=1, keepdims=True)
    previous, rounds, has_converged = -np.inf, 0, False
    while rounds < MAX_ROUNDS and not has_converged:
        rounds += 1
        shares = weights @ posterior / weights.sum()
        counts = np.zeros((judges, values, values))  # judge, rated value, true value
        np.add.at(counts, (judge, value), (weights[:, None] * posterior)[item])
        confusion = _rates(counts.transpose(0, 2, 1))
        posterior, likelihood = _expect(item, confusion[judge, :, value], shares)
        total = float(weights @ likelihood)
        has_converged = bool(total - previous < TOLERANCE * weights.sum())
        previous = total
    return Reliability(shares, confusion, posterior, total, rounds, has_converged)


def _flat(ratings: Ratings) -> tuple[NDArray[np.int64], ...]:
    """Return the item, judge and value of every rating, as columns."""
    rows = [(n, j, v) for n, pairs in enumerate(ratings) for j, v in pairs]
    item, judge, value = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return item, judge, value


def _rates(counts: Array) -> Array:
    whole = counts.sum(axis=2, keepdims=True)
    rates: Array = np.zeros_like(counts)
    np.divide(counts, whole, out=rates, where=whole > 0)
    return rates


def _expect(
    item: NDArray[np.int64], chances: Array, shares: Array
) -> tuple[Array, Array]:
    """Return the posterior and the log-likelihood of each item (equation 2.5)."""
    with np.errstate(divide="ignore"):
        logs = np.log(chances)
        joint = np.tile(np.log(shares), (item[-1] + 1, 1))
    np.add.at(joint, item, logs)
    highest = joint.max(axis=1, keepdims=True)
    scaled = np.exp(joint - highest)
    whole = scaled.sum(axis=1, keepdims=True)
    return scaled / whole, (np.log(whole) + highest)[:, 0]
