"""Adjudication: settle what judges could not, without touching what they said.

`holding` hands conflicts out, one adjudicator each; `case` is what is seen of one;
`ruling` are the acts that settle; `second_looks` asks the judges themselves again.
"""

from .case import (
    Case,
    Vote,
    case_of,
    may_see,
    may_see_entity,
    settled_beside,
    votes_on_all,
)
from .holding import (
    beyond,
    hold,
    lease,
    listed,
    place_in_list,
    put_off,
    ruled,
)
from .ruling import RULINGS, comment, dismiss, reopen, rule
from .second_looks import Look, answer, ask_again, looks_of, see

__all__ = [
    "RULINGS",
    "Case",
    "Look",
    "Vote",
    "answer",
    "ask_again",
    "beyond",
    "case_of",
    "comment",
    "dismiss",
    "hold",
    "lease",
    "listed",
    "looks_of",
    "may_see",
    "may_see_entity",
    "place_in_list",
    "put_off",
    "reopen",
    "rule",
    "ruled",
    "see",
    "settled_beside",
    "votes_on_all",
]
