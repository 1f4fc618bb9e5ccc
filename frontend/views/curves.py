"""Curves of precision along coverage as tables: what the plots of evaluations draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations import coverage, evaluation
from annotations.evaluation import BASELINE
from annotations.models import Evaluation

STEPS = 50
CURVES_SHOWN = 6  # lines that can be told apart, with the paper's


@dataclass(frozen=True)
class Curves:
    """Some results on one subset and split: a precision for each, by coverage."""

    subset: str
    split: str
    columns: list[str]
    rows: list[tuple[float, list[float | None]]]
    left_out: int  # older ones, of which there is no line

    @property
    def title(self) -> str:
        """What stands above the plot."""
        return f"Precision by coverage, {self.subset} subset, {self.split} split"

    @property
    def slug(self) -> str:
        """What the page calls it."""
        return f"curves-{self.subset}-{self.split}"


def curves_of(rows: Sequence[Evaluation]) -> list[Curves]:
    """A table for each subset and split among these, which come newest first."""
    return [
        _curves(subset, split, found)
        for subset in evaluation.SUBSETS
        for split in evaluation.SPLITS
        if (found := [e for e in rows if (e.subset, e.split) == (subset, split)])
    ]


def _curves(subset: str, split: str, rows: Sequence[Evaluation]) -> Curves:
    shown = rows[:CURVES_SHOWN]
    points = [evaluation.points_of(each) for each in shown]
    paper = {covered: float(at) for at, covered in BASELINE[subset].items()}
    steps = {n / STEPS for n in range(1, STEPS + 1)}
    lines: list[tuple[float, list[float | None]]] = [
        (at, [*(coverage.precision_at(each, at) for each in points), paper.get(at)])
        for at in sorted(steps | set(paper))
    ]
    columns = [*(each.name for each in shown), "the paper"]
    return Curves(subset, split, columns, lines, len(rows) - len(shown))
