"""The figures of an agreement report as they are stored, with user and row ids.

Names and entity keys are never stored here, so that an erasure leaves nothing behind.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import numpy as np

from annotations.coefficients.measures import Array

from . import judges
from .parts import Table, part_figures
from .ratings import VALUES, Ratings, votes_on_pictures

FIRST_MONDAY = date(1970, 1, 5)
WEEKS_SHOWN = 60
ROWS_SHOWN = 20  # entities, and pictures, where judges differ most
NO_CONTROL = "This batch keeps no random control share."
NOT_COMPARED = "No picture of the control share has verdicts of two judges yet."


def figures_of(
    ratings: Ratings,
    controls: Collection[int],
    *,
    seed: int = 0,
    has_intervals: bool = True,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures for the API and the details for the page.

    `controls` are the entities of the random control share.
    """
    options: dict[str, Any] = {"seed": seed, "has_intervals": has_intervals}
    is_control = np.isin(ratings.entity, list(controls))
    reason = NOT_COMPARED if controls else NO_CONTROL
    without = ratings.without_broken()
    counts = Table.of(ratings.patterns).counts
    figures = _part(ratings, options) | {
        "judges": len(ratings.judges),
        "per_judge": judges.judge_rows(ratings, counts),
        "parts": {
            "all_without_broken": _part(without, options),
            "control": _part(ratings.only(is_control), options, reason),
            "control_without_broken": _part(without.only(is_control), options, reason),
        },
    }
    details = {
        "entities": _most_disputed_entities(ratings, counts),
        "reliability": judges.reliability(ratings),
    }
    return figures, details


def _part(
    ratings: Ratings, options: dict[str, Any], reason: str = ""
) -> dict[str, Any]:
    """Return the coefficients of some rows, of each pair of judges and of each week.

    `reason` explains why there is nothing to compare, if there is nothing.
    """
    table = Table.of(ratings.patterns)
    figures = part_figures(ratings, table, **options)
    if reason and not figures["candidates"]:
        figures["undefined"] = dict.fromkeys(figures["undefined"], reason)
    figures["pairs"] = judges.pairs(ratings, **options)
    figures["weeks"] = _weeks(ratings, table, options)
    return figures


def _weeks(
    ratings: Ratings, table: Table, options: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the coefficients of each week. A candidate belongs to its last verdict's."""
    is_compared = (table.counts.sum(axis=1) > 1)[ratings.pattern]
    weeks = np.unique(ratings.week[is_compared])[-WEEKS_SHOWN:]
    return [
        {"week": str(FIRST_MONDAY + timedelta(weeks=int(week)))}
        | part_figures(ratings, table, ratings.week == week, **options)
        for week in weeks
    ]


def _disagreement(counts: Array) -> Array:
    """Return the share of differing pairs of judges for each row; 0 without a pair."""
    judge_counts = counts.sum(axis=1)
    pairs = judge_counts * (judge_counts - 1)
    agreeing_pairs = (counts * (counts - 1)).sum(axis=1)
    share: Array = np.where(pairs > 0, 1 - agreeing_pairs / np.maximum(pairs, 1), 0)
    return share


def _most_disputed_entities(ratings: Ratings, counts: Array) -> list[dict[str, Any]]:
    """Return entities by the sum of disagreements, largest first, then by their mean."""
    entity_ids, index = np.unique(ratings.entity, return_inverse=True)
    disagreement = _disagreement(counts)[ratings.pattern] * ratings.times
    comparisons = (counts.sum(axis=1) > 1)[ratings.pattern] * ratings.times
    sums = np.bincount(index, weights=disagreement, minlength=len(entity_ids))
    candidates = np.bincount(index, weights=comparisons, minlength=len(entity_ids))
    order = np.lexsort((candidates, -sums))[:ROWS_SHOWN]
    return [
        {
            "entity": int(entity_ids[n]),
            "candidates": int(candidates[n]),
            "differ": float(sums[n]),
        }
        for n in order
        if sums[n] > 0
    ]


def most_disputed_pictures(batch_id: int, ratings: Ratings) -> list[dict[str, Any]]:
    """Return pictures by the share of differing pairs, then by the number of verdicts.

    All of them belong to the entities of the most disputed rows, so few are read.
    """
    entities = _entities_of_most_disputed_rows(ratings)
    if not entities:
        return []
    rows = np.array(votes_on_pictures(batch_id, entities), dtype=np.int64)
    votes = rows[:, 2:]
    disagreement = _disagreement(votes.astype(float))
    order = np.lexsort((-votes.sum(axis=1), -disagreement))[:ROWS_SHOWN]
    return [
        {"candidate": int(rows[n, 0]), "entity": int(rows[n, 1])}
        | {value: int(votes[n, k]) for k, value in enumerate(VALUES)}
        for n in order
        if disagreement[n] > 0
    ]


def _entities_of_most_disputed_rows(ratings: Ratings) -> list[int]:
    counts = Table.of(ratings.patterns).counts
    disagreement = _disagreement(counts)[ratings.pattern]
    judge_counts = counts.sum(axis=1)[ratings.pattern]
    order = np.lexsort((-judge_counts, -disagreement))[:ROWS_SHOWN]
    return sorted({int(ratings.entity[n]) for n in order if disagreement[n] > 0})
