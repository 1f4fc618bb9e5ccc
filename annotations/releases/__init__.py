"""Releases: ground truth that does not change, stored as files under their digests.

`request` creates the row of a release. `make` creates its files in steps, so that
another worker can continue after a kill:

- `snapshot` writes truth and judgments from one database snapshot. With the help of
  `selection` it fixes which picture is on which line of which file.
- `pictures` makes the lines, `builder` assembles them, `descriptions` writes the
  datasheet and the metadata.

`remove_candidates` rewrites releases for an erasure. `evaluate` measures a recogniser's
results on a release.
"""

from .builder import find_idle, make
from .changes import Change, changes
from .clock import TooLong
from .evaluations import DevPicture, dev_pictures, evaluate, sets_of
from .files import EVERY_FILE, UNFINISHED, file_names, measurement_name, open_file
from .groups import group_of
from .removals import remove_candidates
from .requests import Contents, delete, preview, request, retry

__all__ = [
    "EVERY_FILE",
    "UNFINISHED",
    "Change",
    "Contents",
    "DevPicture",
    "TooLong",
    "changes",
    "delete",
    "dev_pictures",
    "evaluate",
    "file_names",
    "find_idle",
    "group_of",
    "make",
    "measurement_name",
    "open_file",
    "preview",
    "remove_candidates",
    "request",
    "retry",
    "sets_of",
]
