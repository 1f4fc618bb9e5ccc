"""SQL for every stage: a runner with named columns, and rules that are written once.

`runner` executes statements. `fragments` holds the predicates and expressions that
several statements share: members of a batch, open reports, standing rulings, votes, the
verdict that they give.
"""

from .runner import column, one, prepared_rows, prepared_run, rows, run, value

__all__ = ["column", "one", "prepared_rows", "prepared_run", "rows", "run", "value"]
