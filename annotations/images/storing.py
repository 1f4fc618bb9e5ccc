"""Stores pictures: digest, decode, write the files, and then insert the rows."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import transaction

from annotations import sql
from annotations.errors import Erased, Unreadable

from . import store
from .decoding import Picture, examine

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
FIND = """
SELECT encode(sha256, 'hex') AS sha256, id, format <> '' AS is_readable,
       byte_size = 0 AS is_empty
FROM annotations_image WHERE sha256 = ANY(%s::bytea[])
"""
INSERT = """
INSERT INTO annotations_image (sha256, byte_size, format, width, height, problem)
SELECT * FROM unnest(%s::bytea[], %s::int[], %s::text[], %s::int[], %s::int[], %s::text[])
ON CONFLICT (sha256) DO NOTHING
"""


def cores() -> int:
    """Return the number of cores for this process; Pillow decodes without the GIL."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A stored picture: its digest, row and kind."""

    sha256: str
    image_id: int
    is_readable: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """A picture whose files are written and whose row is missing.

    `data` is set if the files existed already. Then nothing was decoded, because the
    row probably exists too. If it does not, `record` decodes the data.
    """

    sha256: str
    byte_size: int
    picture: Picture | None = None
    problem: str = ""
    data: bytes | None = None


def prepare(
    data: bytes, is_erased: Callable[[str], bool] | None = None
) -> PreparedImage:
    """Digest, decode and write one picture. Safe in threads: does not use the database.

    Raises Erased, before it writes anything, if `is_erased` returns True for the digest.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if is_erased is not None and is_erased(sha256):
        raise Erased("The picture was erased and must not return.")
    is_stored = store.holds(store.image_name(sha256), len(data))
    if data and is_stored and store.holds(store.thumbnail_name(sha256)):
        return PreparedImage(sha256, len(data), data=data)
    return _decode(sha256, data)


def _decode(sha256: str, data: bytes) -> PreparedImage:
    picture, problem = None, ""
    try:
        picture = examine(data)
    except Unreadable as error:
        problem = error.detail
    else:
        store.put(store.thumbnail_name(sha256), picture.thumbnail)
        if picture.rendition is not None:
            store.put(store.rendition_name(sha256), picture.rendition)
    store.put(store.image_name(sha256), data)
    return PreparedImage(sha256, len(data), picture, problem)


def record(prepared: Iterable[PreparedImage]) -> dict[str, StoredImage]:
    """Insert missing rows by one statement; return all pictures by digest.

    Runs in the caller's transaction. Inserts in the order of digests, so that two
    imports of the same pictures cannot deadlock.
    """
    by_digest = {picture.sha256: picture for picture in prepared}
    images = find_stored(list(by_digest))
    new_digests = sorted(by_digest.keys() - images.keys())
    if new_digests:
        _insert([by_digest[sha256] for sha256 in new_digests])
        images |= find_stored(new_digests)
    return images


def find_stored(digests: Sequence[str]) -> dict[str, StoredImage]:
    """Return the stored pictures with these digests, by digest."""
    rows = sql.rows(FIND, [[bytes.fromhex(sha256) for sha256 in digests]])
    return {row.sha256: StoredImage(*row) for row in rows}


def _insert(pictures: Sequence[PreparedImage]) -> None:
    rows = [_row(picture) for picture in pictures]
    sql.run(INSERT, [list(column) for column in zip(*rows, strict=True)])


def _row(prepared: PreparedImage) -> tuple[object, ...]:
    if prepared.data is not None:
        # Files without a row: an import crashed between the two.
        prepared = _decode(prepared.sha256, prepared.data)
    picture = prepared.picture
    return (
        bytes.fromhex(prepared.sha256),
        prepared.byte_size,
        picture.format if picture else "",
        picture.width if picture else None,
        picture.height if picture else None,
        prepared.problem,
    )


@transaction.atomic
def store_many(blobs: Sequence[bytes]) -> list[StoredImage]:
    """Store pictures, each once, using all cores; return them in the order of `blobs`."""
    if len(blobs) > 1:
        with ThreadPoolExecutor(cores(), "picture") as threads:
            prepared = list(threads.map(prepare, blobs))
    else:
        prepared = [prepare(data) for data in blobs]
    by_digest = record(prepared)
    return [by_digest[picture.sha256] for picture in prepared]
