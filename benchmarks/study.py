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
  seven of 299. What an audit found is what people say of it from then on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations import consensus, sampling
from annotations.consensus import Rules, Verdict
from annotations.scoring import calibration
from annotations.scoring.base import Prior
from annotations.scoring.fitting import GROWTH

SEEDS = (1, 2, 3)
ENTITIES, EACH = 300, 40
WRONG, BROKEN, FACELESS, ODD = 0.25, 0.03, 0.03, 0.01
ERRORS = (0.01, 0.02, 0.02, 0.03, 0.04)
KINDS = (Verdict.NO, Verdict.YES, Verdict.BROKEN)
RULES = Rules(required=2, maximum=len(ERRORS))
PRIOR = Prior(midpoint=0.363, slope=14.0)
BEYOND, AUDIT, TOO_MANY = 0.995, 299, 7
WANTED = 0.995

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A population, and what judges say of each candidate when they are asked."""

    entities: NDArray[np.int64]  # 1 to ENTITIES
    kinds: NDArray[np.int64]  # 1 yes, 0 no, 2 broken
    features: Floats
    is_scored: Bools
    lots: Floats
    cost: NDArray[np.int64]  # judgments until nothing more is asked
    is_well_judged: Bools  # the truth that comes of them is what it really is
    votes: NDArray[np.int64]  # 1 where most say yes, 0 where not, -1 at a tie


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
    world = _world(seed)
    plain = _randomly(world, seed)
    ordered = _uncertain_first(world, clears=False)
    clearing = _uncertain_first(world, clears=True)
    limit = _reached(plain)
    name = f"99.5 % right, seed {seed}"
    yield _row(f"{name}: random order", limit)
    yield _row(f"{name}: uncertain first", _reached(ordered), limit)
    yield _row(f"{name}: with clearance too", _reached(clearing), limit, "<= 0.6")
    cleared = (clearing.cleared >= 0) & ~clearing.is_judged
    share = float(100 * cleared.mean())
    wrong = (
        float(100 * (~clearing.is_right()[cleared]).mean()) if cleared.any() else 0.0
    )
    yield _row(f"{name}: cleared in the end", share, unit="%")
    yield _row(f"{name}: wrong of those", wrong, unit="%")
    yield _row(f"{name}: audited", len(clearing.audited), unit="candidates")
    yield _row(f"{name}: errors of the audit", clearing.audit_errors, unit="candidates")
    for way, walk in (("without", ordered), ("with", clearing)):
        right = float(100 * walk.is_right().mean())
        yield _row(f"{name}: right in the end {way} clearance", right, unit="%")


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


def _world(seed: int) -> World:
    chance = np.random.default_rng(seed)
    size = ENTITIES * EACH
    entities = np.repeat(np.arange(1, ENTITIES + 1), EACH)
    kinds = chance.choice(3, size, p=[WRONG, 1 - WRONG - BROKEN, BROKEN])
    said = [_ask(KINDS[kind], chance) for kind in kinds]
    ends = [consensus.truth(verdicts, RULES).verdict for verdicts in said]
    return World(
        entities=entities,
        kinds=kinds,
        features=_features(kinds == 1, entities, chance),
        is_scored=(kinds < 2) & (chance.random(size) >= FACELESS),
        lots=chance.random(size),
        cost=np.array([len(verdicts) for verdicts in said]),
        is_well_judged=np.array(
            [end is KINDS[kind] for end, kind in zip(ends, kinds, strict=True)]
        ),
        votes=np.array([_vote(verdicts) for verdicts in said]),
    )


def _features(
    is_true: Bools, entities: NDArray[np.int64], chance: np.random.Generator
) -> Floats:
    size = len(is_true)
    odd = 0.30 * (chance.random(size) < ODD) * np.where(is_true, -1, 1)
    picture = odd + chance.normal(0, 1, size) * np.where(is_true, 0.08, 0.06)
    spread = np.where(is_true, 0.10, 0.08)
    entity = chance.normal(0, 0.03, ENTITIES + 1)[entities]
    similarity = np.where(is_true, 0.60, 0.08) + picture + entity
    similarity += chance.normal(0, 1, size) * spread
    cohesion = np.where(is_true, 0.70, 0.20) + picture
    cohesion += chance.normal(0, 1, size) * spread
    columns = [
        np.clip(similarity, -1, 1),
        np.clip(cohesion, -1, 1),
        chance.uniform(0.6, 1, size),
        chance.uniform(40, 300, size),
        chance.permuted(np.tile(np.arange(EACH), (ENTITIES, 1)), axis=1).ravel(),
        np.ones(size),
    ]
    return np.column_stack(columns)


def _ask(truth: Verdict, chance: np.random.Generator) -> list[Verdict]:
    """What judges in random order say, until nobody more is asked."""
    verdicts: list[Verdict] = []
    slip = Verdict.YES if truth is Verdict.NO else Verdict.NO
    for judge in chance.permutation(len(ERRORS)):
        if consensus.need(verdicts, RULES) <= len(verdicts):
            break
        verdicts.append(slip if chance.random() < ERRORS[judge] else truth)
    return verdicts


def _vote(verdicts: Sequence[Verdict]) -> int:
    yes = sum(verdict is Verdict.YES for verdict in verdicts)
    return -1 if 2 * yes == len(verdicts) else int(2 * yes > len(verdicts))


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
