"""The queue: lease one page to one judge, end pages, keep the counters exact.

`standings` reads how candidates stand, `locked_row` is a locked queue row that keeps
its counters exact, `turn` is one judge's search for the next page.
"""

from .caps import cap_of
from .conflicts import Kinds, conflicts_among
from .ending import (
    expire_due,
    own_page,
    pages_of,
    release,
    release_all,
    release_page,
    renew,
    renew_held,
    submit,
)
from .joining import add_members
from .lease import lease
from .locked_row import LockedRow, clock, load_rows, lock_rows_of_pages
from .order import mix_controls, mixed_batches, reorder, scorer_of
from .progress import count, progress
from .standings import Reading, Standing, Tally, read, tally
from .stuck import recheck_batches_of
from .stuck import rewrite as rewrite_conflicts
from .tiles import needs_of, open_page, report, resolve_tile
from .turn import NothingToLease, held_by, lease_end

__all__ = [
    "Kinds",
    "LockedRow",
    "NothingToLease",
    "Reading",
    "Standing",
    "Tally",
    "add_members",
    "cap_of",
    "clock",
    "conflicts_among",
    "count",
    "expire_due",
    "held_by",
    "lease",
    "lease_end",
    "load_rows",
    "lock_rows_of_pages",
    "mix_controls",
    "mixed_batches",
    "needs_of",
    "open_page",
    "own_page",
    "pages_of",
    "progress",
    "read",
    "recheck_batches_of",
    "release",
    "release_all",
    "release_page",
    "renew",
    "renew_held",
    "reorder",
    "report",
    "resolve_tile",
    "rewrite_conflicts",
    "scorer_of",
    "submit",
    "tally",
]
