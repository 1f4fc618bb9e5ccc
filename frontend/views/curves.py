"""Precision by coverage as tables, the data of the evaluation plots."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations import coverage, evaluation
from annotations.evaluation import BASELINE
from annotations.models import Evaluation

STEPS = 50
CURVES_SHOWN = 6  # more lines, with the paper's, cannot be distinguished


@dataclass(frozen=True)
class Curves:
    """The precision of several evaluations on one subset and split, by coverage."""

    subset: str
    split: str
    columns: list[str]
    rows: list[tuple[float, list[float | None]]]
    left_out: int  # older evaluations without a line

    @property
    def title(self) -> str:
        """The plot's title."""
        return f"Precision by coverage, {self.subset} subset, {self.split} split"

    @property
    def slug(self) -> str:
        """The plot's id in the page."""
        return f"curves-{self.subset}-{self.split}"


def curves_of(rows: Sequence[Evaluation]) -> list[Curves]:
    """Return a table for each subset and split; `rows` are newest first."""
    return [
        _curves(subset, split, evaluations)
        for subset in evaluation.SUBSETS
        for split in evaluation.SPLITS
        if (evaluations := [e for e in rows if (e.subset, e.split) == (subset, split)])
    ]


def _curves(subset: str, split: str, rows: Sequence[Evaluation]) -> Curves:
    newest = rows[:CURVES_SHOWN]
    points = [evaluation.curve_of(row) for row in newest]
    paper = {share: float(at) for at, share in BASELINE[subset].items()}
    steps = {n / STEPS for n in range(1, STEPS + 1)}
    lines: list[tuple[float, list[float | None]]] = [
        (at, [*(coverage.precision_at(curve, at) for curve in points), paper.get(at)])
        for at in sorted(steps | set(paper))
    ]
    columns = [*(row.name for row in newest), "the paper"]
    return Curves(subset, split, columns, lines, len(rows) - len(newest))
