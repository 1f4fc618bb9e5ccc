"""Erasure's door: releases that hold what is erased are rewritten without it."""

import secrets
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from annotations.models import Release, ReleaseState, Removal

from . import describing, files
from .locks import hold_gate
from .making import UNFINISHED

KEY, CANDIDATE, VERDICT, BASIS = 0, 2, 8, 9


def forget(candidates: Collection[int]) -> None:
    """Take candidates out of every release's files, in an erasure's transaction.

    What is under way begins anew. The old bytes are deleted once it is committed.
    """
    hold_gate(shared=False)
    gone = frozenset(candidates)
    rows = Release.objects.select_for_update().exclude(state=ReleaseState.FAILED)
    for release in rows.order_by("pk"):
        if release.state in UNFINISHED:
            _begin_anew(release)
        else:
            _Rewriting(release, gone).run()


def _begin_anew(release: Release) -> None:
    digests = files.digests_of(release.files)
    Release.objects.filter(pk=release.pk).update(
        state=ReleaseState.PENDING,
        files={"round": secrets.token_hex(8)},
        progress=0,
        touched_at=None,
    )
    _after_commit(digests)
    transaction.on_commit(partial(files.clear_work, release.pk))


def _after_commit(digests: Collection[str]) -> None:
    transaction.on_commit(partial(files.delete_stored, set(digests)))


@dataclass(slots=True)
class _Rewriting:
    """One done release without some candidates."""

    release: Release
    gone: frozenset[int]
    files: dict[str, Any] = field(default_factory=dict)
    removals: list[Removal] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    def run(self) -> None:
        """Rewrite what holds any of them, and what tells about it."""
        self.files = dict(self.release.files)
        self._rewrite(files.TRUTH, self._truth())
        if not self.removals:
            return  # every candidate of a measurement file is in truth.tsv
        self._rewrite(files.JUDGMENTS, self._judgments())
        self._rewrite(files.LINES, self._index())
        for (subset, split), numbers in self.lines.items():
            for cut in files.CUTS:
                name = files.measurement_name(subset, split, cut)
                self._rewrite(name, self._without(name, numbers))
            if split == "test":
                self._rewrite(files.key_name(subset), self._key(subset, numbers))
        self._describe()
        self._save()

    def _rewrite(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file anew; its removal is noted where a line is gone."""
        old = self.files[name]
        with files.draft() as made:
            for line in lines:
                made.write(line)
            if made.lines == old["lines"]:
                return
            made.keep()
        self._note(name, made.entry)

    def _note(self, name: str, entry: dict[str, Any]) -> None:
        old, self.files[name] = self.files[name], entry
        if name == files.LINES:
            return
        removal = Removal(
            release=self.release,
            file=name,
            old_sha256=old["sha256"],
            new_sha256=entry["sha256"],
            lines=old["lines"] - entry["lines"],
            removed_at=timezone.now(),
        )
        self.removals.append(removal)

    def _read(self, name: str) -> Iterator[bytes]:
        return files.lines_of(files.open_stored(self.files[name]["sha256"]))

    def _truth(self) -> Iterator[bytes]:
        lines = self._read(files.TRUTH)
        yield next(lines)
        rows = (line.split(b"\t") for line in lines)
        for _, group in groupby(rows, key=lambda cells: cells[KEY]):
            of_entity = list(group)
            left = [c for c in of_entity if int(c[CANDIDATE]) not in self.gone]
            for cells in of_entity:
                if int(cells[CANDIDATE]) in self.gone:
                    self._count(cells[VERDICT].decode(), cells[BASIS].decode())
            self.counts["entities"] += not left
            for cells in left:
                yield b"\t".join(cells)

    def _count(self, verdict: str, basis: str) -> None:
        self.counts["candidates"] += 1
        self.counts[verdict or "open"] += 1
        self.counts[f"basis_{basis}"] += 1

    def _judgments(self) -> Iterator[bytes]:
        lines = self._read(files.JUDGMENTS)
        yield next(lines)
        for line in lines:
            if int(line.split(b"\t")[1]) not in self.gone:
                yield line

    def _index(self) -> Iterator[bytes]:
        """The lines that stay, numbered anew; notes those that go."""
        lines = self._read(files.LINES)
        yield next(lines)
        counted: Counter[tuple[str, str]] = Counter()
        for line in lines:
            subset, split, number, candidate = line.decode().split("\t")
            if int(candidate) in self.gone:
                self.lines.setdefault((subset, split), set()).add(int(number))
                continue
            counted[subset, split] += 1
            cells = (subset, split, str(counted[subset, split]), candidate)
            yield "\t".join(cells).encode()

    def _without(self, name: str, numbers: set[int]) -> Iterator[bytes]:
        for number, line in enumerate(self._read(name), start=1):
            if number not in numbers:
                yield line

    def _key(self, subset: str, numbers: set[int]) -> Iterator[bytes]:
        left = self._without(files.key_name(subset), numbers)
        for number, line in enumerate(left, start=1):
            yield b"%d\t%s" % (number, line.split(b"\t")[1])

    def _describe(self) -> None:
        self._recount()
        before = list(self.release.removals.order_by("pk"))
        told = describing.describe(self.release, self.files, [*before, *self.removals])
        for name, entry in told.items():
            self._note(name, entry)
        entry = describing.keep_removals([*before, *self.removals])
        self.files[files.REMOVALS] = entry

    def _recount(self) -> None:
        """What the counts are without what is gone; the hours of judges stay theirs."""
        said = self.release.counts
        for name, number in self.counts.items():
            said[name] = said.get(name, 0) - number
        dev = self.files[files.measurement_name("random", "dev", "aligned")]["lines"]
        keyed = [line.split(b"\t")[1] != b"\n" for line in self._read("key-random.tsv")]
        said |= {"dev": dev, "test": sum(keyed), "confirmed_entities": dev + sum(keyed)}
        said["distractors"] = len(keyed) - sum(keyed)
        said["judgments"] = self.files[files.JUDGMENTS]["lines"] - 1

    def _save(self) -> None:
        old = files.digests_of(self.release.files) - files.digests_of(self.files)
        Removal.objects.bulk_create(self.removals)
        with connection.cursor() as cursor:
            # Only so does the row's trigger let it be changed.
            cursor.execute("SET LOCAL labeler.erasing = 'on'")
            Release.objects.filter(pk=self.release.pk).update(
                files=self.files, counts=self.release.counts
            )
            cursor.execute("SET LOCAL labeler.erasing = 'off'")
        _after_commit(old)
