"""What a release counts, once more, after an erasure: from the rows that are left."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotations.models import Candidate, CandidateState

from . import files
from .columns import BASIS, CANDIDATE, KEY, URL, VERDICT
from .provenance import NAMED, NAMED_ENTITIES

HOST = re.compile(r"[a-z]+://(?:www[.])?([^/:?#]+)")  # as in provenance's SQL
AT_ONCE = 5_000  # candidates whose licences are looked up

Counts = dict[str, Any]


class Shares:
    """How many candidates have a value, and whether enough entities share it."""

    def __init__(self) -> None:
        self._candidates: Counter[str] = Counter()
        self._entities: dict[str, set[bytes]] = {}

    def add(self, value: str, key: bytes) -> None:
        """Count a candidate of the entity `key`."""
        self._candidates[value] += 1
        sharing = self._entities.setdefault(value, set())
        if len(sharing) < NAMED_ENTITIES:
            sharing.add(key)

    def told(self) -> list[list[Any]]:
        """[value, candidates] of what may be named; the rest is summed up as null."""
        ordered = sorted(self._candidates.items(), key=lambda each: (-each[1], each[0]))
        named: list[list[Any]] = [
            [value, number]
            for value, number in ordered
            if value and len(self._entities[value]) >= NAMED_ENTITIES
        ][:NAMED]
        rest = self._candidates.total() - sum(number for _, number in named)
        return [*named, [None, rest]] if rest else named


class Recount:
    """The counts of a release without the candidates `gone`."""

    def __init__(self, gone: frozenset[int]) -> None:
        self.gone = gone
        self._lost: Counter[str] = Counter()
        self._unconfirmed: list[int] = []
        self._hosts, self._licences = Shares(), Shares()
        self._waiting: dict[int, bytes] = {}

    def take(self, of_entity: Sequence[Sequence[bytes]]) -> None:
        """Count an entity's rows of truth.tsv, those that go and those that stay."""
        left = [c for c in of_entity if int(c[CANDIDATE]) not in self.gone]
        self._lost["entities"] += not left
        for cells in of_entity:
            if int(cells[CANDIDATE]) in self.gone:
                self._lose(cells)
        for cells in left:
            found = HOST.match(cells[URL].decode())
            self._hosts.add(found[1] if found else "", cells[KEY])
            self._waiting[int(cells[CANDIDATE])] = cells[KEY]
        if len(self._waiting) >= AT_ONCE:
            self._look_up()

    def _lose(self, cells: Sequence[bytes]) -> None:
        verdict, basis = cells[VERDICT].decode(), cells[BASIS].decode()
        self._lost["candidates"] += 1
        self._lost[verdict or "open"] += 1
        self._lost[f"basis_{basis}"] += 1
        if verdict == "yes":
            self._unconfirmed.append(int(cells[CANDIDATE]))

    def _look_up(self) -> None:
        """Licences are in no file."""
        rows = Candidate.objects.filter(pk__in=self._waiting)
        licences = dict(rows.values_list("pk", "licence"))
        for number, key in self._waiting.items():
            self._licences.add(licences.get(number, ""), key)
        self._waiting = {}

    def of_truth(self, said: Counts, *, is_read: bool) -> Counts:
        """What changes of `said` by truth.tsv; where its bytes are lost, little is known."""
        if not is_read:
            unknown = [[None, said.get("candidates", 0)]]
            return {"hosts": unknown, "licences": unknown}
        self._look_up()
        confirmed = Candidate.objects.filter(pk__in=self._unconfirmed)
        unreadable = confirmed.exclude(state=CandidateState.READY)
        self._lost["confirmed_unreadable"] = unreadable.count()
        changed = {name: said.get(name, 0) - n for name, n in self._lost.items()}
        shares = {"hosts": self._hosts.told(), "licences": self._licences.told()}
        return changed | shares

    def of_files(
        self, said: Counts, held: Mapping[str, Any], key: Iterable[bytes] | None
    ) -> Counts:
        """What the other files count; `key` are the lines of the random subset's key.

        What stood in a file whose bytes are lost stays as it was said.
        """
        counts = {name: said.get(name, 0) for name in ("dev", "test")}
        if entry := held.get(files.measurement_name("random", "dev", "aligned")):
            counts["dev"] = entry["lines"]
        if key is not None:
            named = [line.split(b"\t")[1] != b"\n" for line in key]
            counts["test"] = sum(named)
            counts["distractors"] = len(named) - sum(named)
        if entry := held.get(files.JUDGMENTS):
            counts["judgments"] = entry["lines"] - 1
        return counts | {"confirmed_entities": counts["dev"] + counts["test"]}
