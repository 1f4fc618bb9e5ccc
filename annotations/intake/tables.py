"""Header lines, and files whose header is separated by commas or semicolons."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .cells import trimmed
from .lines import BadLine, Line, UncleanLine

# A quoted cell with more line breaks than this is a quote that is never closed.
QUOTED_LINES_MAX = 50
LINE_BREAK = "A quoted cell contains a line break."
Batches = Iterator[tuple[int, list[Line]]]


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table. `delimiter` is empty for plain TAB-separated lines."""

    columns: Sequence[str]
    delimiter: str = ""


def header_of(line: str) -> Header:
    """Return the header in a line: column names in lower case, without outer spaces.

    A line with our column `key` between commas or semicolons decides that quotes have
    a meaning in the file, and so do quotes around the names.
    """
    if "\t" not in line or line.startswith('"'):
        for delimiter in "\t,;":
            names = _names(_split(line, delimiter) or [])
            if "key" in names and (delimiter != "\t" or line.startswith('"')):
                return Header(names, delimiter)
    return Header(_names(line.split("\t")))


def _names(cells: Sequence[str]) -> list[str]:
    names = [trimmed(cell).lower() for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names


def unquoted(batches: Batches, delimiter: str, skip: int) -> Batches:
    """Yield the lines of a csv file as TAB-separated lines, under their numbers.

    Reads from the first line, because a quoted cell can begin before `skip`.
    """
    continued = 0  # lines of a quoted cell so far
    for first, batch in batches:
        lines: list[Line] = []
        for line in batch:
            if continued and not isinstance(line, BadLine):
                is_end = line.count('"') % 2 == 1
                continued = (
                    0 if is_end or continued > QUOTED_LINES_MAX else continued + 1
                )
                lines.append(BadLine(LINE_BREAK, line[:200]))
                continue
            converted, is_open = _converted(line, delimiter)
            continued = int(is_open)
            lines.append(converted)
        start = max(0, skip + 1 - first)
        yield first + start, lines[start:]


def _converted(line: Line, delimiter: str) -> tuple[Line, bool]:
    """Return a line separated by TABs, and whether a quoted cell continues after it."""
    if isinstance(line, BadLine):
        return line, False
    cells = _split(line, delimiter)
    if cells is None:
        is_open = line.count('"') % 2 == 1
        reason = LINE_BREAK if is_open else "A quote is in the wrong place."
        return BadLine(reason, line[:200]), is_open
    if any("\t" in cell for cell in cells):
        return BadLine("A quoted cell contains a TAB.", line[:200]), False
    kind = UncleanLine if isinstance(line, UncleanLine) else str
    return kind("\t".join(cells)), False


def _split(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a csv line, None if its quotes are wrong."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
