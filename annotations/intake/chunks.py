"""Blocks of rows made into chunks, each of which one transaction takes.

Pictures are decoded by a pool of threads meanwhile; rows stay in their order, so that
what is committed is always the beginning of the file.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from annotations import images
from annotations.errors import Erased

from . import cells
from .cells import Refusal
from .rows import Blocks, CandidateRow, Refused, refused

CHUNK_ROWS = 40_000
PICTURED_ROWS = 250
PICTURED_BYTES = 16 * 1024**2
# Slow pictures must not make a transaction, and with it a task, last.
CHUNK_SECONDS = 4.0
# Work that is queued while a chunk is merged.
AHEAD_ROWS = 64
AHEAD_BYTES = 24 * 1024**2


@dataclass(slots=True)
class Chunk:
    """What one transaction takes; `last` is the record that it ends with."""

    last: int = 0
    rows: list = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    prepared: dict[int, images.Prepared] = field(default_factory=dict)
    size: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def is_full(self) -> bool:
        """Whether it should be merged now."""
        if not self.prepared:
            return len(self.rows) + len(self.refused) >= CHUNK_ROWS
        return (
            len(self.rows) + len(self.refused) >= PICTURED_ROWS
            or self.size >= PICTURED_BYTES
            or time.monotonic() - self.started > CHUNK_SECONDS
        )


IsBuried = Callable[[str], bool]


def without_pictures(blocks: Blocks) -> Iterator[Chunk]:
    """Chunks of rows that need no decoding."""
    chunk = Chunk()
    for block in blocks:
        chunk.rows += block.rows
        chunk.refused += block.refused
        chunk.last = block.last
        if chunk.is_full:
            yield chunk
            chunk = Chunk()
    if chunk.last:
        yield chunk


def with_pictures(blocks: Blocks, is_buried: IsBuried) -> Iterator[Chunk]:
    """Chunks whose pictures are decoded and written."""
    threads = ThreadPoolExecutor(images.cores(), "picture")
    try:
        yield from _gathered(_started(blocks, threads, is_buried))
    finally:
        threads.shutdown(cancel_futures=True)


Pending = tuple[CandidateRow | Refused, "Future[images.Prepared] | None"]


def _started(
    blocks: Blocks, threads: ThreadPoolExecutor, is_buried: IsBuried
) -> Iterator[Pending]:
    """Records in order, each after those that follow it were given to the threads."""
    pending: deque[tuple[Pending, int]] = deque()
    ahead = 0
    for block in blocks:
        for record in sorted((*block.rows, *block.refused), key=_number):
            future, size = None, 0
            if not isinstance(record, Refused) and record[4] is not None:
                size = len(record[4])
                future = threads.submit(_prepare, record[4], is_buried)
                record = (*record[:4], b"", record[5])
            pending.append(((record, future), size))
            ahead += size
            while len(pending) > AHEAD_ROWS or ahead > AHEAD_BYTES:
                ready, size = pending.popleft()
                ahead -= size
                yield ready
    while pending:
        yield pending.popleft()[0]


def _number(record: CandidateRow | Refused) -> int:
    return record[0]


def _prepare(picture: str | bytes, is_buried: IsBuried) -> images.Prepared:
    data = cells.picture(picture) if isinstance(picture, str) else picture
    return images.prepare(data, is_buried)


def _gathered(pending: Iterator[Pending]) -> Iterator[Chunk]:
    chunk = Chunk()
    for record, future in pending:
        _take(chunk, record, future)
        if chunk.is_full:
            yield chunk
            chunk = Chunk()
    if chunk.last:
        yield chunk


def _take(
    chunk: Chunk,
    record: CandidateRow | Refused,
    future: "Future[images.Prepared] | None",
) -> None:
    chunk.last = record[0]
    if isinstance(record, Refused):
        chunk.refused.append(record)
        return
    if future is not None:
        try:
            prepared = future.result()
        except (Refusal, Erased) as refusal:
            chunk.refused.append(refused(record[0], refusal, record[5]))
            return
        chunk.prepared[record[0]] = prepared
        chunk.size += prepared.byte_size
    chunk.rows.append(record)
