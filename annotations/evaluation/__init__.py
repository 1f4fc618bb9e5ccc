"""How a recogniser does on a subset and split of a release.

Truth comes as a key for each line of the set, None for a distractor; who holds the
release's files gives it. `reading` takes the results in, `annotations.coverage`
measures them, `results` keeps them.
"""

from .baseline import BASELINE
from .evaluations import (
    NAME_LENGTH,
    RESULTS_MAX_BYTES,
    SPLITS,
    SUBSETS,
    check_names,
    delete,
    evaluate,
    points_of,
)
from .results import Mistake, discard, forget, mistakes_of

__all__ = [
    "BASELINE",
    "NAME_LENGTH",
    "RESULTS_MAX_BYTES",
    "SPLITS",
    "SUBSETS",
    "Mistake",
    "check_names",
    "delete",
    "discard",
    "evaluate",
    "forget",
    "mistakes_of",
    "points_of",
]
