"""Removal of erased candidates from the files of releases."""

import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotations import sql
from annotations.images import store
from annotations.models import (
    Batch,
    BatchEntity,
    Candidate,
    Release,
    ReleaseRemoval,
    ReleaseState,
)

from . import descriptions, files
from .columns import CANDIDATE, KEY
from .locks import lock_gate
from .recount import Recount


def remove_candidates(candidates: Collection[int]) -> None:
    """Remove candidates from the files of every release, in an erasure's transaction.

    Unfinished releases start again from nothing. After the commit, delete the replaced
    files, and files that killed workers left of ended releases.
    """
    lock_gate(shared=False)
    erased = frozenset(candidates)
    batches = _batches_of(erased)
    rows = Release.objects.select_for_update().exclude(state=ReleaseState.FAILED)
    for release in rows.order_by("pk"):
        if release.state in files.UNFINISHED:
            _restart(release)
        elif _may_contain(release, batches):
            _Rewrite(release, erased, Recount(erased)).run()
    store.after_commit(files.clear_work_of_ended)


def _batches_of(candidates: Collection[int]) -> set[int]:
    """Return the ids of batches with an entity of these candidates."""
    entities = Candidate.objects.filter(pk__in=candidates).values("entity")
    queue_rows = BatchEntity.objects.filter(entity__in=entities)
    return set(queue_rows.values_list("batch", flat=True).distinct())


def _may_contain(release: Release, batches: set[int]) -> bool:
    """Whether a release was made of one of these batches, or of one without its queue."""
    release_batches = set(release.batches)
    if release_batches & batches:
        return True
    queue_rows = BatchEntity.objects.filter(batch=OuterRef("pk"))
    complete = Batch.objects.filter(Exists(queue_rows), pk__in=release_batches)
    return complete.count() < len(release_batches)


def _restart(release: Release) -> None:
    new_round = secrets.token_hex(8)
    Release.objects.filter(pk=release.pk).update(
        state=ReleaseState.PENDING,
        round=new_round,
        attempts=0,
        files={},
        progress=0,
        touched_at=None,
    )
    _delete_later(files.digests_of(release.files))
    store.after_commit(partial(files.clear_work, release.pk, keep=new_round))


def _delete_later(digests: set[str]) -> None:
    store.after_commit(partial(files.delete_stored, digests))


