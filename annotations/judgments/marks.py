"""One judge's mark on one tile, and the rules that accept or refuse it.

`decide` contains all rules of the contract for a mark. It runs under the row's lock,
changes the standing in memory and returns the place to store, so that any number of
marks costs a few statements.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from annotations.consensus import Rules, Verdict
from annotations.queue.standings import Standing


class Refusal(StrEnum):
    """Why a mark was refused."""

    LEASE_LOST = "lease-lost"
    BATCH_CLOSED = "batch-closed"
    RULED = "ruled"
    SUBMITTED = "submitted"
    NOT_YOURS = "not-yours"
    UNKNOWN_CANDIDATE = "unknown-candidate"
    ID_REUSED = "id-reused"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as the client sent it: its own id, the tile, the verdict.

    The verdict None takes the judge's earlier mark back.
    """

    id: UUID
    assignment: int
    tile: str
    verdict: Verdict | None
    decided_at: datetime
    seconds: float
    how: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a mark: recorded, replayed, or refused with a reason."""

    id: UUID
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PageState:
    """What a page accepts now, read under the row's lock."""

    is_submitted: bool
    takes_marks: bool  # its batch is open, or closed while the page's lease runs


def decide(
    mark: Mark, page_state: PageState, standing: Standing, rules: Rules, judge: int
) -> Refusal | int | None:
    """Return why the rules refuse a mark, or the place that it takes.

    The place is None for a skip and for a mark that is taken back. `standing` is
    updated with the effect of the mark: a skip frees the judge's place on the page.
    """
    refusal = _refusal(mark, page_state, standing)
    if refusal is not None:
        return refusal
    if mark.verdict is None:
        standing.votes.pop(judge, None)
        return None
    if mark.verdict is Verdict.SKIP:
        _set_held_place(standing, judge, 0)
        standing.votes[judge] = (mark.verdict, None)
        return None
    place = _place(standing, rules, judge)
    if place is None:
        return Refusal.LEASE_LOST
    _set_held_place(standing, judge, place)
    standing.votes[judge] = (mark.verdict, place)
    return place


def _set_held_place(standing: Standing, judge: int, place: int) -> None:
    """Change the place on the judge's live page, if that page shows the candidate."""
    if judge in standing.holds:
        standing.holds[judge] = place


def _refusal(mark: Mark, page_state: PageState, standing: Standing) -> Refusal | None:
    if standing.is_erased:
        return Refusal.ERASED
    if not page_state.takes_marks:
        return Refusal.BATCH_CLOSED
    if standing.ruling is not None:
        return Refusal.RULED
    if mark.verdict is None and page_state.is_submitted:
        return Refusal.SUBMITTED
    return None


def _place(standing: Standing, rules: Rules, judge: int) -> int | None:
    """Return the judge's place, else one held on any page, else a free one."""
    _, place = standing.votes.get(judge, (None, None))
    if place is not None:
        return place
    if standing.holds.get(judge):
        return standing.holds[judge]
    return standing.lowest_place() if standing.free(rules) > 0 else None


def blind_verdict(
    previous: str | None, verdict: Verdict, *, is_blind: bool
) -> str | None:
    """Return the last verdict given blind. A blind skip removes the one before it."""
    if not is_blind:
        return previous
    return None if verdict is Verdict.SKIP else verdict.value


def to_centiseconds(seconds: float, lease_minutes: int) -> int:
    """Return a mark's time in centiseconds, at most the length of a lease."""
    return round(min(max(seconds, 0.0), lease_minutes * 60.0) * 100)


def within_lease(
    decided_at: datetime, leased_at: datetime, received_at: datetime
) -> datetime:
    """Return the time of a mark by the client's clock, after the lease, before receipt.

    A client's clock can be wrong by years, so this time orders nothing.
    """
    return max(leased_at, min(decided_at, received_at))


def tile_position(mark: Mark, length: int) -> int | None:
    """Return the position that a mark's tile id has on its page, None if invalid."""
    assignment_id, _, position = mark.tile.partition(".")
    is_plain = position.isascii() and position.isdigit() and len(position) < 9
    if assignment_id != str(mark.assignment) or not is_plain or int(position) >= length:
        return None
    return int(position)
