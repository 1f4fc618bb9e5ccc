"""Precision and coverage of a recogniser's answers, as MS-Celeb-1M defines them.

Of n pictures the first m show a known entity; the others are distractors and count
nowhere. The recogniser answers some of the m, each with a confidence c. At a threshold
t, coverage C(t) is the share of the m with c >= t, and precision P(t) the share of
those that are right. What is asked for is the greatest C(t) with P(t) >= P_min, over
all thresholds: precision is not monotone, so a dip ends nothing. Plain Python.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

PRECISIONS = ("0.95", "0.99")
CURVE_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold: how precise and how many of the m are what lies at or above it."""

    threshold: float
    precision: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What is said of some results; thresholds are None where none is precise enough."""

    coverage: dict[str, float]
    threshold: dict[str, float | None]
    curve: list[Point]  # from the highest threshold to the lowest
    answered: int
    correct: int
    m: int


def measure(
    answers: Iterable[tuple[float, bool]],
    m: int,
    precisions: Sequence[str] = PRECISIONS,
) -> Measured:
    """Measure answers (confidence, whether it is right) to `m` known pictures.

    Pictures without an answer are left out of `answers` and still count in m.
    """
    known = list(answers)
    if not 0 <= len(known) <= m or m < 1:
        raise ValueError(
            "There are answers to at most m pictures, and m is at least 1."
        )
    points = curve(known, m)
    best = {asked: best_at(points, float(asked)) for asked in precisions}
    return Measured(
        coverage={asked: p.coverage if p else 0.0 for asked, p in best.items()},
        threshold={asked: p.threshold if p else None for asked, p in best.items()},
        curve=thinned(points, [p for p in best.values() if p]),
        answered=len(known),
        correct=sum(is_right for _, is_right in known),
        m=m,
    )


def curve(answers: Sequence[tuple[float, bool]], m: int) -> list[Point]:
    """A point for each confidence there is; equal ones enter together."""
    ordered = sorted(answers, key=lambda answer: answer[0], reverse=True)
    points: list[Point] = []
    taken = right = 0
    for threshold, group in groupby(ordered, key=lambda answer: answer[0]):
        for _, is_right in group:
            taken += 1
            right += is_right
        # Correctly rounded quotients: 19/20 is the very number that 0.95 is.
        points.append(Point(threshold, right / taken, taken / m))
    return points


def best_at(points: Sequence[Point], precision: float) -> Point | None:
    """The point of greatest coverage that is precise enough; coverage grows along them."""
    return next((p for p in reversed(points) if p.precision >= precision), None)


def thinned(
    points: Sequence[Point], kept: Iterable[Point], most: int = CURVE_POINTS
) -> list[Point]:
    """At most `most` of the points, in order: first and last, and all that are `kept`."""
    if len(points) <= most:
        return list(points)
    always = set(kept)
    free = most - len(always)
    last = len(points) - 1
    evenly = {round(n * last / (free - 1)) for n in range(free)}
    return [p for n, p in enumerate(points) if n in evenly or p in always]


def precision_at(points: Sequence[Point], coverage: float) -> float | None:
    """The precision at the first threshold that covers so much; None beyond the last."""
    return next((p.precision for p in points if p.coverage >= coverage), None)
