"""A study with simulated judges: the number of judgments until 99.5 % of truth is right.

It compares three ways through the same population, with the same verdicts of the same
judges: random order, uncertain first, and uncertain first with clearance. A candidate is
right if its truth, or the verdict it was cleared with, is the real one. An open candidate
is wrong. The result is the number of judgments from which 99.5 % stay right. Order alone
changes when a candidate is judged, not how often, so its ratio should be about 1.

The assumptions, all invented except for the shape of the similarities:

- 300 entities have 40 candidates each. 25 % show another person, 3 % are broken.
- Cosines are normal, about 0.60 for true candidates and about 0.08 for others. The spread
  has three parts: the picture (0.08 and 0.06, shared by cohesion), chance (0.10 and
  0.08), and the entity (0.03). Cohesion is about 0.70 and 0.20. One in a hundred of the
  others looks much like the entity (0.30 more of both), and one in a hundred true ones
  does not (0.30 less). So a threshold of 0.363 is wrong on about 3 %. That is between the
  0.3 % measured on 300 public pairs and the 7 % on real candidates, which include small
  and altered pictures.
- The harder population has about 0.55 and 0.10, all spreads 0.10, 0.04 for the entity,
  and twice as many that look different. 0.363 is wrong on about 9 %. It has no goal.
- Broken candidates, and 3 % of the others, show no face. They have no probability and are
  never cleared. Detection, side and rank are not informative here. There is one
  reference, so similarity does not improve with settled pictures as it does in reality.
- Five judges are wrong on 1, 2, 2, 3 and 4 % of candidates, independently of each other
  and of the picture. An error is a "no" for a "yes" or a broken one, and a "yes" for a
  "no". Two judge each candidate. While its truth is open, another one does, up to five.
- Each entity is judged completely before the next. Between entities the calibration is
  fitted as in reality: from 50 verdicts on, whenever their number grows by a quarter.
- A candidate is cleared if the latest fit, never the prior, puts it beyond 0.995, and it
  stays cleared. The audit has the 773 lowest lots of all cleared candidates, judged by
  people at once. A candidate that leaves the audit when more are cleared has been judged
  nevertheless. The audit fails, and clearance ends, as in the product: when its errors
  no longer bound the share of errors by 1 %, which for 773 happens at the fourth. An
  audit of 299 would fail at the first, and these judges are wrong that often themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations import sampling
from annotations.intervals import is_bounded
from annotations.scoring import calibration
from annotations.scoring.base import Prior
from annotations.scoring.fitting import GROWTH

from ._crowd import ENTITIES, HARDER, Bools, Floats, Population, World, crowd

SEEDS = (1, 2, 3)
PRIOR = Prior(midpoint=0.363, slope=14.0)
BEYOND, AUDIT, TOLERANCE = 0.995, 773, 0.01
TARGET = 0.995


@dataclass
class Walk:
    """One way through a world; `trail` has judgments and right candidates by step."""

    world: World
    is_judged: Bools
    cleared: NDArray[np.int64]  # 1: as yes, 0: as no, -1: not cleared
    judgments: int = 0
    audited: list[int] = field(default_factory=list)
    audit_errors: int = 0
    has_failed: bool = False
    trail: list[tuple[int, int]] = field(default_factory=list)

    def is_right(self) -> Bools:
        """Return which candidates are right now."""
        world = self.world
        is_well_cleared = self.cleared == world.kinds
        is_right: Bools = np.where(
            self.is_judged, world.is_well_judged, is_well_cleared
        )
        return is_right

    def judge(self, candidates: NDArray[np.int64]) -> None:
        """Let people judge these candidates completely."""
        self.is_judged[candidates] = True
        self.judgments += int(self.world.cost[candidates].sum())
        self.trail.append((self.judgments, int(self.is_right().sum())))


def study() -> list[dict[str, Any]]:
    """Count judgments until 99.5 % of truth is right, in three ways, for three seeds."""
    return [row for seed in SEEDS for row in _repeat(seed)]


def _repeat(seed: int) -> Iterator[dict[str, Any]]:
    world = crowd(seed, Population())
    limit = _judgments_needed(_randomly(world, seed))
    clearing = _uncertain_first(world, clears=True)
    name = f"99.5 % right, seed {seed}"
    yield _row(f"{name}: random order", limit)
    judgments = _judgments_needed(_uncertain_first(world, clears=False))
    yield _row(f"{name}: uncertain first", judgments, limit)
    yield _row(
        f"{name}: with clearance too", _judgments_needed(clearing), limit, "<= 0.6"
    )
    yield from _cleared(f"{name}, clearance", clearing)
    hard = crowd(seed, HARDER)
    clearing = _uncertain_first(hard, clears=True)
    limit = _judgments_needed(_randomly(hard, seed))
    yield _row(f"{name}: with clearance, harder", _judgments_needed(clearing), limit)
    yield from _cleared(f"{name}, clearance, harder", clearing)


def _cleared(name: str, walk: Walk) -> Iterator[dict[str, Any]]:
    """Yield the share of candidates that people did not judge, and its errors."""
    is_cleared = (walk.cleared >= 0) & ~walk.is_judged
    is_right = walk.is_right()[is_cleared]
    wrong = float((~is_right).mean()) if is_cleared.any() else 0.0
    yield _row(f"{name}: not asked", 100 * float(is_cleared.mean()), unit="%")
    yield _row(f"{name}: wrong of those", 100 * wrong, unit="%")
    yield _row(f"{name}: audited", len(walk.audited), unit="candidates")
    yield _row(f"{name}: errors of the audit", walk.audit_errors, unit="candidates")
    right = 100 * float(walk.is_right().mean())
    yield _row(f"{name}: right in the end", right, unit="%")


def _row(
    name: str,
    value: float | None,
    limit: float | None = None,
    goal: str = "",
    unit: str = "judgments",
) -> dict[str, Any]:
    """Return a row. If the target was never reached, it has no ratio and misses its goal."""
    ratio = value / limit if value is not None and limit else None
    is_missed = value is None and goal
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "limit": limit,
        "ratio": ratio,
        "goal": False if is_missed else goal,
    }


def _judgments_needed(walk: Walk) -> int | None:
    """Return the number of judgments from which the target is met; None if it never is."""
    target = TARGET * len(walk.is_judged)
    result = None
    for judgments, right in walk.trail:
        if right < target:
            result = None
        elif result is None:
            result = judgments
    return result


def _start(world: World) -> Walk:
    size = len(world.kinds)
    return Walk(world, np.zeros(size, bool), np.full(size, -1))


def _randomly(world: World, seed: int) -> Walk:
    """Judge all entities in random order."""
    walk = _start(world)
    weights = ((entity, 1.0) for entity in range(1, ENTITIES + 1))
    for entity in sampling.sample(weights, ENTITIES, seed):
        walk.judge(np.flatnonzero(world.entities == entity))
    return walk


def _uncertain_first(world: World, *, clears: bool) -> Walk:
    """Judge the open entity with the most doubt next, without its cleared candidates."""
    walk = _start(world)
    probabilities = calibration.probabilities(
        None, PRIOR, world.features, world.entities
    )
    next_fit: float = calibration.MIN_LABELS
    while (is_open := ~walk.is_judged & (walk.cleared < 0)).any():
        doubt = np.where(is_open, _doubt(probabilities, world.is_scored) + 1e-9, 0)
        entity = np.bincount(world.entities, doubt).argmax()
        walk.judge(np.flatnonzero(is_open & (world.entities == entity)))
        if walk.judgments < next_fit:
            continue
        next_fit = walk.judgments * GROWTH
        rows = walk.is_judged & world.is_scored & (world.votes >= 0)
        labels = (world.features[rows], world.votes[rows], world.entities[rows])
        if result := calibration.fit(*labels):
            probabilities = calibration.probabilities(
                result.parameters, PRIOR, world.features, world.entities
            )
            if clears:
                _clear(walk, probabilities)
    return walk


def _doubt(probabilities: Floats, is_scored: Bools) -> Floats:
    """Return the entropy in bits; 1 without a probability."""
    p = np.clip(probabilities, 1e-12, 1 - 1e-12)
    entropy = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    doubt: Floats = np.where(is_scored, entropy, 1.0)
    return doubt


def _clear(walk: Walk, probabilities: Floats) -> None:
    """Clear more candidates by the latest probabilities, and let people judge the audit."""
    world = walk.world
    if walk.has_failed:
        return
    is_no = probabilities <= 1 - BEYOND
    verdicts = np.where(probabilities >= BEYOND, 1, np.where(is_no, 0, -1))
    is_free = world.is_scored & ~walk.is_judged & (walk.cleared < 0)
    walk.cleared = np.where(is_free, verdicts, walk.cleared)
    lots = np.where(walk.cleared >= 0, world.lots, np.inf)
    lowest = np.argsort(lots)[: min(AUDIT, int(np.isfinite(lots).sum()))]
    new = lowest[~walk.is_judged[lowest]]
    walk.audited += new.tolist()
    walk.judge(new)
    # No and broken both count as not yes.
    wrong = world.votes[lowest] != walk.cleared[lowest]
    walk.audit_errors = int(wrong.sum())
    if walk.audit_errors and not is_bounded(walk.audit_errors, AUDIT, TOLERANCE):
        walk.has_failed = True
        walk.cleared[~walk.is_judged] = -1
