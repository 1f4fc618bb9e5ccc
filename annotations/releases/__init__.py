"""Releases: ground truth that does not change, as files under their digests.

`ask` makes the row, `make` its files, in steps that a killed worker's follower goes on
with: `freezing` writes truth and judgments of one snapshot and lays down, by
`choosing`, which picture stands on which line; `pictures` makes the lines, `making`
puts them together, `describing` tells about them. `forget` is an erasure's door. `evaluate`
measures results on one.
"""

from .requests import Contents, request, delete, preview, retry
from .changes import Change, changes
from .clock import TooLong
from .groups import group_of
from .evaluations import DevPicture, dev_pictures, evaluate, sets_of
from .files import EVERY_FILE, UNFINISHED, file_names, measurement_name, open_file
from .removals import remove_candidates
from .builder import find_idle, make

__all__ = [
    "EVERY_FILE",
    "UNFINISHED",
    "Change",
    "Contents",
    "DevPicture",
    "TooLong",
    "request",
    "changes",
    "delete",
    "evaluate",
    "file_names",
    "remove_candidates",
    "group_of",
    "find_idle",
    "make",
    "measurement_name",
    "open_file",
    "preview",
    "retry",
    "sets_of",
    "dev_pictures",
]
