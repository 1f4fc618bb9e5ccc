"""Exact confidence intervals of a share that was observed in a sample. Plain Python.

Clopper and Pearson (1934): the interval contains the shares for which the observation
is not too unlikely.
"""

import math
from collections.abc import Callable

CONFIDENCE = 0.95
HALVINGS = 60


def share_interval(
    hits: int, trials: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the two-sided interval of a share, from `hits` in `trials`.

    It is (0, 1) without trials.
    """
    tail = (1 - confidence) / 2
    low, high = 0.0, 1.0
    if hits > 0:
        low = _smallest_share(lambda share: 1 - at_most(hits - 1, trials, share) > tail)
    if hits < trials:
        high = _smallest_share(lambda share: at_most(hits, trials, share) < tail)
    return low, high


def is_bounded(
    hits: int, trials: int, share: float, confidence: float = CONFIDENCE
) -> bool:
    """Return whether the true share is below `share` with this confidence."""
    return at_most(hits, trials, share) <= 1 - confidence


def at_most(hits: int, trials: int, share: float) -> float:
    """Return the probability of `hits` or fewer in `trials`, each with this share."""
    if hits >= trials:
        return 1.0
    return 1 - _beta(share, hits + 1, trials - hits)


def _smallest_share(is_reached: Callable[[float], bool]) -> float:
    """Return the smallest share from which on a condition is true."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logs + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Return its continued fraction by Lentz's method (Numerical Recipes, section 6.4)."""
    tiny = 1e-300
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _not_zero(1 + step * d, tiny)
            c = _not_zero(1 + step / c, tiny)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _not_zero(number: float, tiny: float) -> float:
    return number if abs(number) > tiny else tiny
