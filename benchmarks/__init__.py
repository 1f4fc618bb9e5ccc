"""Benchmarks: one module per claim of speed. `make bench` runs them all.

A benchmark is a public function without arguments that returns rows. It starts with
empty tables and can leave them full. Each value has a limit beside it: the same work
done by the database, decoder or disk alone, in the same run.
"""

from typing import TypedDict


class Row(TypedDict):
    """One result.

    `ratio` is value to limit, or the inverse, as the goal needs it. `goal` applies to
    the ratio ("≥ 0.5", "≤ 3") or, with a unit, to the value ("≤ 20 ms"). It is empty
    if there is no goal.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    ratio: float | None
    goal: str
