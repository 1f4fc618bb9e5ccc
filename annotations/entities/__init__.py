"""Entities, for admins: find them, see all that is known, change them; the list in figures."""

from .changing import change
from .finding import Found, candidates_of, find
from .history import Event, history
from .lines import CandidateLine, InBatch, lines

__all__ = [
    "CandidateLine",
    "Event",
    "Found",
    "InBatch",
    "candidates_of",
    "change",
    "find",
    "history",
    "lines",
]
