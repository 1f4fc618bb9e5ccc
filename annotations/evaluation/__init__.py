"""How a recogniser does on a subset and split of a release.

The lines of the set come with their keys, None for a distractor; who holds the
release's files gives them. `reading` takes the results in, `annotations.coverage`
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
from .reading import Line
from .results import Mistake, discard, forget, mistakes_of

__all__ = [
    "BASELINE",
    "NAME_LENGTH",
    "RESULTS_MAX_BYTES",
    "SPLITS",
    "SUBSETS",
    "Line",
    "Mistake",
    "check_names",
    "delete",
    "discard",
    "evaluate",
    "forget",
    "mistakes_of",
    "points_of",
]