@dataclass(slots=True)
class _Rewrite:
    """A finished release without some candidates.

    If the content of a file is lost, the release stops naming the file. Otherwise a
    backup could bring it back with the erased candidates.
    """

    release: Release
    erased: frozenset[int]
    recount: Recount
    files: dict[str, Any] = field(default_factory=dict)
    removals: list[ReleaseRemoval] = field(default_factory=list)
    lines: dict[tuple[str, str], set[int]] = field(default_factory=dict)  # to remove

    def run(self) -> None:
        """Rewrite the files that contain the candidates, and their descriptions."""
        self.files = dict(self.release.files)
        self._rewrite(files.TRUTH, self._truth())
        if files.TRUTH in self.files and not self.removals:
            return  # every candidate of a measurement file is in truth.tsv
        self._rewrite(files.JUDGMENTS, self._judgments())
        self._rewrite_measurements()
        if self.removals:
            self._describe()
            self._save()

    def _rewrite_measurements(self) -> None:
        """Rewrite the measurement files; drop all if it is unknown which lines to remove."""
        if not self._is_whole(files.LINES):
            self.files.pop(files.LINES, None)
            for name in files.MEASURED:
                self._drop(name)
            return
        self._rewrite(files.LINES, self._index())
        for (subset, split), numbers in self.lines.items():
            for crop in files.CROPS:
                name = files.measurement_name(subset, split, crop)
                self._rewrite(name, self._without(name, numbers))
            if split == "test":
                self._rewrite(files.key_name(subset), self._key(subset, numbers))

    def _rewrite(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file with these lines, and record the removal if a line is missing."""
        if not self._is_whole(name):
            self._drop(name)
            return
        with files.draft() as draft:
            for line in lines:
                draft.write(line)
            if draft.lines == self.files[name]["lines"]:
                return
            draft.keep()
        self._replace(name, draft.entry)

    def _is_whole(self, name: str) -> bool:
        return name in self.files and files.is_whole(self.files[name])

    def _drop(self, name: str) -> None:
        """Stop naming a file. An earlier erasure may already have done it."""
        entry = self.files.pop(name, None)
        if entry is not None:
            self._record(name, entry["sha256"], files.EMPTY_SHA256, entry["lines"])

    def _replace(self, name: str, entry: dict[str, Any]) -> None:
        old, self.files[name] = self.files[name], entry
        if name == files.LINES:
            return
        # Descriptions are written again, so they lose no lines.
        is_description = name in descriptions.NAMES
        lines = 0 if is_description else old["lines"] - entry["lines"]
        self._record(name, old["sha256"], entry["sha256"], lines)

    def _record(self, name: str, old: str, new: str, lines: int) -> None:
        removal = ReleaseRemoval(
            release=self.release,
            file=name,
            old_sha256=old,
            new_sha256=new,
            lines=lines,
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
            entity_rows = list(group)
            self.recount.add(entity_rows)
            for cells in entity_rows:
                if int(cells[CANDIDATE]) not in self.erased:
                    yield b"\t".join(cells)

    def _judgments(self) -> Iterator[bytes]:
        lines = self._read(files.JUDGMENTS)
        yield next(lines)
        for line in lines:
            if int(line.split(b"\t")[1]) not in self.erased:
                yield line

    def _index(self) -> Iterator[bytes]:
        """Yield the remaining lines with new numbers, and collect the others."""
        lines = self._read(files.LINES)
        yield next(lines)
        counts: dict[tuple[str, str], int] = {}
        for line in lines:
            subset, split, number, candidate = line.decode().split("\t")
            if int(candidate) in self.erased:
                self.lines.setdefault((subset, split), set()).add(int(number))
                continue
            counts[subset, split] = counts.get((subset, split), 0) + 1
            cells = (subset, split, str(counts[subset, split]), candidate)
            yield "\t".join(cells).encode()

    def _without(self, name: str, numbers: set[int]) -> Iterator[bytes]:
        for number, line in enumerate(self._read(name), start=1):
            if number not in numbers:
                yield line

    def _key(self, subset: str, numbers: set[int]) -> Iterator[bytes]:
        lines = self._without(files.key_name(subset), numbers)
        for number, line in enumerate(lines, start=1):
            yield b"%d\t%s" % (number, line.split(b"\t")[1])

    def _describe(self) -> None:
        counts = self.release.counts
        counts |= self.recount.of_truth(counts, is_read=files.TRUTH in self.files)
        key = files.key_name("random")
        lines = self._read(key) if self._is_whole(key) else None
        counts |= self.recount.of_files(counts, self.files, lines)
        former_removals = list(self.release.removals.order_by("pk"))
        removals = [*former_removals, *self.removals]
        entries = descriptions.describe(self.release, self.files, removals)
        for name, entry in entries.items():
            self._replace(name, entry)
        # Rewriting the descriptions added removals.
        removals = [*former_removals, *self.removals]
        self.files[files.REMOVALS] = descriptions.store_removals(removals)

    def _save(self) -> None:
        replaced = files.digests_of(self.release.files) - files.digests_of(self.files)
        ReleaseRemoval.objects.bulk_create(self.removals)
        # The trigger that protects finished releases allows updates in this mode only.
        sql.run("SET LOCAL labeler.erasing = 'on'")
        Release.objects.filter(pk=self.release.pk).update(
            files=self.files, counts=self.release.counts
        )
        sql.run("SET LOCAL labeler.erasing = 'off'")
        _delete_later(replaced)
