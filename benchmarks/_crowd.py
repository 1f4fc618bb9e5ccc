"""A made-up population and its judges; `study` states what is assumed, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations import consensus
from annotations.consensus import Rules, Verdict

ENTITIES, EACH = 300, 40
WRONG, BROKEN, FACELESS = 0.25, 0.03, 0.03
ERRORS = (0.01, 0.02, 0.02, 0.03, 0.04)
KINDS = (Verdict.NO, Verdict.YES, Verdict.BROKEN)
RULES = Rules(required=2, maximum=len(ERRORS))

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """How cosines lie; each pair is of true ones and of others."""

    similarity: tuple[float, float] = (0.60, 0.08)
    cohesion: tuple[float, float] = (0.70, 0.20)
    picture: tuple[float, float] = (0.08, 0.06)
    spread: tuple[float, float] = (0.10, 0.08)
    entity: float = 0.03
    odd: float = 0.01


HARDER = Population((0.55, 0.10), (0.70, 0.25), (0.1, 0.1), (0.1, 0.1), 0.04, 0.02)


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


def crowd(seed: int, population: Population) -> World:
    """A population, the same for the same seed."""
    chance = np.random.default_rng(seed)
    size = ENTITIES * EACH
    entities = np.repeat(np.arange(1, ENTITIES + 1), EACH)
    kinds = chance.choice(3, size, p=[WRONG, 1 - WRONG - BROKEN, BROKEN])
    said = [_ask(KINDS[kind], chance) for kind in kinds]
    ends = [consensus.truth(verdicts, RULES).verdict for verdicts in said]
    return World(
        entities=entities,
        kinds=kinds,
        features=_features(population, kinds == 1, entities, chance),
        is_scored=(kinds < 2) & (chance.random(size) >= FACELESS),
        lots=chance.random(size),
        cost=np.array([len(verdicts) for verdicts in said]),
        is_well_judged=np.array(
            [end is KINDS[kind] for end, kind in zip(ends, kinds, strict=True)]
        ),
        votes=np.array([_vote(verdicts) for verdicts in said]),
    )


def _features(
    population: Population,
    is_true: Bools,
    entities: NDArray[np.int64],
    chance: np.random.Generator,
) -> Floats:
    """In the order of FEATURES; only similarity and cohesion say anything."""
    size = len(is_true)

    def of(pair: tuple[float, float]) -> Floats:
        return np.where(is_true, *pair)

    odd = (chance.random(size) < population.odd) * of((-0.30, 0.30))
    picture = odd + chance.normal(0, of(population.picture))
    entity = chance.normal(0, population.entity, ENTITIES + 1)[entities]
    similarity = of(population.similarity) + picture + entity
    similarity += chance.normal(0, of(population.spread))
    cohesion = of(population.cohesion) + picture
    cohesion += chance.normal(0, of(population.spread))
    columns = [
        np.clip(similarity, -1, 1),
        np.clip(cohesion, -1, 1),
        chance.uniform(0.6, 1, size),
        chance.uniform(40, 300, size),
        chance.permuted(np.tile(np.arange(EACH), (ENTITIES, 1)), axis=1).ravel(),
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
