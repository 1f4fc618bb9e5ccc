"""Imports: rows of files become entities and candidates, in constant memory.

`start` creates an import. `run` continues it from its position until it ends or its
time is up. Reading: sources → lines → layouts → chunks. Writing: merging.
"""

from .cells import normalise_key
from .detection import CANDIDATE_LAYOUTS, ENTITY_LAYOUTS, LAYOUTS
from .imports import idle_uploads, run_upload, start, unfinished
from .ledger import refused_tsv
from .running import TEMPORARY_ERRORS, run

__all__ = [
    "CANDIDATE_LAYOUTS",
    "ENTITY_LAYOUTS",
    "LAYOUTS",
    "TEMPORARY_ERRORS",
    "idle_uploads",
    "normalise_key",
    "refused_tsv",
    "run",
    "run_upload",
    "start",
    "unfinished",
]
