"""Percentile intervals by resampling entities (Efron 1979; a cluster bootstrap).

Pictures of one entity are similar, so entities are resampled, not pictures. Entities
with the same sums are interchangeable. Drawing n of n entities is therefore one
multinomial draw over the distinct sums, which is exact and fast.
"""

from collections.abc import Mapping

import numpy as np

from .measures import Array, Measure, Undefined

REPLICATES = 200
REPLICATES_PER_DRAW = 10  # bounds the memory
LEVEL = 95
MIN_DEFINED_SHARE = 0.9  # of the replicates; with fewer the interval is too narrow

ONE_ENTITY = Undefined("An interval needs two entities or more.")
MOSTLY_UNDEFINED = Undefined("Too few verdicts differ for an interval.")


def intervals(
    rows: Array, measures: Mapping[str, Measure], seed: int = 0
) -> dict[str, tuple[float, float] | Undefined]:
    """Return the 95 % interval of each measure. `rows` are the sums of each entity.

    The same rows and seed give the same intervals.
    """
    if len(rows) < 2:
        return dict.fromkeys(measures, ONE_ENTITY)
    sums = replicates(rows, seed)
    return {name: _middle(measure(sums)) for name, measure in measures.items()}


def interval(
    rows: Array, measure: Measure, seed: int = 0
) -> tuple[float, float] | Undefined:
    """Return the 95 % interval of one measure."""
    return intervals(rows, {"measure": measure}, seed)["measure"]


def _middle(values: Array) -> tuple[float, float] | Undefined:
    defined = values[~np.isnan(values)]
    if len(defined) < MIN_DEFINED_SHARE * REPLICATES:
        return MOSTLY_UNDEFINED
    edge = (100 - LEVEL) / 2
    low, high = np.percentile(defined, [edge, 100 - edge])
    return float(low), float(high)


def replicates(rows: Array, seed: int = 0) -> Array:
    """Return the sums of as many entities, drawn with replacement, 200 times."""
    distinct, counts = np.unique(np.round(rows, 9), axis=0, return_counts=True)
    chances = counts / counts.sum()
    random = np.random.default_rng(seed)
    sums = [
        random.multinomial(len(rows), chances, size=REPLICATES_PER_DRAW) @ distinct
        for _ in range(REPLICATES // REPLICATES_PER_DRAW)
    ]
    return np.concatenate(sums)
