"""Erasure's door: releases that hold what is erased are rewritten without it."""

import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

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
from .locks import hold_gate
from .recount import Recount


def remove_candidates(candidates: Collection[int]) -> None:
    """Take candidates out of every release's files, in an erasure's transaction.

    What is under way begins anew. The old bytes are deleted once it is committed, and
    with them what kills have left of the work at releases that are over.
    """
    hold_gate(shared=False)
    gone = frozenset(candidates)
    batches = _batches_of(gone)
    rows = Release.objects.select_for_update().exclude(state=ReleaseState.FAILED)
    for release in rows.order_by("pk"):
        if release.state in files.UNFINISHED:
            _begin_anew(release)
        elif _may_hold(release, batches):
            _Rewriting(release, gone, Recount(gone)).run()
    store.after_commit(files.clear_work_of_ended)


def _batches_of(candidates: Collection[int]) -> set[int]:
    """The batches that ask about an entity of these candidates."""
    entities = Candidate.objects.filter(pk__in=candidates).values("entity")
    asking = BatchEntity.objects.filter(entity__in=entities)
    return set(asking.values_list("batch", flat=True).distinct())


def _may_hold(release: Release, batches: set[int]) -> bool:
    """Whether it was made of one of these, or of one whose queue is no longer there."""
    own = set(release.batches)
    if own & batches:
        return True
    rows = BatchEntity.objects.filter(batch=OuterRef("pk"))
    return Batch.objects.filter(Exists(rows), pk__in=own).count() < len(own)


def _begin_anew(release: Release) -> None:
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
class _Rewriting:
    """One done release without some candidates.

    A file whose bytes are lost holds nothing: the release no longer names it, so that
    nobody brings it back from a backup with what was erased.
    """

    release: Release
    gone: frozenset[int]
    recount: Recount
    files: dict[str, Any] = field(default_factory=dict)
    removals: list[ReleaseRemoval] = field(default_factory=list)
    lines: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    def run(self) -> None:
        """Rewrite what holds any of them, and what tells about it."""
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
        """Without `lines.tsv` nobody knows which lines to take out: all of them go."""
        if not self._is_whole(files.LINES):
            self.files.pop(files.LINES, None)
            for name in files.MEASURED:
                self._drop(name)
            return
        self._rewrite(files.LINES, self._index())
        for (subset, split), numbers in self.lines.items():
            for cut in files.CROPS:
                name = files.measurement_name(subset, split, cut)
                self._rewrite(name, self._without(name, numbers))
            if split == "test":
                self._rewrite(files.key_name(subset), self._key(subset, numbers))

    def _rewrite(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file anew; its removal is noted where a line is gone."""
        if not self._is_whole(name):
            self._drop(name)
            return
        with files.draft() as made:
            for line in lines:
                made.write(line)
            if made.lines == self.files[name]["lines"]:
                return
            made.keep()
        self._note(name, made.entry)

    def _is_whole(self, name: str) -> bool:
        return name in self.files and files.is_whole(self.files[name])

    def _drop(self, name: str) -> None:
        """Name a file no more; an earlier erasure may have done so."""
        old = self.files.pop(name, None)
        if old is not None:
            self._note_removal(name, old["sha256"], files.NOTHING, old["lines"])

    def _note(self, name: str, entry: dict[str, Any]) -> None:
        old, self.files[name] = self.files[name], entry
        if name == files.LINES:
            return
        # What tells about the others is written anew, and is no shorter.
        is_told = name in descriptions.DESCRIBING
        lines = 0 if is_told else old["lines"] - entry["lines"]
        self._note_removal(name, old["sha256"], entry["sha256"], lines)

    def _note_removal(self, name: str, old: str, new: str, lines: int) -> None:
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
            of_entity = list(group)
            self.recount.take(of_entity)
            for cells in of_entity:
                if int(cells[CANDIDATE]) not in self.gone:
                    yield b"\t".join(cells)

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
        counted: dict[tuple[str, str], int] = {}
        for line in lines:
            subset, split, number, candidate = line.decode().split("\t")
            if int(candidate) in self.gone:
                self.lines.setdefault((subset, split), set()).add(int(number))
                continue
            counted[subset, split] = counted.get((subset, split), 0) + 1
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
        said = self.release.counts
        said |= self.recount.of_truth(said, is_read=files.TRUTH in self.files)
        key = files.key_name("random")
        lines = self._read(key) if self._is_whole(key) else None
        said |= self.recount.of_files(said, self.files, lines)
        before = list(self.release.removals.order_by("pk"))
        told = descriptions.describe(self.release, self.files, [*before, *self.removals])
        for name, entry in told.items():
            self._note(name, entry)
        entry = descriptions.keep_removals([*before, *self.removals])
        self.files[files.REMOVALS] = entry

    def _save(self) -> None:
        old = files.digests_of(self.release.files) - files.digests_of(self.files)
        ReleaseRemoval.objects.bulk_create(self.removals)
        with connection.cursor() as cursor:
            # Only so does the row's trigger let it be changed.
            cursor.execute("SET LOCAL labeler.erasing = 'on'")
            Release.objects.filter(pk=self.release.pk).update(
                files=self.files, counts=self.release.counts
            )
            cursor.execute("SET LOCAL labeler.erasing = 'off'")
        _delete_later(old)
