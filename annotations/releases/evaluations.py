"""Evaluation of results on a release: the lines of its sets, and pictures of mistakes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO

from django.db import transaction

from annotations import evaluation
from annotations.models import Evaluation, Release, User

from . import files
from .locks import lock_gate


@dataclass(frozen=True, slots=True)
class DevPicture:
    """An entity's picture in a development file: its name and a JPEG in base64."""

    name: str
    face: str


@transaction.atomic
def evaluate(
    *,
    release: Release,
    subset: str,
    split: str,
    file: IO[bytes],
    name: str,
    by: User | None,
) -> Evaluation:
    """Evaluate results on a subset and split of a release.

    Raise NotFound if the release has no such set, and Invalid for wrong lines.
    """
    evaluation.check_names(subset, split, name)
    # An entity that is erased meanwhile must be neither read nor stored.
    lock_gate(shared=True)
    current = Release.objects.get(pk=release.pk)
    return evaluation.evaluate(
        release=current,
        subset=subset,
        split=split,
        lines=lines_of(current, subset, split),
        file=file,
        name=name,
        by=by,
    )


def lines_of(release: Release, subset: str, split: str) -> Iterator[evaluation.Line]:
    """Yield the lines of a set; those of the test split get their keys from its key."""
    name = files.measurement_name(subset, split, "aligned")
    rows = map(_cells, files.lines_of(files.open_file(release, name)))
    if split == "dev":
        return (evaluation.Line(key, url, face) for key, _, url, face, *_ in rows)
    key_lines = files.lines_of(files.open_file(release, files.key_name(subset)))
    return (
        evaluation.Line(_cells(line)[1] or None, row[2], row[3])
        for line, row in zip(key_lines, rows, strict=True)
    )


def dev_pictures(evaluated: Evaluation, keys: Collection[str]) -> dict[str, DevPicture]:
    """Return the pictures of some keys in the development set, without erased ones."""
    name = files.measurement_name(evaluated.subset, "dev", "aligned")
    if not keys or name not in evaluated.release.files:
        return {}
    encoded_keys = {key.encode() for key in keys}
    pictures = {}
    for line in files.lines_of(files.open_file(evaluated.release, name)):
        if line[: line.find(b"\t")] in encoded_keys:
            cells = _cells(line)
            pictures[cells[0]] = DevPicture(name=cells[1], face=cells[5])
    return pictures


def sets_of(release: Release) -> list[tuple[str, str]]:
    """Return the subsets and splits of a release on which results can be evaluated."""
    names = set(files.file_names(release))
    return [
        (subset, split)
        for subset in evaluation.SUBSETS
        for split in evaluation.SPLITS
        if files.measurement_name(subset, split, "aligned") in names
    ]


def _cells(line: bytes) -> list[str]:
    return line.decode().rstrip("\n").split("\t")
