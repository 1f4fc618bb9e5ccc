"""How far a share seen in a sample may be off. Plain Python, exact.

Clopper and Pearson (1934): the shares for which what was seen is not too unlikely.
"""

import math
from collections.abc import Callable

CONFIDENCE = 0.95
HALVINGS = 60


def share_interval(
    found: int, seen: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The two-sided interval of a share of which `found` of `seen` were found.

    (0, 1) where nothing was seen.
    """
    tail = (1 - confidence) / 2
    low, high = 0.0, 1.0
    if found > 0:
        low = _share_where(lambda share: 1 - at_most(found - 1, seen, share) > tail)
    if found < seen:
        high = _share_where(lambda share: at_most(found, seen, share) < tail)
    return low, high


def is_bounded(
    found: int, seen: int, share: float, confidence: float = CONFIDENCE
) -> bool:
    """Whether so few of `seen` tell, with this confidence, that the share is below."""
    return at_most(found, seen, share) <= 1 - confidence


def at_most(found: int, seen: int, share: float) -> float:
    """The probability of `found` or fewer among `seen`, each found with this share."""
    if found >= seen:
        return 1.0
    return 1 - _beta(share, found + 1, seen - found)


def _share_where(is_reached: Callable[[float], bool]) -> float:
    """The smallest share from which on something holds."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logs + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Its continued fraction, by Lentz's method (Numerical Recipes, section 6.4)."""
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
