"""One module per claim of speed; `make bench` runs them all.

A benchmark is a public function without arguments that returns rows; it finds empty
tables and may leave them full. Each figure stands beside its limit: the same work done
by the bare database, decoder or disk in the same run.
"""

from typing import TypedDict


class Row(TypedDict):
    """One figure.

    `ratio` is value to limit, the way round that the goal is said in. `goal` is said
    of the ratio ("≥ 0.5", "≤ 3") or, with a unit, of the value ("≤ 20 ms"); empty
    where there is none.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    ratio: float | None
    goal: str
