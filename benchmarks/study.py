"""How many judgments until 99.5 % of the truth is right: a study with simulated judges.

Three ways through the same population, with the same verdicts of the same judges:
random order; uncertain first; uncertain first with clearance. A candidate counts as
right once its truth, or what it was cleared as, is what it really is; one that is still
open counts as wrong. The figure is the number of judgments from which on 99.5 % are
right. Order alone changes when, not how many, so its ratio should be about 1.

Assumptions, all of them made up but for the shape of the similarities:

- 300 entities of 40 candidates; 25 % show somebody else, 3 % are broken.
- Cosines: of the entity's own normal about 0.60, of others about 0.08; both spread by
  the picture (0.08 and 0.06, which cohesion shares), by chance (0.10 and 0.08) and by
  the entity (0.03). Cohesion is about 0.70 and 0.20. One in a hundred of the others
  looks much like the entity (0.30 more of both), and one in a hundred true ones does
  not (0.30 less). So 0.363 errs on about 3 %: between the 0.3 % that we measured on 300
  public pairs and the 7 % on real candidates, small and altered ones among them.
- The harder population: about 0.55 and 0.10, all spreads 0.10, the entity's 0.04, and
  twice as many that look otherwise; 0.363 errs on about 9 %. It has no goal.
- Broken ones, and 3 % of the rest, show no face: no probability, never cleared.
  Detection, side and rank say nothing here. One reference: similarity does not get
  better by pictures that were settled, as it does in the real thing.
- Five judges err on 1, 2, 2, 3 and 4 % of candidates, whatever these show, each
  independently; an error is a "no" for a "yes" or a broken one, and a "yes" for a "no".
  Two judge each candidate; while its truth is open, one more up to five.
- An entity is judged to its end before the next. Between entities the calibration is
  fitted anew as in the real thing: from 50 verdicts on, whenever they grew by a quarter.
- Cleared is what lies beyond 0.995 by the latest fit, never by the prior. Of all that is
  cleared those with the lowest 299 lots are the audit, judged by people at once. The
  audit fails, and clearance ends, where its errors show (95 %) more than 1 % wrong:
  seven errors. What is cleared changes with each fit, and so the audit grows: here to
  about twice its size, all counted. What an audit found is what people say of it from then on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations import sampling
from annotations.scoring import calibration
from annotations.scoring.base import Prior
from annotations.scoring.fitting import GROWTH

from ._crowd import ENTITIES, HARDER, Bools, Floats, Population, World, crowd

SEEDS = (1, 2, 3)
PRIOR = Prior(midpoint=0.363, slope=14.0)
BEYOND, AUDIT, TOO_MANY = 0.995, 299, 7
WANTED = 0.995


@dataclass
class Walk:
    """One way through a world; `trail` holds judgments and right ones, step by step."""

    world: World
    is_judged: Bools
    cleared: NDArray[np.int64]  # 1 as yes, 0 as no, -1 not
    judgments: int = 0
    audited: list[int] = field(default_factory=list)
    audit_errors: int = 0
    has_failed: bool = False
    trail: list[tuple[int, int]] = field(default_factory=list)

    def is_right(self) -> Bools:
        """Which candidates are right now."""
        world = self.world
        as_cleared = self.cleared == world.kinds
        return np.where(self.is_judged, world.is_well_judged, as_cleared)

    def judge(self, candidates: NDArray[np.int64]) -> None:
        """People judge these to their end."""
        self.is_judged[candidates] = True
        self.judgments += int(self.world.cost[candidates].sum())
        self.trail.append((self.judgments, int(self.is_right().sum())))


def study() -> list[dict[str, Any]]:
    """Judgments to 99.5 % correct truth, three ways, three times."""
    return [row for seed in SEEDS for row in _repeat(seed)]


def _repeat(seed: int) -> Iterator[dict[str, Any]]:
    world = crowd(seed, Population())
    limit = _reached(_randomly(world, seed))
    clearing = _uncertain_first(world, clears=True)
    name = f"99.5 % right, seed {seed}"
    yield _row(f"{name}: random order", limit)
    ordered = _reached(_uncertain_first(world, clears=False))
    yield _row(f"{name}: uncertain first", ordered, limit)
    yield _row(f"{name}: with clearance too", _reached(clearing), limit, "<= 0.6")
    yield from _cleared(f"{name}, clearance", clearing)
    hard = crowd(seed, HARDER)
    clearing = _uncertain_first(hard, clears=True)
    limit = _reached(_randomly(hard, seed))
    yield _row(f"{name}: with clearance, harder", _reached(clearing), limit)
    yield from _cleared(f"{name}, clearance, harder", clearing)


def _cleared(name: str, walk: Walk) -> Iterator[dict[str, Any]]:
    """How much was not asked, and how well that went."""
    cleared = (walk.cleared >= 0) & ~walk.is_judged
    wrong = float((~walk.is_right()[cleared]).mean()) if cleared.any() else 0.0
    yield _row(f"{name}: not asked", 100 * float(cleared.mean()), unit="%")
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
    """A figure; one that was never reached has no ratio and misses its goal."""
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


def _reached(walk: Walk) -> int | None:
    """The judgments from which on enough is right; None where it never is."""
    enough = WANTED * len(walk.is_judged)
    found = None
    for judgments, right in walk.trail:
        if right < enough:
            found = None
        elif found is None:
            found = judgments
    return found


def _start(world: World) -> Walk:
    size = len(world.kinds)
    return Walk(world, np.zeros(size, bool), np.full(size, -1))


def _randomly(world: World, seed: int) -> Walk:
    """All entities in random order."""
    walk = _start(world)
    alike = ((entity, 1.0) for entity in range(1, ENTITIES + 1))
    for entity in sampling.sample(alike, ENTITIES, seed):
        walk.judge(np.flatnonzero(world.entities == entity))
    return walk


def _uncertain_first(world: World, *, clears: bool) -> Walk:
    """Always the entity with most doubt that is open; what is cleared is not asked."""
    walk = _start(world)
    found = calibration.probabilities(None, PRIOR, world.features, world.entities)
    due: float = calibration.LABELS_ENOUGH
    while (asked := ~walk.is_judged & (walk.cleared < 0)).any():
        doubt = np.where(asked, _doubt(found, world.is_scored) + 1e-9, 0)
        entity = np.bincount(world.entities, doubt).argmax()
        walk.judge(np.flatnonzero(asked & (world.entities == entity)))
        if walk.judgments < due:
            continue
        due = walk.judgments * GROWTH
        known = walk.is_judged & world.is_scored & (world.votes >= 0)
        given = (world.features[known], world.votes[known], world.entities[known])
        if fitted := calibration.fit(*given):
            found = calibration.probabilities(
                fitted.parameters, PRIOR, world.features, world.entities
            )
            if clears:
                _clear(walk, found)
    return walk


def _doubt(found: Floats, is_scored: Bools) -> Floats:
    """Entropy in bits; where the model says nothing, all is in doubt."""
    sure = np.clip(found, 1e-12, 1 - 1e-12)
    entropy = -(sure * np.log2(sure) + (1 - sure) * np.log2(1 - sure))
    return np.where(is_scored, entropy, 1.0)


def _clear(walk: Walk, found: Floats) -> None:
    """Clear anew by the latest probabilities, and let people judge the audit."""
    world = walk.world
    if walk.has_failed:
        return
    beyond = np.where(found >= BEYOND, 1, np.where(found <= 1 - BEYOND, 0, -1))
    is_audited = np.isin(np.arange(len(found)), walk.audited)
    is_free = world.is_scored & (~walk.is_judged | is_audited)
    beyond = np.where(is_free, beyond, -1)
    walk.cleared = np.where(is_audited, walk.cleared, beyond)
    lowest = [c for c in np.argsort(world.lots) if beyond[c] >= 0][:AUDIT]
    fresh = np.array([c for c in lowest if not is_audited[c]], np.int64)
    walk.audited += fresh.tolist()
    # As elsewhere: no and broken are both not yes.
    walk.audit_errors += int((world.votes[fresh] != beyond[fresh]).sum())
    walk.judge(fresh)
    if walk.audit_errors >= TOO_MANY:
        walk.has_failed = True
        walk.cleared[~walk.is_judged] = -1
