"""Coefficients of parts of a batch: all of it, a week, the control share."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from annotations.coefficients import (
    MEASURES,
    Undefined,
    coefficient,
    intervals,
    shares_of,
    values_in,
)
from annotations.coefficients.measures import Array, Measure, ac1s

from .ratings import VALUES, Integers, Pattern, Ratings

Mask = Any  # of the rows of Ratings


@dataclass(frozen=True)
class Table:
    """The number of judges by value for each pattern, and its sums for coefficients."""

    counts: Array
    sums: Array

    @classmethod
    def of(cls, patterns: list[Pattern]) -> "Table":
        """Count the values of each pattern."""
        counts = np.zeros((len(patterns), len(VALUES)))
        for n, pattern in enumerate(patterns):
            for _, value in pattern:
                counts[n, value] += 1
        return cls(counts, shares_of(counts))


def part_figures(
    ratings: Ratings,
    table: Table,
    mask: Mask = slice(None),
    *,
    seed: int = 0,
    has_intervals: bool = True,
) -> dict[str, Any]:
    """Return every coefficient of some rows and its interval, or why it is undefined.

    {candidates, entities, <name>: value or None, intervals: {name: [low, high] or
    None}, undefined: {name or intervals.name: reason}}. `candidates` counts those with
    two judges or more, `entities` those with such a candidate.
    """
    times, pattern = ratings.times[mask], ratings.pattern[mask]
    totals = np.bincount(pattern, weights=times, minlength=len(table.sums))
    sums = totals @ table.sums
    is_compared = (table.counts.sum(axis=1) > 1)[pattern]
    figures: dict[str, Any] = {
        "candidates": int(times[is_compared].sum()),
        "entities": len(np.unique(ratings.entity[mask][is_compared])),
        "intervals": dict.fromkeys(MEASURES),
        "undefined": {},
    }
    for name in MEASURES:
        value = coefficient(name, sums)
        if isinstance(value, Undefined):
            figures[name] = None
            figures["undefined"][name] = value.reason
        else:
            figures[name] = value
    if has_intervals:
        rows = _by_entity(ratings.entity[mask], pattern, times, table.sums)
        _add_intervals(figures, rows, sums, seed)
    return figures


def _by_entity(
    entity: Integers, pattern: Integers, times: Integers, sums: Array
) -> Array:
    """Return the sums of each entity."""
    entity_ids, index = np.unique(entity, return_inverse=True)
    rows = [
        np.bincount(index, weights=times * column[pattern], minlength=len(entity_ids))
        for column in sums.T
    ]
    return np.stack(rows, axis=1)


def _add_intervals(
    figures: dict[str, Any], rows: Array, sums: Array, seed: int
) -> None:
    measures: dict[str, Measure] = {
        name: measure for name, measure in MEASURES.items() if figures[name] is not None
    }
    if "gwet_ac1" in measures:
        measures["gwet_ac1"] = partial(ac1s, values=values_in(sums))
    add_intervals(figures, rows, measures, seed)


def add_intervals(
    figures: dict[str, Any], rows: Array, measures: dict[str, Measure], seed: int
) -> None:
    """Add the interval of each measure to figures, or the reason why it is undefined."""
    for name, interval in intervals(rows, measures, seed).items():
        if isinstance(interval, Undefined):
            figures["undefined"][f"intervals.{name}"] = interval.reason
        else:
            figures["intervals"][name] = list(interval)
