"""Make `irrcac.tsv`: 500 random tables with the coefficients of irrCAC 0.4.4.

irrCAC needs numpy below version 2, so it needs its own environment: `pip install
irrCAC==0.4.4`, then `python annotations/tests/irrcac.py >
annotations/tests/irrcac.tsv`. A line has the verdicts of each judge on the candidates (a
digit each, `.` for a gap), Gwet's AC1, and Fleiss' kappa. Both are empty if irrCAC returns
nan or divides by zero.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

TABLES = 500


def tables(seed: int, *, is_complete: bool = False) -> Iterator[np.ndarray]:
    """Yield tables of judges x candidates, some of them skewed, with or without gaps."""
    random = np.random.default_rng(seed)
    for _ in range(TABLES):
        judges, candidates = random.integers(2, 6), random.integers(2, 25)
        values = int(random.integers(2, 6))
        chances = random.dirichlet(np.full(values, random.choice([0.3, 1, 5])))
        ratings = random.choice(values, p=chances, size=(judges, candidates))
        copied = random.random((judges, candidates)) < random.random()
        ratings = np.where(copied, ratings[0], ratings).astype(float)
        if not is_complete:
            ratings[random.random(ratings.shape) < random.random() * 0.6] = np.nan
        yield ratings


def figure(coefficient: Callable[[], dict[str, Any]]) -> str:
    """Return a coefficient as text."""
    try:
        value = coefficient()["est"]["coefficient_value"]
    except ZeroDivisionError:
        return ""
    return "" if np.isnan(value) else str(value)


def main() -> None:
    """Write the lines to standard output."""
    from irrCAC.raw import CAC  # noqa: PLC0415
    from pandas import DataFrame  # noqa: PLC0415

    for ratings in tables(5):
        rated = DataFrame(ratings.T).dropna(how="all")
        coefficients = CAC(rated, digits=12)
        text = " ".join("".join(_digit(value) for value in judge) for judge in ratings)
        figures = figure(coefficients.gwet), figure(coefficients.fleiss)
        sys.stdout.write("\t".join([text, *figures]) + "\n")


def _digit(value: float) -> str:
    return "." if np.isnan(value) else str(int(value))


if __name__ == "__main__":
    main()
