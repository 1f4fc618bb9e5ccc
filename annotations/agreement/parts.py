"""Coefficients of parts of a batch: all of it, a week, the control share."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from annotations.coefficients import (
    MEASURES,
    Undefined,
    intervals,
    measured,
    shares_of,
    values_in,
)
from annotations.coefficients.measures import Array, Many, ac1s

from .ratings import VALUES, Pattern, Ratings

Mask = Any  # of the rows of Ratings


@dataclass(frozen=True)
class Table:
    """How many judges gave each value, of each pattern, and the sums of that."""

    counts: Array
    sums: Array

    @classmethod
    def of(cls, patterns: list[Pattern]) -> "Table":
        """Count them."""
        counts = np.zeros((len(patterns), len(VALUES)))
        for n, pattern in enumerate(patterns):
            for _, value in pattern:
                counts[n, value] += 1
        return cls(counts, shares_of(counts))


def part(
    ratings: Ratings,
    table: Table,
    mask: Mask = slice(None),
    *,
    seed: int = 0,
    has_intervals: bool = True,
) -> dict[str, Any]:
    """Every coefficient of some rows, its interval, and why there is none.

    {candidates, entities, <name>: value or None, intervals: {name: [low, high] or
    None}, undefined: {name or intervals.name: reason}}. Candidates are those that two
    judges or more judged, entities those that have one.
    """
    times, pattern = ratings.times[mask], ratings.pattern[mask]
    totals = np.bincount(pattern, weights=times, minlength=len(table.sums))
    sums = totals @ table.sums
    compared = (table.counts.sum(axis=1) > 1)[pattern]
    found: dict[str, Any] = {
        "candidates": int(times[compared].sum()),
        "entities": len(np.unique(ratings.entity[mask][compared])),
        "intervals": dict.fromkeys(MEASURES),
        "undefined": {},
    }
    for name in MEASURES:
        value = measured(name, sums)
        if isinstance(value, Undefined):
            found[name] = None
            found["undefined"][name] = value.reason
        else:
            found[name] = value
    if has_intervals:
        rows = _by_entity(ratings.entity[mask], pattern, times, table.sums)
        _add_intervals(found, rows, sums, seed)
    return found


def _by_entity(entity: Any, pattern: Any, times: Any, sums: Array) -> Array:
    """The sums of each entity."""
    numbers, place = np.unique(entity, return_inverse=True)
    rows = [
        np.bincount(place, weights=times * column[pattern], minlength=len(numbers))
        for column in sums.T
    ]
    return np.stack(rows, axis=1)


def _add_intervals(found: dict[str, Any], rows: Array, sums: Array, seed: int) -> None:
    measures: dict[str, Many] = {
        name: measure for name, measure in MEASURES.items() if found[name] is not None
    }
    if "gwet_ac1" in measures:
        measures["gwet_ac1"] = partial(ac1s, values=values_in(sums))
    for name, interval in intervals(rows, measures, seed).items():
        if isinstance(interval, Undefined):
            found["undefined"][f"intervals.{name}"] = interval.reason
        else:
            found["intervals"][name] = list(interval)
