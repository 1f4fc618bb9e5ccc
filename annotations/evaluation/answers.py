"""Read and check a file of results, with six or three columns, line by line."""

import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from annotations import intake
from annotations.errors import Invalid

MAX_ERRORS = 20
MAX_LINE_BYTES = 64 * 1024
SIX, THREE = 6, 3  # columns
WITHHELD = "-"  # in measurement files: no MID
MAX_NUMBER_LENGTH = 400  # characters: more than any float has
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a set: its key, None for a distractor, and what identifies it."""

    key: str | None
    url: str = ""
    face: str = ""

    def is_named(self, url: str, face: str) -> bool:
        """Return whether the line has this ImageURL and FaceID."""
        return (self.url, self.face) == (url, face)


@dataclass(frozen=True, slots=True)
class Answer:
    """A recogniser's answer for one line. An empty estimate means no answer."""

    estimated: str
    confidence: float


class _LineError(Exception):
    """A mistake in a line; its text is for the sender."""


def read_answers(
    file: IO[bytes], lines: Sequence[Line], *, names_truth: bool
) -> list[Answer]:
    """Return the answer to each line of a set, in its order.

    Files with six columns (MID, name, URL, FaceID, MID estimated, confidence) follow the
    order of the set. If `names_truth`, a MID must be the one of the set. URL and FaceID
    must not be those of another line. Files with three columns (line number, MID
    estimated, confidence) can have any order. The first line decides which it is. Raises
    Invalid with the first `MAX_ERRORS` errors by line.
    """
    reader = _Reader(lines, names_truth)
    for number, raw in enumerate(_lines(file), 1):
        reader.add(number, raw)
    return reader.result()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file, and stop after one that is too long."""
    while raw := file.readline(MAX_LINE_BYTES):
        yield raw
        if len(raw) == MAX_LINE_BYTES:
            return


@dataclass
class _Reader:
    """The answers and errors found in a file so far."""

    lines: Sequence[Line]
    names_truth: bool
    columns: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)
    answers: list[Answer | None] = field(init=False)
    numbers: dict[tuple[str, str], int] = field(init=False)  # by ImageURL and FaceID

    def __post_init__(self) -> None:
        self.answers = [None] * len(self.lines)
        self.numbers = {
            (line.url, line.face): number for number, line in enumerate(self.lines, 1)
        }

    def add(self, number: int, raw: bytes) -> None:
        """Read one line, or record its error."""
        try:
            raw = raw.removeprefix(BOM_UTF8) if number == 1 else raw
            self._add_answer(number, _cells(raw))
        except _LineError as error:
            self._add_error(number, str(error))

    def _add_error(self, number: int, message: str) -> None:
        """Record an error. Raises Invalid once there are too many to continue."""
        self.errors[f"line {number}"] = [message]
        if len(self.errors) >= MAX_ERRORS:
            note = [f"Reading stopped here, after the first {MAX_ERRORS} errors."]
            raise Invalid(self.errors | {"file": note})

    def result(self) -> list[Answer]:
        """Return all answers. Raises Invalid if a line was wrong or is missing."""
        if not self.columns and not self.errors:
            raise Invalid({"file": ["The file is empty."]})
        # A refused line is not missing, and its line in the set is not always known.
        if self.errors:
            raise Invalid(self.errors)
        for number, answer in enumerate(self.answers, 1):
            if answer is None:
                self._add_error(number, "This line of the set is missing.")
        if self.errors:
            raise Invalid(self.errors)
        return [answer for answer in self.answers if answer is not None]

    def _add_answer(self, number: int, cells: list[str]) -> None:
        columns = len(cells)
        if columns not in (SIX, THREE) or columns != (self.columns or columns):
            expected = self.columns or "6 or 3"
            raise _LineError(
                f"A line has {expected} columns, separated by TAB. This one has {columns}."
            )
        self.columns = columns
        line = number if columns == SIX else _line_number(cells[0])
        if not 1 <= line <= len(self.lines):
            raise _LineError(
                f"The set has {len(self.lines)} lines; there is no line {line}."
            )
        if columns == SIX:
            self._check_identity(cells, line)
        if self.answers[line - 1] is not None:
            raise _LineError(f"Line {line} of the set appears twice.")
        self.answers[line - 1] = Answer(_key(cells[-2]), _confidence(cells[-1]))

    def _check_identity(self, cells: list[str], line: int) -> None:
        key, _, url, face, *_ = cells
        expected = self.lines[line - 1]
        if self.names_truth and _key(key) not in ("", expected.key):
            raise _LineError(f"The MID is {key}; in the set it is {expected.key}.")
        number = self.numbers.get((url, face))
        if url not in ("", WITHHELD) and number and not expected.is_named(url, face):
            raise _LineError(
                f"ImageURL and FaceID are those of line {number} of the set. Either "
                f"that line appears twice, or line {line} is missing, or the order is "
                "different."
            )


def _cells(raw: bytes) -> list[str]:
    if len(raw) == MAX_LINE_BYTES:
        raise _LineError("The line is too long.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _LineError("The line is not UTF-8.") from error
    return text.removesuffix("\n").removesuffix("\r").split("\t")


def _line_number(cell: str) -> int:
    if not NUMBER.fullmatch(cell):
        raise _LineError(f"“{cell[:40]}” is not a line number.")
    return int(cell)


def _key(cell: str) -> str:
    if cell in ("", WITHHELD):
        return ""
    try:
        return intake.normalise_key(cell)
    except Invalid as error:
        raise _LineError(f"“{cell[:40]}” is not a MID.") from error


def _confidence(cell: str) -> float:
    is_number = len(cell) <= MAX_NUMBER_LENGTH and DECIMAL.fullmatch(cell)
    value = float(cell) if is_number else math.nan
    if not math.isfinite(value):
        raise _LineError(f"The confidence “{cell[:40]}” is not a number.")
    return value
