"""Where bytes come from: a path, a stream; plain, gzip or zstd; lines or an archive."""

import gzip
import io
import lzma
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import zstandard

from annotations.errors import UnreadableFile

GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", (b"PK\x03\x04", b"PK\x05\x06")
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
HEAD_BYTES = 512
PIECE = 1024**2
ZSTD_BITE = 4096
# Unpacked to a temporary file: archives that are compressed or cannot be sought in.
UNPACKED_MIN, UNPACKED_RATIO = 4 * 1024**3, 100
DAMAGED = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    zipfile.BadZipFile,
    OSError,
)

Kind = Literal["lines", "zip", "tar", "folder"]


class Patience:
    """How long getting to the place where an import goes on may take, if limited."""

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """UnreadableFile once it is over: each slice would take as long."""
        if self._until is not None and time.monotonic() > self._until:
            raise UnreadableFile(
                "Unpacked, the file is too large for an upload;"
                " use manage.py import_candidates."
            )


@dataclass(slots=True)
class Source:
    """An opened source. `folder` is where paths of a manifest begin, where known."""

    file: IO[bytes]
    kind: Kind
    folder: Path | None = None
    total: int | None = None
    raw: IO[bytes] | None = None

    def tell(self) -> int | None:
        """How many bytes of the source as it came are read."""
        try:
            return self.raw.tell() if self.raw is not None else None
        except (OSError, ValueError):
            return None


class Guarded(io.RawIOBase):
    """A stream whose own errors become UnreadableFile: the file is damaged."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._head = file, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """What was looked at before, then the rest; made of reads of any length."""
        parts, held = [self._head], len(self._head)
        try:
            while held < size and (piece := self._file.read(size - held)):
                parts.append(piece)
                held += len(piece)
        except DAMAGED as error:
            raise UnreadableFile(f"The file is damaged: {error}.") from error
        data = b"".join(parts)
        self._head = data[size:]
        return data[:size]

    def look(self, size: int) -> bytes:
        """The first bytes, which stay to be read."""
        data = self.read(size)
        self._head = data + self._head
        return data


class _Zstd:
    """Zstd frames one after another. Unlike the library's own reader, a file that was
    cut off is found out; small bites bound what a bomb can make of one.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._held = file, b""
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def read(self, size: int = -1) -> bytes:
        """Some bytes, none at the end."""
        while True:
            bite = self._held or self._file.read(ZSTD_BITE)
            if not bite:
                if self._frame is not None:
                    raise EOFError("it ends within a frame")
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            data = self._frame.decompress(bite)
            self._held = b""
            if self._frame.eof:
                self._held, self._frame = self._frame.unused_data, None
            if data:
                return data


@contextmanager
def opened(source: Path | IO[bytes], patience: Patience) -> Iterator[Source]:
    """Open a file, a folder or a stream, unpacked as far as it is compressed."""
    with ExitStack() as stack:
        if isinstance(source, Path):
            try:
                if source.is_dir():
                    yield Source(io.BytesIO(), "folder", source)
                    return
                raw: IO[bytes] = stack.enter_context(source.open("rb"))
            except OSError as error:
                problem = error.strerror or "it cannot be opened"
                raise UnreadableFile(f"{source}: {problem}.") from error
            yield _look(raw, source.parent, patience, stack)
        else:
            yield _look(source, None, patience, stack)


def _look(
    raw: IO[bytes], folder: Path | None, patience: Patience, stack: ExitStack
) -> Source:
    total = _size(raw)
    head, file = _peek(raw)
    is_compressed = head.startswith((GZIP, ZSTD))
    if is_compressed:
        file = _unpacking(file, head)
        head, file = _peek(file)
    kind = _kind(head)
    if kind != "lines" and (is_compressed or total is None):
        file = stack.enter_context(_spooled(file, raw, patience))
    elif kind != "lines":
        raw.seek(0)
        file = raw
    return Source(file, kind, folder, total, raw if total is not None else None)


def _kind(head: bytes) -> Kind:
    if head.startswith(ZIP):
        return "zip"
    return "tar" if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC) else "lines"


def _size(raw: IO[bytes]) -> int | None:
    """The size of what can be sought in, else None (a pipe)."""
    try:
        size = raw.seek(0, 2)
        raw.seek(0)
    except (OSError, ValueError, AttributeError):
        return None
    return size


def _peek(file: IO[bytes]) -> tuple[bytes, IO[bytes]]:
    guarded = Guarded(file)
    return guarded.look(HEAD_BYTES), guarded  # type: ignore[return-value]


def _unpacking(file: IO[bytes], head: bytes) -> IO[bytes]:
    if head.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    return _Zstd(file)  # type: ignore[return-value]


@contextmanager
def _spooled(
    file: IO[bytes], raw: IO[bytes], patience: Patience
) -> Iterator[IO[bytes]]:
    """All of a stream in a temporary file, unless it grows as only bombs do."""
    with tempfile.TemporaryFile(prefix="labeler-") as spool:
        size = 0
        while piece := file.read(PIECE):
            size += spool.write(piece)
            patience.check()
            if size > UNPACKED_MIN and size > UNPACKED_RATIO * _told(raw, size):
                raise UnreadableFile(
                    "Unpacked, the archive is over 100 times its size."
                )
        spool.seek(0)
        yield spool


def _told(raw: IO[bytes], otherwise: int) -> int:
    try:
        return raw.tell()
    except (OSError, ValueError):
        return otherwise
