"""What verdicts mean together: truth, dispute and need of one candidate.

Plain Python, no database. `ground_truth` says the same in SQL for millions of rows; a
property test keeps the two equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a judge says of a candidate; a skip says nothing and counts nowhere."""

    YES = "yes"
    NO = "no"
    BROKEN = "broken"
    SKIP = "skip"


class Basis(StrEnum):
    """Why a candidate's truth is what it is."""

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
    """The verdict that stands, None while open, and its basis."""

    verdict: Verdict | None
    basis: Basis


OPEN = Truth(None, Basis.OPEN)


def truth(
    verdicts: Sequence[Verdict],
    rules: Rules,
    ruling: Verdict | None = None,
    cleared: Verdict | None = None,
) -> Truth:
    """Decide one candidate from its current verdicts (skips left out) and its ruling.

    The standing ruling wins; else, once `rules.required` verdicts are in, the verdict
    held by more than half of them; before they are in, what the model said of a
    `cleared` one; else it is open.
    """
    if ruling is not None:
        return Truth(ruling, Basis.RULING)
    if len(verdicts) < rules.required:
        return OPEN if cleared is None else Truth(cleared, Basis.CLEARED)
    verdict = max(verdicts, key=verdicts.count)  # at most seven: quicker than a Counter
    votes = verdicts.count(verdict)
    if votes == len(verdicts):
        return Truth(verdict, Basis.UNANIMOUS)
    if 2 * votes > len(verdicts):
        return Truth(verdict, Basis.MAJORITY)
    return OPEN


def is_disputed(verdicts: Sequence[Verdict], rules: Rules) -> bool:
    """Whether the required judges spoke and did not all say the same."""
    return len(verdicts) >= rules.required and len(set(verdicts)) > 1


def need(
    verdicts: Sequence[Verdict],
    rules: Rules,
    ruling: Verdict | None = None,
    *,
    withdrawn: bool = False,
) -> int:
    """How many judgments this candidate should have in all, those given included.

    `rules.required` at first; then one more at a time up to `rules.maximum` while its
    truth is open. Ruled or withdrawn (reported, erased, cleared) candidates need none;
    a settled one needs no more than it has.
    """
    if withdrawn or ruling is not None:
        return 0
    if len(verdicts) < rules.required:
        return rules.required
    if truth(verdicts, rules).basis is not Basis.OPEN:
        return len(verdicts)
    return min(len(verdicts) + 1, rules.maximum)


def agreement(verdict: Verdict | None, independent: Sequence[Verdict]) -> float | None:
    """Share of independent verdicts equal to `verdict`; None where undefined."""
    if verdict is None or not independent:
        return None
    return sum(v == verdict for v in independent) / len(independent)
