"""Keeping bytes: digest, decode, files first, then the rows that say they are there."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection, transaction

from annotations.errors import Erased, Unreadable

from . import store
from .decoding import Picture, examine

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def cores() -> int:
    """How many cores this process may use; Pillow decodes outside Python's lock."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that are kept: their digest, their row and what they are."""

    sha256: str
    image_id: int
    is_readable: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bytes whose files are written and whose row is still missing.

    `data` is set where the files were there before and nothing was decoded: then the
    row is expected too, and where it is not, `record` decodes after all.
    """

    sha256: str
    byte_size: int
    picture: Picture | None = None
    problem: str = ""
    data: bytes | None = None


def prepare(data: bytes, is_buried: Callable[[str], bool] | None = None) -> Prepared:
    """Digest, decode and write one picture. For threads: touches no database.

    `is_buried` is asked before anything is written; Erased where it says so.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if is_buried is not None and is_buried(sha256):
        raise Erased("The picture was erased and must not return.")
    is_known = store.holds(store.image_name(sha256), len(data))
    if data and is_known and store.holds(store.thumbnail_name(sha256)):
        return Prepared(sha256, len(data), data=data)
    return _decoded(sha256, data)


def _decoded(sha256: str, data: bytes) -> Prepared:
    picture, problem = None, ""
    try:
        picture = examine(data)
    except Unreadable as error:
        problem = error.detail
    else:
        store.put(store.thumbnail_name(sha256), picture.thumbnail)
    store.put(store.image_name(sha256), data)
    return Prepared(sha256, len(data), picture, problem)


def record(prepared: Iterable[Prepared]) -> dict[str, Stored]:
    """Make the rows that are missing, by one statement; rows of all, by digest.

    Runs in the caller's transaction. Sorted by digest, so that two importers of the
    same pictures wait for each other in the same order.
    """
    by_digest = {each.sha256: each for each in prepared}
    stored = known_rows(list(by_digest))
    missing = sorted(by_digest.keys() - stored.keys())
    if missing:
        _insert([by_digest[sha256] for sha256 in missing])
        stored |= known_rows(missing)
    return stored


def known_rows(digests: Sequence[str]) -> dict[str, Stored]:
    """The rows there are of these digests."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(sha256, 'hex'), id, format <> '', byte_size = 0"
            " FROM annotations_image WHERE sha256 = ANY(%s::bytea[])",
            [[bytes.fromhex(sha256) for sha256 in digests]],
        )
        return {row[0]: Stored(*row) for row in cursor.fetchall()}


def _insert(prepared: Sequence[Prepared]) -> None:
    rows = [_row(each if each.data is None else _again(each)) for each in prepared]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO annotations_image"
            " (sha256, byte_size, format, width, height, problem)"
            " SELECT * FROM unnest(%s::bytea[], %s::int[], %s::text[],"
            " %s::int[], %s::int[], %s::text[]) ON CONFLICT (sha256) DO NOTHING",
            [list(column) for column in zip(*rows, strict=True)],
        )


def _again(prepared: Prepared) -> Prepared:
    # Files without a row: an import was killed between the two.
    return _decoded(prepared.sha256, prepared.data or b"")


def _row(prepared: Prepared) -> tuple[object, ...]:
    found = prepared.picture
    return (
        bytes.fromhex(prepared.sha256),
        prepared.byte_size,
        found.format if found else "",
        found.width if found else None,
        found.height if found else None,
        prepared.problem,
    )


@transaction.atomic
def store_many(blobs: Sequence[bytes]) -> list[Stored]:
    """Keep pictures, each once, on every core; answers in the order of `blobs`."""
    if len(blobs) > 1:
        with ThreadPoolExecutor(cores(), "picture") as threads:
            prepared = list(threads.map(prepare, blobs))
    else:
        prepared = [prepare(data) for data in blobs]
    stored: Mapping[str, Stored] = record(prepared)
    return [stored[each.sha256] for each in prepared]
