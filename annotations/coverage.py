"""Precision and coverage of a recogniser's answers, as MS-Celeb-1M defines them.

Of n pictures, the first m show a known entity. The others are distractors and do not
count. The recogniser answers some of the m, each with a confidence c. At a threshold t,
the coverage C(t) is the share of the m with c >= t, and the precision P(t) is the share
of these that are correct. The result is the greatest C(t) with P(t) >= P_min over all
thresholds. Precision is not monotone, so the search continues after a dip. Plain Python.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

PRECISIONS = ("0.95", "0.99")
CURVE_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Point:
    """A threshold, with the precision and coverage of the answers at or above it."""

    threshold: float
    precision: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """The figures of some results. A threshold is None if no point is precise enough."""

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
) -> Measurement:
    """Measure answers (confidence, whether it is correct) for `m` known pictures.

    Pictures without an answer are missing in `answers` but count in m.
    """
    pairs = list(answers)
    if not 0 <= len(pairs) <= m or m < 1:
        raise ValueError(
            "There are answers to at most m pictures, and m is at least 1."
        )
    points = curve(pairs, m)
    best = {minimum: best_point(points, float(minimum)) for minimum in precisions}
    return Measurement(
        coverage={minimum: p.coverage if p else 0.0 for minimum, p in best.items()},
        threshold={minimum: p.threshold if p else None for minimum, p in best.items()},
        curve=thin_out(points, [p for p in best.values() if p]),
        answered=len(pairs),
        correct=sum(is_correct for _, is_correct in pairs),
        m=m,
    )


def curve(answers: Sequence[tuple[float, bool]], m: int) -> list[Point]:
    """Return a point for each distinct confidence, from the highest to the lowest."""
    by_confidence = sorted(answers, key=lambda answer: answer[0], reverse=True)
    points: list[Point] = []
    count = correct = 0
    for threshold, group in groupby(by_confidence, key=lambda answer: answer[0]):
        for _, is_correct in group:
            count += 1
            correct += is_correct
        # Python's division rounds correctly, so 19 / 20 == 0.95.
        points.append(Point(threshold, correct / count, count / m))
    return points


def best_point(points: Sequence[Point], precision: float) -> Point | None:
    """Return the point of greatest coverage with this precision or more.

    `points` are sorted by coverage.
    """
    return next((p for p in reversed(points) if p.precision >= precision), None)


def thin_out(
    points: Sequence[Point], required: Iterable[Point], limit: int = CURVE_POINTS
) -> list[Point]:
    """Return at most `limit` points in order: the first, the last and all `required`."""
    if len(points) <= limit:
        return list(points)
    always = set(required)
    free = limit - len(always)
    last = len(points) - 1
    evenly = {round(n * last / (free - 1)) for n in range(free)}
    return [p for n, p in enumerate(points) if n in evenly or p in always]


def precision_at(points: Sequence[Point], coverage: float) -> float | None:
    """Return the precision at the first threshold with this coverage, None without one."""
    return next((p.precision for p in points if p.coverage >= coverage), None)
