"""The rule of truth: truth, dispute and need of one candidate, from its verdicts.

Plain Python, no database. `sql.fragments` has the same rule in SQL for millions of
rows. A property test compares every statement that uses it with this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """A judge's answer about a candidate. A skip is no verdict and counts nowhere."""

    YES = "yes"
    NO = "no"
    BROKEN = "broken"
    SKIP = "skip"


class Basis(StrEnum):
    """How a candidate's truth was decided."""

    UNANIMOUS = "unanimous"
    MAJORITY = "majority"
    RULING = "ruling"
    CLEARED = "cleared"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Rules:
    """How many judges a batch asks for each candidate: 1 <= required <= maximum <= 7."""

    required: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Truth:
    """The verdict that counts for a candidate, None while open, and its basis."""

    verdict: Verdict | None
    basis: Basis


OPEN = Truth(None, Basis.OPEN)


def truth(
    verdicts: Sequence[Verdict],
    rules: Rules,
    ruling: Verdict | None = None,
    cleared: Verdict | None = None,
) -> Truth:
    """Decide one candidate from its current verdicts (without skips) and its ruling.

    The standing ruling wins. With fewer than `rules.required` verdicts, a cleared
    candidate has the scorer's verdict `cleared`. From there on, it is the verdict of
    more than half of the judges. Otherwise it is open.
    """
    if ruling is not None:
        return Truth(ruling, Basis.RULING)
    if len(verdicts) < rules.required:
        return OPEN if cleared is None else Truth(cleared, Basis.CLEARED)
    verdict = max(verdicts, key=verdicts.count)  # faster than a Counter for seven
    votes = verdicts.count(verdict)
    if votes == len(verdicts):
        return Truth(verdict, Basis.UNANIMOUS)
    if 2 * votes > len(verdicts):
        return Truth(verdict, Basis.MAJORITY)
    return OPEN


def is_disputed(verdicts: Sequence[Verdict], rules: Rules) -> bool:
    """Return whether the required verdicts are in and not all the same."""
    return len(verdicts) >= rules.required and len(set(verdicts)) > 1


def need(
    verdicts: Sequence[Verdict],
    rules: Rules,
    ruling: Verdict | None = None,
    *,
    withdrawn: bool = False,
) -> int:
    """Return how many judgments this candidate needs in all, present ones included.

    `rules.required` at first, then one more at a time up to `rules.maximum` while its
    truth is open. A decided candidate needs no more than it has. A ruled or withdrawn
    (reported, erased, cleared) one needs none.
    """
    if withdrawn or ruling is not None:
        return 0
    if len(verdicts) < rules.required:
        return rules.required
    if truth(verdicts, rules).basis is not Basis.OPEN:
        return len(verdicts)
    return min(len(verdicts) + 1, rules.maximum)


def agreement(verdict: Verdict | None, independent: Sequence[Verdict]) -> float | None:
    """Return the share of independent verdicts equal to `verdict`; None if undefined."""
    if verdict is None or not independent:
        return None
    return sum(v == verdict for v in independent) / len(independent)
