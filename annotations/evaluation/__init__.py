"""Evaluation of a recogniser's results on one subset and split of a release.

The caller, who has the release's files, provides the lines of the set with their keys
(None for a distractor). `answers` reads the results, `annotations.coverage` measures
them, `results` stores them.
"""

from .answers import Line
from .baseline import BASELINE
from .evaluations import (
    NAME_LENGTH,
    RESULTS_MAX_BYTES,
    SPLITS,
    SUBSETS,
    check_names,
    curve_of,
    delete,
    evaluate,
)
from .results import Mistake, discard, mistakes_of, remove_entity

__all__ = [
    "BASELINE",
    "NAME_LENGTH",
    "RESULTS_MAX_BYTES",
    "SPLITS",
    "SUBSETS",
    "Line",
    "Mistake",
    "check_names",
    "curve_of",
    "delete",
    "discard",
    "evaluate",
    "mistakes_of",
    "remove_entity",
]
