"""Batches for admins: choose entities, preview, create, open, change rules and judges.

`choice` and `filters` select entities, `creation` queues them, `opening` fixes the
candidates, `updating` changes rules while judges work, `activity` shows who works on
what.
"""

from .activity import (
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
from .composition import Composition, preview
from .creation import create
from .key_list import KeyList
from .members import add_judges, remove_judge
from .opening import close_batch, open_batch, refresh
from .property_values import known_values
from .updating import update

__all__ = [
    "AtWork",
    "Day",
    "KeyList",
    "Member",
    "Composition",
    "Outlook",
    "add_judges",
    "at_work",
    "close_batch",
    "create",
    "days_of",
    "held_pages",
    "known_values",
    "members_of",
    "open_batch",
    "outlook",
    "preview",
    "refresh",
    "remove_judge",
    "update",
]
