"""Sources: a path or a stream, plain, gzip or zstd, with lines or an archive."""

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
ZSTD_READ_SIZE = 4096
# Limits of the temporary file for an archive that is compressed or not seekable.
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


class SkipLimit:
    """A time limit for reading up to the position where an import continues."""

    def __init__(self, seconds: float | None) -> None:
        self._ends_at = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Raise UnreadableFile after the limit: every later task would need as long."""
        if self._ends_at is not None and time.monotonic() > self._ends_at:
            raise UnreadableFile(
                "The unpacked file is too large for an upload."
                " Use manage.py import_candidates."
            )


@dataclass(slots=True)
class Source:
    """An opened source. `folder` is the root of a manifest's paths, if there is one."""

    file: IO[bytes]
    kind: Kind
    folder: Path | None = None
    total: int | None = None
    raw: IO[bytes] | None = None

    def tell(self) -> int | None:
        """Return the number of bytes read from the source before unpacking, if known."""
        try:
            return self.raw.tell() if self.raw is not None else None
        except (OSError, ValueError):
            return None


class GuardedStream(io.RawIOBase):
    """A stream that raises UnreadableFile for the errors of a damaged file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._head = file, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Read `size` bytes, peeked ones first, by several reads if necessary."""
        parts, length = [self._head], len(self._head)
        try:
            while length < size and (piece := self._file.read(size - length)):
                parts.append(piece)
                length += len(piece)
        except DAMAGED as error:
            raise UnreadableFile(f"The file is damaged: {error}.") from error
        data = b"".join(parts)
        self._head = data[size:]
        return data[:size]

    def peek(self, size: int) -> bytes:
        """Return the next bytes without consuming them."""
        data = self.read(size)
        self._head = data + self._head
        return data


class _Zstd:
    """A reader of consecutive zstd frames.

    Unlike the library's own reader, it detects a truncated file. Small reads limit the
    memory that a decompression bomb can take.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._unused = file, b""
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, none at the end."""
        while True:
            data_in = self._unused or self._file.read(ZSTD_READ_SIZE)
            if not data_in:
                if self._frame is not None:
                    raise EOFError("it ends within a frame")
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            data = self._frame.decompress(data_in)
            self._unused = b""
            if self._frame.eof:
                self._unused, self._frame = self._frame.unused_data, None
            if data:
                return data


@contextmanager
def open_source(source: Path | IO[bytes], skip_limit: SkipLimit) -> Iterator[Source]:
    """Open a file, a folder or a stream; unpack it if it is compressed."""
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
            yield _inspect(raw, source.parent, skip_limit, stack)
        else:
            yield _inspect(source, None, skip_limit, stack)


def _inspect(
    raw: IO[bytes], folder: Path | None, skip_limit: SkipLimit, stack: ExitStack
) -> Source:
    total = _size(raw)
    head, file = _peek(raw)
    is_compressed = head.startswith((GZIP, ZSTD))
    if is_compressed:
        file = _unpacking(file, head)
        head, file = _peek(file)
    kind = _kind(head)
    if kind != "lines" and (is_compressed or total is None):
        file = stack.enter_context(_spooled(file, raw, skip_limit))
    elif kind != "lines":
        raw.seek(0)
        file = raw
    return Source(file, kind, folder, total, raw if total is not None else None)


def _kind(head: bytes) -> Kind:
    if head.startswith(ZIP):
        return "zip"
    return "tar" if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC) else "lines"


def _size(raw: IO[bytes]) -> int | None:
    """Return the size of a seekable file, None for a pipe."""
    try:
        size = raw.seek(0, 2)
        raw.seek(0)
    except (OSError, ValueError, AttributeError):
        return None
    return size


def _peek(file: IO[bytes]) -> tuple[bytes, IO[bytes]]:
    guarded = GuardedStream(file)
    return guarded.peek(HEAD_BYTES), guarded  # type: ignore[return-value]


def _unpacking(file: IO[bytes], head: bytes) -> IO[bytes]:
    if head.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    return _Zstd(file)  # type: ignore[return-value]


@contextmanager
def _spooled(
    file: IO[bytes], raw: IO[bytes], skip_limit: SkipLimit
) -> Iterator[IO[bytes]]:
    """Copy a stream to a temporary file, unless it is a decompression bomb."""
    with tempfile.TemporaryFile(prefix="labeler-") as spool:
        size = 0
        while piece := file.read(PIECE):
            size += spool.write(piece)
            skip_limit.check()
            if size > UNPACKED_MIN and size > UNPACKED_RATIO * _position(raw, size):
                raise UnreadableFile("The unpacked archive is over 100 times its size.")
        spool.seek(0)
        yield spool


def _position(raw: IO[bytes], default: int) -> int:
    try:
        return raw.tell()
    except (OSError, ValueError):
        return default
