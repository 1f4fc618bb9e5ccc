"""Pieces of measurement files: what is planned, what is there, in a round's folder."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.files.storage import default_storage

from annotations.images import store
from annotations.models import Release

from . import files, pictures

PLAN = "plan.jsonl"
Unit = tuple[str, str]  # a subset and a split
Rows = list[list[Any]]


@dataclass
class Pieces:
    """The pieces of a frozen release. `lines` are those of each unit, which may be 0."""

    release: Release
    lines: dict[Unit, int] = field(init=False)

    def __post_init__(self) -> None:
        counted = Counter((row[0], row[1]) for row in self._plan())
        subsets = files.SUBSETS if self.release.method else files.SUBSETS[:1]
        self.lines = {(s, of): counted[s, of] for s in subsets for of in files.SPLITS}

    @property
    def total(self) -> int:
        """How many there are to be."""
        return sum(len(self._numbers(unit)) for unit in self.lines)

    def missing(self) -> Iterator[tuple[int, str, Rows]]:
        """Of each that is not there: how many come before it, its name, its rows."""
        plan, before = self._plan(), 0
        for unit, lines in self.lines.items():
            held = self._held(unit)
            for number in self._numbers(unit):
                size = min(pictures.AT_ONCE, lines - number * pictures.AT_ONCE)
                rows = list(islice(plan, size))
                if str(number) not in held:
                    yield before, self._name(unit, number), rows
                before += 1

    def lines_of(self, unit: Unit) -> Iterator[Iterator[bytes]]:
        """The lines of each piece of a unit, in their order."""
        for number in self._numbers(unit):
            yield files.lines_of(store.get(self._name(unit, number)))

    def _plan(self) -> Iterator[list[Any]]:
        for line in files.lines_of(store.get(files.work_name(self.release, PLAN))):
            yield json.loads(line)

    def _numbers(self, unit: Unit) -> range:
        return range(-(-self.lines[unit] // pictures.AT_ONCE))

    def _held(self, unit: Unit) -> set[str]:
        """The numbers of those that are there: one look, however many they are."""
        try:
            return set(default_storage.listdir(self._folder(unit))[1])
        except FileNotFoundError:
            return set()

    def _name(self, unit: Unit, number: int) -> str:
        return f"{self._folder(unit)}/{number}"

    def _folder(self, unit: Unit) -> str:
        return files.work_name(self.release, "-".join(unit))
