"""The queue: cut batches, lease one page to one judge, end pages, count what is left.

`standing` reads how candidates stand, `entry` is a locked queue row that keeps its
counters true, `turn` is one judge's search for the next page; the rest are the acts.
"""

from .caps import cap_of
from .changing import change
from .clearance import clear, clearing_batches
from .conflicts import Kinds, conflicts_among
from .cut import cut
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
from .entry import Entry, clock, lock_rows_of_pages, open_entries
from .keys import KeyList
from .lease import lease
from .membership import add_judges, remove_judge
from .mix import Mix, preview
from .opening import close_batch, open_batch, refresh
from .order import mix_controls, mixed_batches, reorder, scorer_of
from .progress import count, progress
from .standing import Reading, Standing, Tally, read, tally
from .stuck import recheck_batches_of
from .stuck import rewrite as rewrite_conflicts
from .turn import NothingToLease, held_by, lease_end
from .values import known_values
from .watching import (
    AtWork,
    Day,
    Member,
    Outlook,
    at_work,
    days_of,
    held_pages,
    members_of,
    outlook,
)
from .withdrawal import needs_of, open_page, report, resolve_tile

__all__ = [
    "AtWork",
    "Day",
    "Member",
    "Outlook",
    "at_work",
    "days_of",
    "held_pages",
    "members_of",
    "outlook",
    "Entry",
    "Kinds",
    "KeyList",
    "Mix",
    "NothingToLease",
    "Reading",
    "Standing",
    "Tally",
    "add_judges",
    "cap_of",
    "change",
    "clear",
    "clearing_batches",
    "clock",
    "close_batch",
    "conflicts_among",
    "count",
    "cut",
    "expire_due",
    "held_by",
    "known_values",
    "lease",
    "lease_end",
    "lock_rows_of_pages",
    "mix_controls",
    "mixed_batches",
    "needs_of",
    "open_batch",
    "open_entries",
    "open_page",
    "own_page",
    "pages_of",
    "preview",
    "progress",
    "read",
    "recheck_batches_of",
    "refresh",
    "release",
    "release_all",
    "release_page",
    "remove_judge",
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
