"""Entities, for admins: search, history, summaries, changes, and the list in figures."""

from .editing import change
from .history import Event, history
from .search import SearchResult, candidates_of, find
from .summaries import BatchSummary, CandidateSummary, summarise

__all__ = [
    "BatchSummary",
    "CandidateSummary",
    "Event",
    "SearchResult",
    "candidates_of",
    "change",
    "find",
    "history",
    "summarise",
]
