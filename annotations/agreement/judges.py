"""Judges beside each other: every pair, each by itself, and what each is like."""

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np

from annotations.coefficients import (
    Undefined,
    cohen_kappa,
    cohen_kappas,
    dawid_skene,
    intervals,
)
from annotations.coefficients.measures import Array

from .ratings import VALUES, Numbers, Ratings

K = len(VALUES)
PAIRS_SHOWN = 2000  # of those who share most
PAIRS_WITH_INTERVALS = 200
# Fewer judges tell nothing of each other's errors; fewer pictures say too little.
JUDGES_ENOUGH, PICTURES_ENOUGH = 3, 30


def totals_of(ratings: Ratings) -> Array:
    """How many candidates have each pattern."""
    many = len(ratings.patterns)
    totals = np.bincount(ratings.pattern, weights=ratings.times, minlength=many)
    return totals.astype(float)


def pairs(
    ratings: Ratings, *, seed: int = 0, has_intervals: bool = True
) -> list[dict[str, Any]]:
    """Each pair with candidates in common: n, percent, Cohen's kappa, intervals.

    Those who share most come first; judges are user numbers, the lower one first.
    """
    pattern, pair, cell, named = _flat(ratings)
    tables = np.zeros((len(named), K * K))
    np.add.at(tables, (pair, cell), totals_of(ratings)[pattern])
    shared = tables.sum(axis=1)
    order = np.argsort(-shared, kind="stable")[:PAIRS_SHOWN]
    order = order[shared[order] > 0]
    found = {int(n): _pair(ratings, named[n], tables[n]) for n in order}
    if has_intervals:
        for n in order[:PAIRS_WITH_INTERVALS]:
            chosen = pair == n
            rows = _by_entity(ratings, pattern[chosen], cell[chosen])
            _add_intervals(found[int(n)], rows, seed)
    return list(found.values())


def _flat(ratings: Ratings) -> tuple[Numbers, Numbers, Numbers, list[tuple[int, int]]]:
    """Of every two ratings of a pattern: the pattern, the pair, and the cell (a, b)."""
    places: dict[tuple[int, int], int] = {}
    rows = [
        (n, places.setdefault((a, b), len(places)), said_a * K + said_b)
        for n, said in enumerate(ratings.patterns)
        for (a, said_a), (b, said_b) in combinations(said, 2)
    ]
    pattern, pair, cell = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return pattern, pair, cell, list(places)


def _pair(ratings: Ratings, named: tuple[int, int], table: Array) -> dict[str, Any]:
    square = table.reshape(K, K)
    kappa = cohen_kappa(square)
    reasons = {"cohen_kappa": kappa.reason} if isinstance(kappa, Undefined) else {}
    return {
        "judges": [ratings.judges[judge] for judge in named],
        "n": int(table.sum()),
        "percent": float(np.trace(square) / table.sum()),
        "cohen_kappa": None if reasons else kappa,
        "undefined": reasons,
        "intervals": {"percent": None, "cohen_kappa": None},
    }


def _by_entity(ratings: Ratings, patterns: Numbers, cells: Numbers) -> Array:
    """A pair's table of each entity. A pattern holds a pair at most once."""
    cell_of = np.full(len(ratings.patterns), -1)
    cell_of[patterns] = cells
    cell = cell_of[ratings.pattern]
    mask = cell >= 0
    numbers, place = np.unique(ratings.entity[mask], return_inverse=True)
    flat = np.bincount(
        place * K * K + cell[mask],
        weights=ratings.times[mask],
        minlength=len(numbers) * K * K,
    ).astype(float)
    return flat.reshape(len(numbers), K * K)


def _percents(tables: Array) -> Array:
    return tables[..., :: K + 1].sum(axis=-1) / tables.sum(axis=-1)


def _add_intervals(found: dict[str, Any], rows: Array, seed: int) -> None:
    measures = {"percent": _percents}
    if found["cohen_kappa"] is not None:
        measures["cohen_kappa"] = cohen_kappas
    for name, interval in intervals(rows, measures, seed).items():
        if isinstance(interval, Undefined):
            found["undefined"][f"intervals.{name}"] = interval.reason
        else:
            found["intervals"][name] = list(interval)


def each(ratings: Ratings, counts: Array) -> list[dict[str, Any]]:
    """Each judge: verdicts by value, and own agreement over shared candidates.

    As judges are told it on their homes: the mean share of the others who said the
    same. `counts` are the judges of each pattern by value.
    """
    said, shared, agreeing = (Counter[Any]() for _ in range(3))
    for pattern, times, values in zip(
        ratings.patterns, totals_of(ratings), counts, strict=True
    ):
        for judge, value in pattern:
            said[judge, value] += times
            if len(pattern) > 1:
                shared[judge] += times
                agreeing[judge] += times * (values[value] - 1) / (len(pattern) - 1)
    return [
        {
            "judge": number,
            "n": int(sum(said[judge, value] for value in range(K))),
            "shared": int(shared[judge]),
            "percent": float(agreeing[judge] / shared[judge])
            if shared[judge]
            else None,
        }
        | {name: int(said[judge, value]) for value, name in enumerate(VALUES)}
        for judge, number in enumerate(ratings.judges)
    ]


def reliability(ratings: Ratings) -> dict[str, Any]:
    """What Dawid and Skene's model makes of the judges; advice, and no truth.

    Of candidates that two or more judged. {candidates, class_shares, judges: [{judge,
    n, confusion}], …}, or why there is none under `undefined`.
    """
    totals = totals_of(ratings)
    chosen = [n for n, said in enumerate(ratings.patterns) if len(said) > 1]
    candidates = int(totals[chosen].sum())
    said = [ratings.patterns[n] for n in chosen]
    judged: Counter[int] = Counter()
    for pattern, times in zip(said, totals[chosen], strict=True):
        for judge, _ in pattern:
            judged[judge] += int(times)
    reason = _too_little(len(judged), candidates)
    if reason:
        return {"candidates": candidates, "undefined": reason, "judges": []}
    found = dawid_skene(
        said, judges=len(ratings.judges), values=K, times=totals[chosen]
    )
    return {
        "candidates": candidates,
        "undefined": None,
        "class_shares": _by_value(found.shares),
        "log_likelihood": found.log_likelihood,
        "rounds": found.rounds,
        "has_converged": found.has_converged,
        "judges": [
            {
                "judge": ratings.judges[judge],
                "n": judged[judge],
                "confusion": {
                    true: _by_value(row) if row.sum() else None
                    for true, row in zip(VALUES, found.confusion[judge], strict=True)
                },
            }
            for judge in sorted(judged)
        ],
    }


def _too_little(judges: int, candidates: int) -> str:
    if judges < JUDGES_ENOUGH:
        return "Two judges who differ do not tell which of them errs: it takes three."
    if candidates < PICTURES_ENOUGH:
        return f"It takes {PICTURES_ENOUGH} pictures with two verdicts; there are {candidates}."
    return ""


def _by_value(row: Array) -> dict[str, float]:
    return {name: float(share) for name, share in zip(VALUES, row, strict=True)}
