"""The counts of a release after an erasure, from the rows that remain."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotations.models import Candidate, CandidateState

from . import files
from .columns import BASIS, CANDIDATE, KEY, URL, VERDICT
from .provenance import MAX_VALUES, MIN_ENTITIES

HOST = re.compile(r"[a-z]+://(?:www[.])?([^/:?#]+)")  # as in provenance.SOURCES
CANDIDATES_PER_QUERY = 5_000

Counts = dict[str, Any]


class Shares:
    """The number of candidates of each value, and whether enough entities share it."""

    def __init__(self) -> None:
        self._candidates: Counter[str] = Counter()
        self._entities: dict[str, set[bytes]] = {}

    def add(self, value: str, key: bytes) -> None:
        """Count a candidate of the entity `key`."""
        self._candidates[value] += 1
        keys = self._entities.setdefault(value, set())
        if len(keys) < MIN_ENTITIES:
            keys.add(key)

    def as_list(self) -> list[list[Any]]:
        """Return [value, candidates] of shared values; None sums up all others."""
        counts = sorted(self._candidates.items(), key=lambda item: (-item[1], item[0]))
        shares: list[list[Any]] = [
            [value, count]
            for value, count in counts
            if value and len(self._entities[value]) >= MIN_ENTITIES
        ][:MAX_VALUES]
        remainder = self._candidates.total() - sum(count for _, count in shares)
        return [*shares, [None, remainder]] if remainder else shares


class Recount:
    """The counts of a release without the candidates `erased`."""

    def __init__(self, erased: frozenset[int]) -> None:
        self.erased = erased
        self._losses: Counter[str] = Counter()
        self._erased_yes: list[int] = []
        self._hosts, self._licences = Shares(), Shares()
        self._without_licence: dict[int, bytes] = {}  # entity keys by candidate

    def add(self, entity_rows: Sequence[Sequence[bytes]]) -> None:
        """Count an entity's rows of truth.tsv, erased and remaining ones."""
        remaining_rows = [
            c for c in entity_rows if int(c[CANDIDATE]) not in self.erased
        ]
        self._losses["entities"] += not remaining_rows
        for cells in entity_rows:
            if int(cells[CANDIDATE]) in self.erased:
                self._lose(cells)
        for cells in remaining_rows:
            match = HOST.match(cells[URL].decode())
            self._hosts.add(match[1] if match else "", cells[KEY])
            self._without_licence[int(cells[CANDIDATE])] = cells[KEY]
        if len(self._without_licence) >= CANDIDATES_PER_QUERY:
            self._read_licences()

    def _lose(self, cells: Sequence[bytes]) -> None:
        verdict, basis = cells[VERDICT].decode(), cells[BASIS].decode()
        self._losses["candidates"] += 1
        self._losses[verdict or "open"] += 1
        self._losses[f"basis_{basis}"] += 1
        if verdict == "yes":
            self._erased_yes.append(int(cells[CANDIDATE]))

    def _read_licences(self) -> None:
        """Read licences from the database, because no file contains them."""
        rows = Candidate.objects.filter(pk__in=self._without_licence)
        licences = dict(rows.values_list("pk", "licence"))
        for candidate, key in self._without_licence.items():
            self._licences.add(licences.get(candidate, ""), key)
        self._without_licence = {}

    def of_truth(self, counts: Counts, *, is_read: bool) -> Counts:
        """Return the counts that truth.tsv changes.

        If its content is lost (not `is_read`), only sources change: they are unknown.
        """
        if not is_read:
            unknown = [[None, counts.get("candidates", 0)]]
            return {"hosts": unknown, "licences": unknown}
        self._read_licences()
        erased_yes = Candidate.objects.filter(pk__in=self._erased_yes)
        unreadable = erased_yes.exclude(state=CandidateState.READY)
        self._losses["confirmed_unreadable"] = unreadable.count()
        changes = {name: counts.get(name, 0) - n for name, n in self._losses.items()}
        return changes | {
            "hosts": self._hosts.as_list(),
            "licences": self._licences.as_list(),
        }

    def of_files(
        self, counts: Counts, entries: Mapping[str, Any], key: Iterable[bytes] | None
    ) -> Counts:
        """Return the counts that the other files change.

        `key` has the lines of the random subset's key. If the content of a file is
        lost, its counts stay.
        """
        changes = {name: counts.get(name, 0) for name in ("dev", "test")}
        if entry := entries.get(files.measurement_name("random", "dev", "aligned")):
            changes["dev"] = entry["lines"]
        if key is not None:
            has_key = [line.split(b"\t")[1] != b"\n" for line in key]
            changes["test"] = sum(has_key)
            changes["distractors"] = len(has_key) - sum(has_key)
        if entry := entries.get(files.JUDGMENTS):
            changes["judgments"] = entry["lines"] - 1
        return changes | {"confirmed_entities": changes["dev"] + changes["test"]}
