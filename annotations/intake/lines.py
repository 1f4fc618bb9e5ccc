"""A stream cut into lines, in constant memory whatever a line holds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

READ_SIZE = 1024**2
# A picture of 32 MiB is 43 MiB of base64.
LINE_MAX_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no text a cell may hold."""

    reason: str
    text: str


Line = str | BadLine


class Lines:
    """The lines of a stream. The first ones can be looked at before they are read."""

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
        """Lists of lines with the 1-based number of their first, after `skip` lines."""
        number = 0
        for raw in self._all():
            count = _count(raw)
            if number + count <= skip:
                number += count
                while_skipping()
                continue
            lines = _decoded(raw)
            passed = max(0, skip - number)
            yield number + passed + 1, lines[passed:]
            number += count

    def _all(self) -> Iterator["bytes | BadLine"]:
        if self._first:
            yield self._first
        yield from self._raw


def _raw_blocks(file: IO[bytes]) -> Iterator["bytes | BadLine"]:
    """Whole lines, about a MiB at a time; BadLine for one that is too long."""
    held: list[bytes] = []
    size = 0
    while piece := file.read(READ_SIZE):
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield b"".join((*held, piece[:cut]))
            held, size = [piece[cut:]], len(piece) - cut
            continue
        held.append(piece)
        size += len(piece)
        if size > LINE_MAX_BYTES:
            start = b"".join(held)[:800].decode(errors="replace")
            del held[:]
            rest = _rest_after_line(file)
            yield BadLine(
                f"The line is longer than {LINE_MAX_BYTES // 1024**2} MiB.", start
            )
            yield from _raw_rest(rest, held)
            size = sum(map(len, held))
    if size:
        yield b"".join(held)


def _rest_after_line(file: IO[bytes]) -> bytes:
    """Read on without holding anything to the end of the line; what follows it."""
    while piece := file.read(READ_SIZE):
        end = piece.find(b"\n")
        if end >= 0:
            return piece[end + 1 :]
    return b""


def _raw_rest(rest: bytes, held: list[bytes]) -> Iterator[bytes]:
    cut = rest.rfind(b"\n") + 1
    if cut:
        yield rest[:cut]
    held.append(rest[cut:])


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
    return [_line(each) for each in lines]


def _line(raw: bytes) -> Line:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return BadLine("The line is not UTF-8.", raw[:800].decode(errors="replace"))
    if "\r" in text:
        return BadLine("A cell holds a CR.", text[:200])
    if "\0" in text:
        return BadLine("A cell holds a NUL character.", text[:200])
    return text
