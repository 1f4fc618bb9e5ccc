"""How `irrcac.tsv` was made: 500 random tables and what irrCAC 0.4.4 says of them.

irrCAC needs a numpy below 2, so it cannot stand beside ours. In an environment of its
own: `pip install irrCAC==0.4.4`, then `python annotations/tests/irrcac.py >
annotations/tests/irrcac.tsv`. A line is what each judge said of the candidates, a digit
for each, `.` for nothing; Gwet's AC1; Fleiss' kappa. Both are empty where irrCAC has no
number or divides by zero.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np

TABLES = 500


def tables(seed: int, *, is_complete: bool = False) -> Iterator[np.ndarray]:
    """Tables of judges x candidates, some skewed as ours are, with gaps or without."""
    random = np.random.default_rng(seed)
    for _ in range(TABLES):
        judges, candidates = random.integers(2, 6), random.integers(2, 25)
        values = int(random.integers(2, 6))
        chances = random.dirichlet(np.full(values, random.choice([0.3, 1, 5])))
        said = random.choice(values, p=chances, size=(judges, candidates))
        copied = random.random((judges, candidates)) < random.random()
        said = np.where(copied, said[0], said).astype(float)
        if not is_complete:
            said[random.random(said.shape) < random.random() * 0.6] = np.nan
        yield said


def figure(coefficient: Callable[[], dict]) -> str:
    """A coefficient as text."""
    try:
        value = coefficient()["est"]["coefficient_value"]
    except ZeroDivisionError:
        return ""
    return "" if np.isnan(value) else str(value)


def main() -> None:
    """Write the lines."""
    from irrCAC.raw import CAC  # noqa: PLC0415
    from pandas import DataFrame  # noqa: PLC0415

    for said in tables(5):
        judged = DataFrame(said.T).dropna(how="all")
        found = CAC(judged, digits=12)
        text = " ".join("".join(_digit(each) for each in judge) for judge in said)
        figures = figure(found.gwet), figure(found.fleiss)
        sys.stdout.write("\t".join([text, *figures]) + "\n")


def _digit(value: float) -> str:
    return "." if np.isnan(value) else str(int(value))


if __name__ == "__main__":
    main()
