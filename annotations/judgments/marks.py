"""One judge's mark on one tile, and what is said of it under the lock.

`decide` is the whole of the contract's rules for a mark; it changes the standing and
hands back what is to be written, so that any number of marks cost a few statements.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from annotations.consensus import Rules, Verdict
from annotations.queue import Standing


class Refusal(StrEnum):
    """Why a mark was not taken."""

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
    """What the client sent: its own id, the tile, the verdict (None takes back)."""

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
    """What became of a mark: recorded, replayed or refused with a reason."""

    id: UUID
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sitting:
    """Where a mark was made: the page as it is now, under the lock."""

    is_submitted: bool
    takes_marks: bool  # its batch is open, or closed and this page's lease runs


def decide(
    mark: Mark, sitting: Sitting, standing: Standing, rules: Rules, judge: int
) -> Refusal | int | None:
    """Judge a mark against the rules: a Refusal, or the place that it takes.

    None is the place of a skip and of a mark that is taken back. `standing` is
    changed as the mark changes the world: a skip gives the page's place back.
    """
    refusal = _refusal(mark, sitting, standing)
    if refusal is not None:
        return refusal
    if mark.verdict is None:
        standing.votes.pop(judge, None)
        return None
    if mark.verdict is Verdict.SKIP:
        _hold(standing, judge, 0)
        standing.votes[judge] = (mark.verdict, None)
        return None
    place = _place(standing, rules, judge)
    if place is None:
        return Refusal.LEASE_LOST
    _hold(standing, judge, place)
    standing.votes[judge] = (mark.verdict, place)
    return place


def _hold(standing: Standing, judge: int, place: int) -> None:
    """The judge's live page, if it shows the candidate, has this place for it now."""
    if judge in standing.holds:
        standing.holds[judge] = place


def _refusal(mark: Mark, sitting: Sitting, standing: Standing) -> Refusal | None:
    if standing.is_erased:
        return Refusal.ERASED
    if not sitting.takes_marks:
        return Refusal.BATCH_CLOSED
    if standing.ruling is not None:
        return Refusal.RULED
    if mark.verdict is None and sitting.is_submitted:
        return Refusal.SUBMITTED
    return None


def _place(standing: Standing, rules: Rules, judge: int) -> int | None:
    """The place that a verdict takes: its own, one held on any page, or a free one."""
    _, place = standing.votes.get(judge, (None, None))
    if place is not None:
        return place
    if standing.holds.get(judge):
        return standing.holds[judge]
    return standing.lowest_place() if standing.free(rules) > 0 else None


def blind_verdict(
    previous: str | None, verdict: Verdict, *, is_blind: bool
) -> str | None:
    """The last verdict given blind; somebody who skips blind has given none."""
    if not is_blind:
        return previous
    return None if verdict is Verdict.SKIP else verdict.value


def clamped(seconds: float, lease_minutes: int) -> int:
    """Centiseconds, never longer than a lease."""
    return round(min(max(seconds, 0.0), lease_minutes * 60.0) * 100)


def at_position(mark: Mark, length: int) -> int | None:
    """The position that a mark's tile id names on its page, None if it names none."""
    number, _, position = mark.tile.partition(".")
    is_plain = position.isascii() and position.isdigit() and len(position) < 9
    if number != str(mark.assignment) or not is_plain or int(position) >= length:
        return None
    return int(position)
