"""What each judge is like, and what the pictures are: Dawid and Skene 1979.

Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, Applied
Statistics 28, 20-28. Begun from the shares of the votes (their equation 3.1), without
any smoothing: a judge who never said a value has the chance 0 of saying it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .measures import Array

ROUNDS = 500
CLOSE = 1e-7  # the likelihood of an item grows by less: done

Ratings = Sequence[Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Reliability:
    """`confusion[j, t, v]`: how often judge j says v where t is true.

    `shares` of the true values; `posterior[i, t]`: how likely t is true of item i. A
    row of a judge who met no item like t is all zeros.
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
    """Estimate by EM. An item is what was said of it: (judge, value), each >= 0.

    A judge may have rated an item several times. `times`: how many items are like each
    (1 each by default). Every item needs a rating.
    """
    weights = np.ones(len(ratings)) if times is None else np.asarray(times, float)
    item, judge, value = _flat(ratings)
    posterior = np.zeros((len(ratings), values))
    np.add.at(posterior, (item, value), 1)
    posterior /= posterior.sum(axis=1, keepdims=True)
    before, rounds, has_converged = -np.inf, 0, False
    while rounds < ROUNDS and not has_converged:
        rounds += 1
        shares = weights @ posterior / weights.sum()
        said = np.zeros((judges, values, values))  # judge, value said, true value
        np.add.at(said, (judge, value), (weights[:, None] * posterior)[item])
        confusion = _rates(said.transpose(0, 2, 1))
        posterior, likelihood = _expect(item, confusion[judge, :, value], shares)
        after = float(weights @ likelihood)
        has_converged = bool(after - before < CLOSE * weights.sum())
        before = after
    return Reliability(shares, confusion, posterior, after, rounds, has_converged)


def _flat(ratings: Ratings) -> tuple[NDArray[np.int64], ...]:
    """Item, judge and value of every rating, as columns."""
    rows = [(n, j, v) for n, said in enumerate(ratings) for j, v in said]
    item, judge, value = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return item, judge, value


def _rates(said: Array) -> Array:
    whole = said.sum(axis=2, keepdims=True)
    return np.divide(said, whole, out=np.zeros_like(said), where=whole > 0)


def _expect(
    item: NDArray[np.int64], chances: Array, shares: Array
) -> tuple[Array, Array]:
    """The posterior and the log-likelihood of each item (their equation 2.5)."""
    with np.errstate(divide="ignore"):
        logs = np.log(chances)
        joint = np.tile(np.log(shares), (item[-1] + 1, 1))
    np.add.at(joint, item, logs)
    highest = joint.max(axis=1, keepdims=True)
    scaled = np.exp(joint - highest)
    whole = scaled.sum(axis=1, keepdims=True)
    return scaled / whole, (np.log(whole) + highest)[:, 0]
