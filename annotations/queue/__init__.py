"""The queue: lease one page to one judge, end pages, keep the counters exact.

`standings` reads votes and places, `locked_row` keeps the counters of a locked queue row
exact, `attempt` is one transaction of a judge's search for the next page. Code that
needs such a part imports its module.
"""

from .attempt import NothingToLease, held_pages, lease_end
from .caps import cap_of
from .conflicts import release_conflicts
from .controls import batches_with_controls, mix_controls
from .ending import (
    expire_leases,
    page_of_judge,
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
from .locked_row import clock
from .needs import dismiss_report, recount_needs, report
from .order import reorder
from .progress import progress, sum_counters
from .stuck import recheck_batches_of
from .tiles import resolve_tile, set_place, visible_page

__all__ = [
    "NothingToLease",
    "add_members",
    "batches_with_controls",
    "cap_of",
    "clock",
    "dismiss_report",
    "expire_leases",
    "held_pages",
    "lease",
    "lease_end",
    "mix_controls",
    "page_of_judge",
    "pages_of",
    "progress",
    "recheck_batches_of",
    "recount_needs",
    "release",
    "release_all",
    "release_conflicts",
    "release_page",
    "renew",
    "renew_held",
    "reorder",
    "report",
    "resolve_tile",
    "set_place",
    "submit",
    "sum_counters",
    "visible_page",
]
