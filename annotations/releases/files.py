"""A release's files: stored under their digests, found by their names.

What is under way lies in a folder of its own (`releases/work/<release>/<round>`): a
round is made anew from nothing when an erasure comes between.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import IO, Any

from django.core.files.storage import default_storage

from annotations.errors import NotFound
from annotations.images import store
from annotations.models import Release, ReleaseState

SUBSETS, SPLITS, CROPS = ("random", "hard"), ("dev", "test"), ("aligned", "cropped")
TRUTH, JUDGMENTS, REMOVALS = "truth.tsv", "judgments.tsv", "removals.tsv"
DATASHEET, CROISSANT = "datasheet.md", "croissant.json"
# Which candidate stands on which line; erasures go by it, and nobody is given it.
LINES = "lines.tsv"
PIECE = 256 * 1024
WORK = "releases/work"
NOTHING = hashlib.sha256().hexdigest()  # the digest of no bytes
UNFINISHED = (ReleaseState.PENDING, ReleaseState.RUNNING)


def measurement_name(subset: str, split: str, image: str) -> str:
    """The name of a measurement file."""
    return f"measurement-{subset}-{split}-{image}.tsv"


def key_name(subset: str) -> str:
    """The name of the key of a subset's test split."""
    return f"key-{subset}.tsv"


MEASURED = (
    *(measurement_name(*of) for of in product(SUBSETS, SPLITS, CROPS)),
    *map(key_name, SUBSETS),
)
EVERY_FILE = (TRUTH, JUDGMENTS, *MEASURED, REMOVALS, DATASHEET, CROISSANT)


def file_names(release: Release) -> list[str]:
    """The files that a release has, in their order; none before it is done."""
    if release.state != ReleaseState.DONE:
        return []
    return [name for name in EVERY_FILE if name in release.files]


def open_file(release: Release, name: str) -> IO[bytes]:
    """Open a file of a release by name; NotFound says why there is none."""
    if release.state != ReleaseState.DONE:
        raise NotFound("The release is not done; it has no files yet.")
    if name not in release.files:
        raise NotFound(f"The release has no {name}.{_why_not(release, name)}")
    return open_stored(release.files[name]["sha256"])


def _why_not(release: Release, name: str) -> str:
    if name not in EVERY_FILE:
        return ""
    if "hard" in name and not release.method:
        return " Hard images were not offered: there are no embeddings."
    return " Its bytes were lost."


def open_stored(sha256: str) -> IO[bytes]:
    """The bytes of a digest."""
    try:
        return store.get(stored_name(sha256))
    except FileNotFoundError as error:
        raise NotFound("The store lacks the bytes of this file.") from error


def is_whole(entry: Mapping[str, Any]) -> bool:
    """Whether the store has the bytes of a file that a release's row names."""
    return store.holds(stored_name(entry["sha256"]), entry["bytes"])


def stored_name(sha256: str) -> str:
    """Where a file of this digest lies."""
    return f"releases/{sha256[:2]}/{sha256[2:4]}/{sha256}"


class Draft:
    """A file on its way: on this machine's disk, hashed as it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._digest = hashlib.sha256()
        self.bytes = self.lines = 0

    def write(self, piece: bytes) -> int:
        """Add bytes."""
        self._digest.update(piece)
        self.bytes += len(piece)
        self.lines += piece.count(b"\n")
        return self.file.write(piece)

    @property
    def entry(self) -> dict[str, Any]:
        """What the release's row says of it."""
        sha256 = self._digest.hexdigest()
        return {"sha256": sha256, "bytes": self.bytes, "lines": self.lines}

    def keep(self, name: str | None = None) -> None:
        """Store it, under its digest unless another name is given."""
        self.file.flush()
        self.file.seek(0)
        store.put_file(name or stored_name(self.entry["sha256"]), self.file, self.bytes)


@contextmanager
def draft() -> Iterator[Draft]:
    """A file on its way, gone after the block unless it was kept."""
    with tempfile.TemporaryFile() as file:
        yield Draft(file)


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """A file's bytes, some at a time; it is closed at the end."""
    with file:
        while piece := file.read(PIECE):
            yield piece


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file's lines; it is closed at the end."""
    rest = b""
    for piece in chunks(file):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def work_name(release: Release, name: str) -> str:
    """Where a file under way of this round lies."""
    return f"{WORK}/{release.pk}/{release.round}/{name}"


def clear_work_of_ended() -> None:
    """Delete what kills have left of the work at releases that are over, or gone."""
    for number in [int(name) for name in _listed(WORK)[0] if name.isdecimal()]:
        rows = Release.objects.filter(pk=number, state__in=UNFINISHED)
        if not rows.exists():
            clear_work(number)


def clear_work(release_id: int, keep: str | None = None) -> None:
    """Delete what is under way of a release, but of one round."""
    for found in _listed(f"{WORK}/{release_id}")[0]:
        if found != keep:
            _clear(f"{WORK}/{release_id}/{found}")
    if keep is None:
        _delete_folder(f"{WORK}/{release_id}")


def _clear(folder: str) -> None:
    folders, names = _listed(folder)
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    for inner in folders:
        _clear(f"{folder}/{inner}")
    _delete_folder(folder)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _delete_folder(folder: str) -> None:
    try:
        default_storage.delete(folder)
    except OSError:
        return  # somebody wrote into it meanwhile; the next one clears it


def digests_of(files: dict[str, Any]) -> set[str]:
    """The digests that a row's files name."""
    return {each["sha256"] for each in files.values()}


def delete_stored(digests: Iterable[str]) -> None:
    """Delete files by digest, but those that a release still names."""
    rows = Release.objects.values_list("files", flat=True)
    kept = {digest for files in rows for digest in digests_of(files)}
    store.delete(stored_name(digest) for digest in set(digests) - kept)
