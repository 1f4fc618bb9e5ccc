"""Splits a stream into lines, in constant memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

READ_SIZE = 1024**2
# A picture of 32 MiB is 43 MiB of base64.
LINE_MAX_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cells cannot contain."""

    reason: str
    text: str


Line = str | BadLine


class Lines:
    """The lines of a stream. `head` shows the first ones before they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._raw = _raw_blocks(file)
        first = next(self._raw, b"")
        self._first = (
            first.removeprefix(b"\xef\xbb\xbf") if isinstance(first, bytes) else first
        )
        self.head: list[Line] = _decoded(self._first) if self._first else []

    def blocks(
        self, skip: int = 0, while_skipping: Callable[[], object] = bool
    ) -> Iterator[tuple[int, list[Line]]]:
        """Yield lists of lines after `skip` lines, each with its first line's number from 1."""
        number = 0
        for raw in self._all():
            count = _count(raw)
            if number + count <= skip:
                number += count
                while_skipping()
                continue
            lines = _decoded(raw)
            offset = max(0, skip - number)
            yield number + offset + 1, lines[offset:]
            number += count

    def _all(self) -> Iterator["bytes | BadLine"]:
        if self._first:
            yield self._first
        yield from self._raw


def _raw_blocks(file: IO[bytes]) -> Iterator["bytes | BadLine"]:
    """Yield whole lines, about a MiB at a time, and BadLine for a line that is too long."""
    parts: list[bytes] = []
    size = 0
    while piece := file.read(READ_SIZE):
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join((*parts, piece[:end]))
            parts, size = [piece[end:]], len(piece) - end
            continue
        parts.append(piece)
        size += len(piece)
        if size > LINE_MAX_BYTES:
            start = b"".join(parts)[:800].decode(errors="replace")
            parts.clear()
            remainder = _skip_line(file)
            yield BadLine(
                f"The line is longer than {LINE_MAX_BYTES // 1024**2} MiB.", start
            )
            yield from _split_remainder(remainder, parts)
            size = sum(map(len, parts))
    if size:
        yield b"".join(parts)


def _skip_line(file: IO[bytes]) -> bytes:
    """Read to the end of the line without keeping it; return the bytes after it."""
    while piece := file.read(READ_SIZE):
        end = piece.find(b"\n")
        if end >= 0:
            return piece[end + 1 :]
    return b""


def _split_remainder(remainder: bytes, parts: list[bytes]) -> Iterator[bytes]:
    end = remainder.rfind(b"\n") + 1
    if end:
        yield remainder[:end]
    parts.append(remainder[end:])


def _count(raw: "bytes | BadLine") -> int:
    if isinstance(raw, BadLine):
        return 1
    return raw.count(b"\n") + (not raw.endswith(b"\n"))


def _decoded(raw: "bytes | BadLine") -> list[Line]:
    if isinstance(raw, BadLine):
        return [raw]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return _one_by_one(raw)
    if "\r" in text or "\0" in text:
        return _one_by_one(raw)
    lines: list[Line] = text.split("\n")  # type: ignore[assignment]
    if text.endswith("\n"):
        lines.pop()
    return lines


def _one_by_one(raw: bytes) -> list[Line]:
    lines = raw.split(b"\n")
    if raw.endswith(b"\n"):
        lines.pop()
    return [_line(line) for line in lines]


def _line(raw: bytes) -> Line:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return BadLine("The line is not UTF-8.", raw[:800].decode(errors="replace"))
    if "\r" in text:
        return BadLine("A cell contains a CR.", text[:200])
    if "\0" in text:
        return BadLine("A cell contains a NUL character.", text[:200])
    return text
