"""Splits a stream into lines, in constant memory."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from annotations.errors import UnreadableFile

from .cells import Refusal
from .charsets import as_utf8, guess_sentence

READ_SIZE = 1024**2
# A picture of 32 MiB is 43 MiB of base64.
LINE_MAX_BYTES = 64 * 1024**2
SPACE = 32  # the control characters are below
LATIN_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
SEPARATORS = (b"\xe2\x80\xa8", b"\xe2\x80\xa9")
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
LINE_END = re.compile("\r+\n")
LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cells cannot contain."""

    reason: str
    text: str

    def __len__(self) -> int:
        return len(self.text)

    def split(self, separator: str) -> list[str]:
        """Raise Refusal, where another line returns its cells."""
        raise Refusal(self.reason)


class UncleanLine(str):
    """A line with control or line-separator characters, which only some cells lose."""

    __slots__ = ()


Line = str | BadLine


class Lines:
    """The lines of a stream. `head` shows the first ones before they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._raw = _raw_blocks(as_utf8(file))
        self._first = next(self._raw, b"")
        if isinstance(self._first, bytes):
            _check_text(self._first)
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


def _check_text(raw: bytes) -> None:
    """Raise UnreadableFile for a text whose lines cannot be told apart."""
    start = raw[:LOOKED_AT]
    if start.count(b"\0") * 3 > len(start):
        raise UnreadableFile(
            "The file looks like UTF-16 without a byte order mark. Save it as UTF-8."
        )
    if b"\n" not in raw and b"\r" in raw.rstrip(b"\r"):
        raise UnreadableFile(
            "The lines end with CR alone. Save the file with the line ends LF or CR LF."
        )


def _decoded(raw: "bytes | BadLine") -> list[Line]:
    if isinstance(raw, BadLine):
        return [raw]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return _one_by_one(raw)
    if "\r" in text:
        text = LINE_END.sub("\n", text).rstrip("\r")
    if "\r" in text or _has_controls(raw, text):
        return _one_by_one(raw)
    lines: list[Line] = text.split("\n")  # type: ignore[assignment]
    if text.endswith("\n"):
        lines.pop()
    return lines


def _has_controls(raw: bytes, text: str) -> bool:
    """Return whether there are other control characters than TAB, CR and LF.

    Counting bytes is ten times as fast as a search with a regular expression.
    """
    expected = raw.count(b"\t") + raw.count(b"\n") + raw.count(b"\r")
    below = np.count_nonzero(np.frombuffer(raw, np.uint8) < SPACE)
    if below != expected or b"\x7f" in raw:
        return True
    return not text.isascii() and (
        any(separator in raw for separator in SEPARATORS)
        or LATIN_CONTROL.search(raw) is not None
    )


def _one_by_one(raw: bytes) -> list[Line]:
    lines = raw.split(b"\n")
    if raw.endswith(b"\n"):
        lines.pop()
    return [_line(line.rstrip(b"\r")) for line in lines]


def _line(raw: bytes) -> Line:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        reason = f"The line is not UTF-8.{guess_sentence(raw)} Save the file as UTF-8."
        return BadLine(reason, raw[:800].decode(errors="replace"))
    if not text.strip():
        return ""  # blank lines are skipped
    if "\r" in text:
        return BadLine("A cell contains a CR.", text[:200])
    if "\0" in text:
        return BadLine("A cell contains a NUL character.", text[:200])
    return UncleanLine(text) if CONTROLS.search(text) else text
