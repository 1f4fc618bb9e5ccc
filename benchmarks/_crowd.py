"""A simulated population and its judges; `study` states the assumptions and reasons."""

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
    """Distributions of cosines; each pair is for true candidates and for others."""

    similarity: tuple[float, float] = (0.60, 0.08)
    cohesion: tuple[float, float] = (0.70, 0.20)
    picture: tuple[float, float] = (0.08, 0.06)
    spread: tuple[float, float] = (0.10, 0.08)
    entity: float = 0.03
    odd: float = 0.01


HARDER = Population((0.55, 0.10), (0.70, 0.25), (0.1, 0.1), (0.1, 0.1), 0.04, 0.02)


@dataclass(frozen=True)
class World:
    """A population, and the verdicts that judges give on each candidate."""

    entities: NDArray[np.int64]  # 1 to ENTITIES
    kinds: NDArray[np.int64]  # 1 yes, 0 no, 2 broken
    features: Floats
    is_scored: Bools
    lots: Floats
    cost: NDArray[np.int64]  # judgments until no more are needed
    is_well_judged: Bools  # the judges' truth is the real one
    votes: NDArray[np.int64]  # 1: most verdicts are yes, 0: most are not, -1: a tie


def crowd(seed: int, population: Population) -> World:
    """Return a population. Equal seeds give equal populations."""
    generator = np.random.default_rng(seed)
    size = ENTITIES * EACH
    entities = np.repeat(np.arange(1, ENTITIES + 1), EACH)
    kinds = generator.choice(3, size, p=[WRONG, 1 - WRONG - BROKEN, BROKEN])
    verdicts = [_judge(KINDS[kind], generator) for kind in kinds]
    truths = [consensus.truth(group, RULES).verdict for group in verdicts]
    return World(
        entities=entities,
        kinds=kinds,
        features=_features(population, kinds == 1, entities, generator),
        is_scored=(kinds < 2) & (generator.random(size) >= FACELESS),
        lots=generator.random(size),
        cost=np.array([len(group) for group in verdicts]),
        is_well_judged=np.array(
            [t is KINDS[kind] for t, kind in zip(truths, kinds, strict=True)]
        ),
        votes=np.array([_vote(group) for group in verdicts]),
    )


def _features(
    population: Population,
    is_true: Bools,
    entities: NDArray[np.int64],
    generator: np.random.Generator,
) -> Floats:
    """Return columns as in FEATURES; only similarity and cohesion are informative."""
    size = len(is_true)

    def select(pair: tuple[float, float]) -> Floats:
        return np.where(is_true, *pair)

    odd = (generator.random(size) < population.odd) * select((-0.30, 0.30))
    picture = odd + generator.normal(0, select(population.picture))
    entity = generator.normal(0, population.entity, ENTITIES + 1)[entities]
    similarity = select(population.similarity) + picture + entity
    similarity += generator.normal(0, select(population.spread))
    cohesion = select(population.cohesion) + picture
    cohesion += generator.normal(0, select(population.spread))
    columns = [
        np.clip(similarity, -1, 1),
        np.clip(cohesion, -1, 1),
        generator.uniform(0.6, 1, size),
        generator.uniform(40, 300, size),
        generator.permuted(np.tile(np.arange(EACH), (ENTITIES, 1)), axis=1).ravel(),
    ]
    return np.column_stack(columns)


def _judge(truth: Verdict, generator: np.random.Generator) -> list[Verdict]:
    """Return verdicts of judges in random order until no more are needed."""
    verdicts: list[Verdict] = []
    error = Verdict.YES if truth is Verdict.NO else Verdict.NO
    for judge in generator.permutation(len(ERRORS)):
        if consensus.need(verdicts, RULES) <= len(verdicts):
            break
        verdicts.append(error if generator.random() < ERRORS[judge] else truth)
    return verdicts


def _vote(verdicts: Sequence[Verdict]) -> int:
    yes = sum(verdict is Verdict.YES for verdict in verdicts)
    return -1 if 2 * yes == len(verdicts) else int(2 * yes > len(verdicts))
