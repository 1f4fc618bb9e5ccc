"""Chunks: the rows that one transaction imports.

A pool of threads decodes pictures in the meantime. Rows keep their order, so that the
committed rows are always the beginning of the file.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from annotations import images
from annotations.errors import Erased

from . import cells
from .cells import Refusal
from .rows import Blocks, CandidateRow, Note, RefusedRecord, refuse

CHUNK_ROWS = 40_000
PICTURED_ROWS = 250
PICTURED_BYTES = 16 * 1024**2
# A limit for slow pictures, so that transactions and tasks stay short.
CHUNK_SECONDS = 4.0
# Limits of the work that waits for the threads while a chunk is merged.
AHEAD_ROWS = 64
AHEAD_BYTES = 24 * 1024**2


@dataclass(slots=True)
class Chunk:
    """The records of one transaction; `last` is the number of the last one."""

    last: int = 0
    rows: list[Any] = field(default_factory=list)  # Row
    refused: list[RefusedRecord] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    prepared: dict[int, images.PreparedImage] = field(default_factory=dict)
    size: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def is_full(self) -> bool:
        """Return whether the chunk is ready to be merged."""
        if not self.prepared:
            return len(self.rows) + len(self.refused) >= CHUNK_ROWS
        return (
            len(self.rows) + len(self.refused) >= PICTURED_ROWS
            or self.size >= PICTURED_BYTES
            or time.monotonic() - self.started > CHUNK_SECONDS
        )


IsErased = Callable[[str], bool]


def without_pictures(blocks: Blocks) -> Iterator[Chunk]:
    """Yield chunks of rows that need no decoding."""
    chunk = Chunk()
    for block in blocks:
        chunk.rows += block.rows
        chunk.refused += block.refused
        chunk.notes += block.notes
        chunk.last = block.last
        if chunk.is_full:
            yield chunk
            chunk = Chunk()
    if chunk.last or chunk.notes:
        yield chunk


def with_pictures(blocks: Blocks, is_erased: IsErased) -> Iterator[Chunk]:
    """Yield chunks whose pictures are decoded and written to the store."""
    threads = ThreadPoolExecutor(images.cores(), "picture")
    try:
        yield from _collect(_submit(blocks, threads, is_erased))
    finally:
        threads.shutdown(cancel_futures=True)


Record = CandidateRow | RefusedRecord | Note
Pending = tuple[Record, "Future[images.PreparedImage] | None"]


def _submit(
    blocks: Blocks, threads: ThreadPoolExecutor, is_erased: IsErased
) -> Iterator[Pending]:
    """Yield records in order, after the pictures of the next ones went to the threads."""
    pending: deque[tuple[Pending, int]] = deque()
    ahead = 0
    for block in blocks:
        for record in sorted((*block.notes, *block.rows, *block.refused), key=_number):
            future, size = None, 0
            if not isinstance(record, (RefusedRecord, Note)) and record[4] is not None:
                size = len(record[4])
                future = threads.submit(_prepare, record[4], is_erased)
                record = (*record[:4], b"", record[5])
            pending.append(((record, future), size))
            ahead += size
            while len(pending) > AHEAD_ROWS or ahead > AHEAD_BYTES:
                ready, size = pending.popleft()
                ahead -= size
                yield ready
    while pending:
        yield pending.popleft()[0]


def _number(record: Record) -> int:
    return record[0]


def _prepare(picture: str | bytes, is_erased: IsErased) -> images.PreparedImage:
    data = cells.picture(picture) if isinstance(picture, str) else picture
    return images.prepare(data, is_erased)


def _collect(pending: Iterator[Pending]) -> Iterator[Chunk]:
    chunk = Chunk()
    for record, future in pending:
        _add(chunk, record, future)
        if chunk.is_full:
            yield chunk
            chunk = Chunk()
    if chunk.last or chunk.notes:
        yield chunk


def _add(
    chunk: Chunk,
    record: Record,
    future: "Future[images.PreparedImage] | None",
) -> None:
    if isinstance(record, Note):
        chunk.notes.append(record)
        return
    chunk.last = record[0]
    if isinstance(record, RefusedRecord):
        chunk.refused.append(record)
        return
    if future is not None:
        try:
            prepared = future.result()
        except (Refusal, Erased) as refusal:
            chunk.refused.append(refuse(record[0], refusal, record[5]))
            return
        chunk.prepared[record[0]] = prepared
        chunk.size += prepared.byte_size
    chunk.rows.append(record)
