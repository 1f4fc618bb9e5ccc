"""Evaluating results on a release: its lines from its files, and pictures for mistakes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO

from django.db import transaction

from annotations import evaluation
from annotations.models import Evaluation, Release, User

from . import files
from .locks import hold_gate


@dataclass(frozen=True, slots=True)
class DevPicture:
    """What a measurement file shows of a key: a name and a JPEG in base64."""

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

    NotFound where it has no such set; Invalid names wrong lines of the file.
    """
    evaluation.check_names(subset, split, name)
    # Whoever is erased meanwhile is neither read nor kept.
    hold_gate(shared=True)
    present = Release.objects.get(pk=release.pk)
    return evaluation.evaluate(
        release=present,
        subset=subset,
        split=split,
        lines=lines_of(present, subset, split),
        file=file,
        name=name,
        by=by,
    )


def lines_of(release: Release, subset: str, split: str) -> Iterator[evaluation.Line]:
    """The lines of a set; those of the test split with the keys of its key file."""
    name = files.measurement_name(subset, split, "aligned")
    rows = map(_cells, files.lines_of(files.open_file(release, name)))
    if split == "dev":
        return (evaluation.Line(key, url, face) for key, _, url, face, *_ in rows)
    keyed = files.lines_of(files.open_file(release, files.key_name(subset)))
    return (
        evaluation.Line(_cells(line)[1] or None, row[2], row[3])
        for line, row in zip(keyed, rows, strict=True)
    )


def dev_pictures(evaluated: Evaluation, keys: Collection[str]) -> dict[str, DevPicture]:
    """What the development set shows of some keys; what is erased is left out."""
    name = files.measurement_name(evaluated.subset, "dev", "aligned")
    if not keys or name not in evaluated.release.files:
        return {}
    wanted = {key.encode() for key in keys}
    found = {}
    for line in files.lines_of(files.open_file(evaluated.release, name)):
        if line[: line.find(b"\t")] in wanted:
            cells = _cells(line)
            found[cells[0]] = DevPicture(name=cells[1], face=cells[5])
    return found


def sets_of(release: Release) -> list[tuple[str, str]]:
    """The subsets and splits that results can be evaluated on."""
    names = set(files.file_names(release))
    return [
        (subset, split)
        for subset in evaluation.SUBSETS
        for split in evaluation.SPLITS
        if files.measurement_name(subset, split, "aligned") in names
    ]


def _cells(line: bytes) -> list[str]:
    return line.decode().rstrip("\n").split("\t")
