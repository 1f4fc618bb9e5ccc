"""All that is known of a batch's agreement, as what is stored: user and row numbers.

No name and no key is kept here, so that an erasure leaves nothing behind.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import numpy as np

from annotations.coefficients.measures import Array

from . import judges
from .parts import Table, part
from .ratings import VALUES, Ratings, pictures_of

FIRST_MONDAY = date(1970, 1, 5)
WEEKS_SHOWN = 60
SHOWN = 20  # entities, and pictures, where judges differ most
NO_CONTROL = "This batch keeps no random control share."
NOT_COMPARED = "Nothing of the control share was judged by two judges so far."


def figures_of(
    ratings: Ratings,
    controls: Collection[int],
    *,
    seed: int = 0,
    has_intervals: bool = True,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer of the API, and the details of the page.

    `controls` are the entities of the random control share.
    """
    told: dict[str, Any] = {"seed": seed, "has_intervals": has_intervals}
    is_control = np.isin(ratings.entity, list(controls))
    none = NOT_COMPARED if controls else NO_CONTROL
    without = ratings.without_broken()
    counts = Table.of(ratings.patterns).counts
    figures = _part(ratings, told) | {
        "judges": len(ratings.judges),
        "per_judge": judges.each(ratings, counts),
        "parts": {
            "all_without_broken": _part(without, told),
            "control": _part(ratings.only(is_control), told, none),
            "control_without_broken": _part(without.only(is_control), told, none),
        },
    }
    details = {
        "entities": _entities(ratings, counts),
        "reliability": judges.reliability(ratings),
    }
    return figures, details


def _part(ratings: Ratings, told: dict[str, Any], none: str = "") -> dict[str, Any]:
    """Coefficients of some rows, of each pair of judges and of each week.

    `none` says why there is nothing to compare, where there is not.
    """
    table = Table.of(ratings.patterns)
    found = part(ratings, table, **told)
    if none and not found["candidates"]:
        found["undefined"] = dict.fromkeys(found["undefined"], none)
    found["pairs"] = judges.pairs(ratings, **told)
    found["weeks"] = _weeks(ratings, table, told)
    return found


def _weeks(ratings: Ratings, table: Table, told: dict[str, Any]) -> list[dict]:
    """Each week's coefficients; a candidate counts in the week of its last verdict."""
    compared = (table.counts.sum(axis=1) > 1)[ratings.pattern]
    weeks = np.unique(ratings.week[compared])[-WEEKS_SHOWN:]
    return [
        {"week": str(FIRST_MONDAY + timedelta(weeks=int(week)))}
        | part(ratings, table, ratings.week == week, **told)
        for week in weeks
    ]


def _differences(counts: Array) -> Array:
    """The share of pairs of judges who differ, of each row; 0 where there is no pair."""
    judged = counts.sum(axis=1)
    pairs = judged * (judged - 1)
    same = (counts * (counts - 1)).sum(axis=1)
    return np.where(pairs > 0, 1 - same / np.maximum(pairs, 1), 0)


def _entities(ratings: Ratings, counts: Array) -> list[dict[str, Any]]:
    """Where judges differ most: by the sum of the differences, then by their mean."""
    numbers, place = np.unique(ratings.entity, return_inverse=True)
    differ = _differences(counts)[ratings.pattern] * ratings.times
    compared = (counts.sum(axis=1) > 1)[ratings.pattern] * ratings.times
    sums = np.bincount(place, weights=differ, minlength=len(numbers))
    shared = np.bincount(place, weights=compared, minlength=len(numbers))
    order = np.lexsort((shared, -sums))[:SHOWN]
    return [
        {
            "entity": int(numbers[n]),
            "candidates": int(shared[n]),
            "differ": float(sums[n]),
        }
        for n in order
        if sums[n] > 0
    ]


def pictures(batch_id: int, ratings: Ratings) -> list[dict[str, Any]]:
    """The pictures where judges differ most: by share of pairs, then by verdicts.

    They all lie in the entities of the rows that differ most, so few are read.
    """
    counts = Table.of(ratings.patterns).counts
    differ, judged = _differences(counts), counts.sum(axis=1)
    of_row, of_judges = differ[ratings.pattern], judged[ratings.pattern]
    order = np.lexsort((-of_judges, -of_row))[:SHOWN]
    entities = {int(ratings.entity[n]) for n in order if of_row[n] > 0}
    if not entities:
        return []
    found = np.array(pictures_of(batch_id, sorted(entities)), dtype=np.int64)
    said = found[:, 2:]
    differ = _differences(said.astype(float))
    order = np.lexsort((-said.sum(axis=1), -differ))[:SHOWN]
    return [
        {"candidate": int(found[n, 0]), "entity": int(found[n, 1])}
        | {value: int(said[n, k]) for k, value in enumerate(VALUES)}
        for n in order
        if differ[n] > 0
    ]
