"""Releases: ground truth that does not change, as files under their digests.

`ask` makes the row, `make` its files, in steps that a killed worker's follower goes on
with: `freezing` writes truth and judgments of one snapshot and lays down, by
`choosing`, which picture stands on which line; `pictures` makes the lines, `making`
puts them together, `describing` tells about them. `forget` is an erasure's door. `evaluate`
measures results on one.
"""

from .asking import Found, ask, delete, preview, retry
from .changes import Change, changes
from .clock import TooLong
from .confirmed import group_of
from .evaluating import Shown, evaluate, sets_of, shown
from .files import EVERY_FILE, UNFINISHED, file_names, measurement_name, open_file
from .forgetting import forget
from .making import idle, make

__all__ = [
    "EVERY_FILE",
    "UNFINISHED",
    "Change",
    "Found",
    "Shown",
    "TooLong",
    "ask",
    "changes",
    "delete",
    "evaluate",
    "file_names",
    "forget",
    "group_of",
    "idle",
    "make",
    "measurement_name",
    "open_file",
    "preview",
    "retry",
    "sets_of",
    "shown",
]
