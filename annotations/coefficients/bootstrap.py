"""Percentile intervals by drawing entities again (Efron 1979; a cluster bootstrap).

Pictures of one entity are alike, so entities are drawn, not pictures. Entities with the
same sums are interchangeable: drawing n of n entities is one multinomial draw over the
distinct sums, which is exact and quick.
"""

from collections.abc import Mapping

import numpy as np

from .measures import Array, Many, Undefined

REPLICATES = 200
AT_ONCE = 10  # replicates; bounds the memory
LEVEL = 95
DEFINED_ENOUGH = 0.9  # of the replicates; else the interval would flatter

ONE_ENTITY = Undefined("An interval needs two entities or more.")
MOSTLY_UNDEFINED = Undefined("Too few verdicts differ for an interval.")


def intervals(
    rows: Array, measures: Mapping[str, Many], seed: int = 0
) -> dict[str, tuple[float, float] | Undefined]:
    """The 95 % interval of each measure, of the sums of each entity.

    The same rows and seed give the same intervals.
    """
    if len(rows) < 2:
        return dict.fromkeys(measures, ONE_ENTITY)
    drawn = replicates(rows, seed)
    return {name: _middle(measure(drawn)) for name, measure in measures.items()}


def interval(
    rows: Array, measure: Many, seed: int = 0
) -> tuple[float, float] | Undefined:
    """The 95 % interval of one measure."""
    return intervals(rows, {"it": measure}, seed)["it"]


def _middle(found: Array) -> tuple[float, float] | Undefined:
    defined = found[~np.isnan(found)]
    if len(defined) < DEFINED_ENOUGH * REPLICATES:
        return MOSTLY_UNDEFINED
    edge = (100 - LEVEL) / 2
    low, high = np.percentile(defined, [edge, 100 - edge])
    return float(low), float(high)


def replicates(rows: Array, seed: int = 0) -> Array:
    """Sums of as many entities, drawn with replacement, 200 times."""
    distinct, counts = np.unique(np.round(rows, 9), axis=0, return_counts=True)
    chances = counts / counts.sum()
    random = np.random.default_rng(seed)
    drawn = [
        random.multinomial(len(rows), chances, size=AT_ONCE) @ distinct
        for _ in range(REPLICATES // AT_ONCE)
    ]
    return np.concatenate(drawn)
