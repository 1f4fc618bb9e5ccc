"""Rows from files become entities and candidates, in constant memory.

`start` makes an import, `run` goes on with it from where it is until it ends or its
time is over. Reading: sources → lines → layouts → chunks; writing: merging.
"""

from .cells import normalise_key
from .detection import CANDIDATE_LAYOUTS, ENTITY_LAYOUTS, LAYOUTS
from .imports import idle_uploads, run_upload, start, unfinished
from .ledger import refused_tsv
from .running import PASSING, run

__all__ = [
    "CANDIDATE_LAYOUTS",
    "ENTITY_LAYOUTS",
    "LAYOUTS",
    "PASSING",
    "idle_uploads",
    "normalise_key",
    "refused_tsv",
    "run",
    "run_upload",
    "start",
    "unfinished",
]
