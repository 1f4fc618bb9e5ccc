"""Pieces of measurement files in the work folder of a round: planned and stored ones."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.core.files.storage import default_storage

from annotations.images import store
from annotations.models import Release

from . import files, pictures
from .pictures import PlanRow

PLAN = "plan.jsonl"
Unit = tuple[str, str]  # a subset and a split


@dataclass(frozen=True, slots=True)
class MissingPiece:
    """A piece that is not stored yet; `index` is its position among all pieces."""

    index: int
    name: str
    rows: list[PlanRow]


@dataclass
class Pieces:
    """The pieces of a release with a plan. `lines` counts the lines of each unit."""

    release: Release
    lines: dict[Unit, int] = field(init=False)

    def __post_init__(self) -> None:
        counts = Counter((row.subset, row.split) for row in self._plan())
        subsets = files.SUBSETS if self.release.method else files.SUBSETS[:1]
        units = [(subset, split) for subset in subsets for split in files.SPLITS]
        self.lines = {unit: counts[unit] for unit in units}

    @property
    def total(self) -> int:
        """The number of pieces of all units."""
        return sum(len(self._numbers(unit)) for unit in self.lines)

    def missing(self) -> Iterator[MissingPiece]:
        """Yield the pieces that are not stored."""
        plan, index = self._plan(), 0
        for unit, lines in self.lines.items():
            stored_numbers = self._stored(unit)
            for number in self._numbers(unit):
                start = number * pictures.LINES_PER_PIECE
                size = min(pictures.LINES_PER_PIECE, lines - start)
                rows = list(islice(plan, size))
                if str(number) not in stored_numbers:
                    yield MissingPiece(index, self._name(unit, number), rows)
                index += 1

    def lines_of(self, unit: Unit) -> Iterator[Iterator[bytes]]:
        """Yield the lines of each piece of a unit, in order."""
        for number in self._numbers(unit):
            yield files.lines_of(store.get(self._name(unit, number)))

    def _plan(self) -> Iterator[PlanRow]:
        for line in files.lines_of(store.get(files.work_name(self.release, PLAN))):
            yield PlanRow(*json.loads(line))

    def _numbers(self, unit: Unit) -> range:
        return range(-(-self.lines[unit] // pictures.LINES_PER_PIECE))

    def _stored(self, unit: Unit) -> set[str]:
        """Return the numbers of the stored pieces, by one listing of the folder."""
        try:
            return set(default_storage.listdir(self._folder(unit))[1])
        except FileNotFoundError:
            return set()

    def _name(self, unit: Unit, number: int) -> str:
        return f"{self._folder(unit)}/{number}"

    def _folder(self, unit: Unit) -> str:
        return files.work_name(self.release, "-".join(unit))
