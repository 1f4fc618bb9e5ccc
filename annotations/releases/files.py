"""The files of releases: stored under their digests, named in the release's row.

Unfinished files are in the work folder of the round, `releases/work/<release>/<round>`.
An erasure during a round starts a new round from nothing.
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
# The candidate on each line of each measurement file. Erasures need it; no user gets it.
LINES = "lines.tsv"
CHUNK_BYTES = 256 * 1024
WORK = "releases/work"
EMPTY_SHA256 = hashlib.sha256().hexdigest()
UNFINISHED = (ReleaseState.PENDING, ReleaseState.RUNNING)


def measurement_name(subset: str, split: str, image: str) -> str:
    """Return the name of a measurement file."""
    return f"measurement-{subset}-{split}-{image}.tsv"


def key_name(subset: str) -> str:
    """Return the name of the key of a subset's test split."""
    return f"key-{subset}.tsv"


MEASURED = (
    *(measurement_name(*parts) for parts in product(SUBSETS, SPLITS, CROPS)),
    *map(key_name, SUBSETS),
)
EVERY_FILE = (TRUTH, JUDGMENTS, *MEASURED, REMOVALS, DATASHEET, CROISSANT)


def file_names(release: Release) -> list[str]:
    """Return the names of a release's files in order; none until it is done."""
    if release.state != ReleaseState.DONE:
        return []
    return [name for name in EVERY_FILE if name in release.files]


def open_file(release: Release, name: str) -> IO[bytes]:
    """Open a file of a release by name; NotFound says why it does not exist."""
    if release.state != ReleaseState.DONE:
        raise NotFound("The release is not done; it has no files yet.")
    if name not in release.files:
        raise NotFound(f"The release has no {name}.{_reason_missing(release, name)}")
    return open_stored(release.files[name]["sha256"])


def _reason_missing(release: Release, name: str) -> str:
    if name not in EVERY_FILE:
        return ""
    if "hard" in name and not release.method:
        return " It has no hard images, because there are no embeddings."
    return " Its content was lost."


def open_stored(sha256: str) -> IO[bytes]:
    """Open the file of a digest; NotFound if the store lacks it."""
    try:
        return store.get(stored_name(sha256))
    except FileNotFoundError as error:
        raise NotFound("The store lacks the content of this file.") from error


def is_whole(entry: Mapping[str, Any]) -> bool:
    """Whether the store has the complete content of a file that a row names."""
    return store.holds(stored_name(entry["sha256"]), entry["bytes"])


def stored_name(sha256: str) -> str:
    """Return the storage name of the file of a digest."""
    return f"releases/{sha256[:2]}/{sha256[2:4]}/{sha256}"


class Draft:
    """A new file on this machine's disk, hashed while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._digest = hashlib.sha256()
        self.bytes = self.lines = 0

    def write(self, chunk: bytes) -> int:
        """Append bytes."""
        self._digest.update(chunk)
        self.bytes += len(chunk)
        self.lines += chunk.count(b"\n")
        return self.file.write(chunk)

    @property
    def entry(self) -> dict[str, Any]:
        """The entry of the file in the release's row."""
        sha256 = self._digest.hexdigest()
        return {"sha256": sha256, "bytes": self.bytes, "lines": self.lines}

    def keep(self, name: str | None = None) -> None:
        """Store the file, under its digest unless it gets another name."""
        self.file.flush()
        self.file.seek(0)
        store.put_file(name or stored_name(self.entry["sha256"]), self.file, self.bytes)


@contextmanager
def draft() -> Iterator[Draft]:
    """Yield a new file, which is deleted after the block unless it was stored."""
    with tempfile.TemporaryFile() as file:
        yield Draft(file)


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of a file in chunks, then close the file."""
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file, then close the file."""
    remainder = b""
    for chunk in chunks(file):
        *lines, remainder = (remainder + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if remainder:
        yield remainder


def work_name(release: Release, name: str) -> str:
    """Return the storage name of an unfinished file of the current round."""
    return f"{WORK}/{release.pk}/{release.round}/{name}"


def clear_work_of_ended() -> None:
    """Delete the work folders of finished or deleted releases, left by killed workers."""
    for release_id in [int(name) for name in _list(WORK)[0] if name.isdecimal()]:
        rows = Release.objects.filter(pk=release_id, state__in=UNFINISHED)
        if not rows.exists():
            clear_work(release_id)


def clear_work(release_id: int, keep: str | None = None) -> None:
    """Delete the unfinished files of a release, except those of the round `keep`."""
    for name in _list(f"{WORK}/{release_id}")[0]:
        if name != keep:
            _clear(f"{WORK}/{release_id}/{name}")
    if keep is None:
        _delete_folder(f"{WORK}/{release_id}")


def _clear(folder: str) -> None:
    folders, names = _list(folder)
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    for inner in folders:
        _clear(f"{folder}/{inner}")
    _delete_folder(folder)


def _list(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _delete_folder(folder: str) -> None:
    try:
        default_storage.delete(folder)
    except OSError:
        return  # another process wrote into it meanwhile; the next call deletes it


def digests_of(files: Mapping[str, Any]) -> set[str]:
    """Return the digests of the files of a row."""
    return {entry["sha256"] for entry in files.values()}


def delete_stored(digests: Iterable[str]) -> None:
    """Delete files by digest, except those that a release still names."""
    rows = Release.objects.values_list("files", flat=True)
    named_digests = {digest for files in rows for digest in digests_of(files)}
    store.delete(stored_name(digest) for digest in set(digests) - named_digests)
