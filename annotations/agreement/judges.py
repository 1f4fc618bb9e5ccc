"""Judges compared: every pair, a row for each judge, and estimates of their errors."""

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np

from annotations.coefficients import (
    Undefined,
    cohen_kappa,
    cohen_kappas,
    dawid_skene,
)
from annotations.coefficients.measures import Array, Measure

from .parts import add_intervals
from .ratings import VALUES, Integers, Ratings

K = len(VALUES)
PAIRS_SHOWN = 2000  # those with most shared candidates
PAIRS_WITH_INTERVALS = 200
# With fewer judges, or fewer pictures, errors cannot be attributed to a judge.
MIN_JUDGES, MIN_PICTURES = 3, 30


def totals_of(ratings: Ratings) -> Array:
    """Return the number of candidates for each pattern."""
    totals = np.bincount(
        ratings.pattern, weights=ratings.times, minlength=len(ratings.patterns)
    )
    return totals.astype(float)


def pairs(
    ratings: Ratings, *, seed: int = 0, has_intervals: bool = True
) -> list[dict[str, Any]]:
    """Return n, percent, Cohen's kappa and intervals of pairs with shared candidates.

    Pairs with most shared candidates come first. Judges are user ids, the lower first.
    """
    pattern, pair, cell, judge_pairs = _flatten(ratings)
    tables = np.zeros((len(judge_pairs), K * K))
    np.add.at(tables, (pair, cell), totals_of(ratings)[pattern])
    sizes = tables.sum(axis=1)
    order = np.argsort(-sizes, kind="stable")[:PAIRS_SHOWN]
    order = order[sizes[order] > 0]
    figures = {int(n): _pair(ratings, judge_pairs[n], tables[n]) for n in order}
    if has_intervals:
        for n in order[:PAIRS_WITH_INTERVALS]:
            mask = pair == n
            rows = _by_entity(ratings, pattern[mask], cell[mask])
            _add_intervals(figures[int(n)], rows, seed)
    return list(figures.values())


def _flatten(
    ratings: Ratings,
) -> tuple[Integers, Integers, Integers, list[tuple[int, int]]]:
    """Return columns with a row for every two ratings of a pattern, and the pairs.

    The columns are the pattern, the index of the pair, and the cell of its table.
    """
    indexes: dict[tuple[int, int], int] = {}
    rows = [
        (n, indexes.setdefault((a, b), len(indexes)), value_a * K + value_b)
        for n, pattern in enumerate(ratings.patterns)
        for (a, value_a), (b, value_b) in combinations(pattern, 2)
    ]
    pattern, pair, cell = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return pattern, pair, cell, list(indexes)


def _pair(ratings: Ratings, judges: tuple[int, int], table: Array) -> dict[str, Any]:
    square = table.reshape(K, K)
    kappa = cohen_kappa(square)
    reasons = {"cohen_kappa": kappa.reason} if isinstance(kappa, Undefined) else {}
    return {
        "judges": [ratings.judges[judge] for judge in judges],
        "n": int(table.sum()),
        "percent": float(np.trace(square) / table.sum()),
        "cohen_kappa": None if reasons else kappa,
        "undefined": reasons,
        "intervals": {"percent": None, "cohen_kappa": None},
    }


def _by_entity(ratings: Ratings, patterns: Integers, cells: Integers) -> Array:
    """Return a pair's table for each entity. A pattern holds a pair at most once."""
    cell_of = np.full(len(ratings.patterns), -1)
    cell_of[patterns] = cells
    cell = cell_of[ratings.pattern]
    mask = cell >= 0
    entity_ids, index = np.unique(ratings.entity[mask], return_inverse=True)
    flat = np.bincount(
        index * K * K + cell[mask],
        weights=ratings.times[mask],
        minlength=len(entity_ids) * K * K,
    ).astype(float)
    return flat.reshape(len(entity_ids), K * K)


def _percents(tables: Array) -> Array:
    return np.asarray(tables[..., :: K + 1].sum(axis=-1) / tables.sum(axis=-1))


def _add_intervals(figures: dict[str, Any], rows: Array, seed: int) -> None:
    measures: dict[str, Measure] = {"percent": _percents}
    if figures["cohen_kappa"] is not None:
        measures["cohen_kappa"] = cohen_kappas
    add_intervals(figures, rows, measures, seed)


def judge_rows(ratings: Ratings, counts: Array) -> list[dict[str, Any]]:
    """Return each judge's number of verdicts by value, and agreement with the others.

    The agreement is the mean share of the others who gave the same verdict, as on the
    judge's home page. `counts` are the judges of each pattern by value.
    """
    verdicts, comparisons, agreements = (Counter[Any]() for _ in range(3))
    for pattern, times, values in zip(
        ratings.patterns, totals_of(ratings), counts, strict=True
    ):
        for judge, value in pattern:
            verdicts[judge, value] += times
            if len(pattern) > 1:
                comparisons[judge] += times
                agreements[judge] += times * (values[value] - 1) / (len(pattern) - 1)
    return [
        {
            "judge": user_id,
            "n": int(sum(verdicts[judge, value] for value in range(K))),
            "shared": int(comparisons[judge]),
            "percent": float(agreements[judge] / comparisons[judge])
            if comparisons[judge]
            else None,
        }
        | {name: int(verdicts[judge, value]) for value, name in enumerate(VALUES)}
        for judge, user_id in enumerate(ratings.judges)
    ]


def reliability(ratings: Ratings) -> dict[str, Any]:
    """Return the estimates of Dawid and Skene's model: advice, not truth.

    They cover candidates with two judges or more. {candidates, class_shares, judges:
    [{judge, n, confusion}], …}, or the reason for no estimates under `undefined`.
    """
    totals = totals_of(ratings)
    indexes = [n for n, pattern in enumerate(ratings.patterns) if len(pattern) > 1]
    candidates = int(totals[indexes].sum())
    patterns = [ratings.patterns[n] for n in indexes]
    verdicts: Counter[int] = Counter()
    for pattern, times in zip(patterns, totals[indexes], strict=True):
        for judge, _ in pattern:
            verdicts[judge] += int(times)
    reason = _why_undefined(len(verdicts), candidates)
    if reason:
        return {"candidates": candidates, "undefined": reason, "judges": []}
    model = dawid_skene(
        patterns, judges=len(ratings.judges), values=K, times=totals[indexes]
    )
    return {
        "candidates": candidates,
        "undefined": None,
        "class_shares": _by_value(model.shares),
        "log_likelihood": model.log_likelihood,
        "rounds": model.rounds,
        "has_converged": model.has_converged,
        "judges": [
            {
                "judge": ratings.judges[judge],
                "n": verdicts[judge],
                "confusion": _confusion(model.confusion[judge]),
            }
            for judge in sorted(verdicts)
        ],
    }


def _why_undefined(judges: int, candidates: int) -> str:
    if judges < MIN_JUDGES:
        return (
            "With two judges, a difference does not show who is wrong: it takes three."
        )
    if candidates < MIN_PICTURES:
        return (
            f"It takes {MIN_PICTURES} pictures with two verdicts; there are "
            f"{candidates}."
        )
    return ""


def _confusion(matrix: Array) -> dict[str, dict[str, float] | None]:
    return {
        true_value: _by_value(row) if row.sum() else None
        for true_value, row in zip(VALUES, matrix, strict=True)
    }


def _by_value(row: Array) -> dict[str, float]:
    return {name: float(share) for name, share in zip(VALUES, row, strict=True)}
