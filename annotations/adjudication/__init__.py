"""Adjudication: decide the conflicts that judges left, and keep the judgments.

`leases` gives each conflict to one adjudicator at a time, `case` is the data of one
conflict, `rulings` has the actions that decide it, `second_looks` asks the judges again.
"""

from .case import (
    Case,
    Vote,
    can_see_candidate,
    can_see_entity,
    case_of,
    settled_pictures,
    votes_by_candidate,
)
from .leases import (
    after_position,
    conflicts_of,
    hold,
    lease,
    list_position,
    next_conflict,
    put_off,
    standing_rulings,
)
from .rulings import RULINGS, comment, reopen, rule
from .second_looks import (
    SecondLookPage,
    answer_second_look,
    open_second_looks,
    read_second_look,
    request_second_looks,
    show_second_look,
)

__all__ = [
    "RULINGS",
    "Case",
    "SecondLookPage",
    "Vote",
    "after_position",
    "answer_second_look",
    "can_see_candidate",
    "can_see_entity",
    "case_of",
    "comment",
    "conflicts_of",
    "hold",
    "lease",
    "list_position",
    "next_conflict",
    "open_second_looks",
    "put_off",
    "read_second_look",
    "reopen",
    "request_second_looks",
    "rule",
    "settled_pictures",
    "show_second_look",
    "standing_rulings",
    "votes_by_candidate",
]
