"""A file of results, line by line: six columns or three, each checked, or refused."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from annotations import intake
from annotations.errors import Invalid

ERRORS_TOLD = 20
LINE_BYTES = 64 * 1024
SIX, THREE = 6, 3
NUMBER_LENGTH = 400  # characters: every float written out has fewer
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a set: its key, None for a distractor, and what tells it from others."""

    key: str | None
    url: str = ""
    face: str = ""

    def is_named(self, url: str, face: str) -> bool:
        """Whether these are its ImageURL and FaceID."""
        return (self.url, self.face) == (url, face)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recogniser said of one line; an empty estimate is no answer."""

    estimated: str
    confidence: float


class _Wrong(Exception):
    """What is wrong with a line."""


def read_answers(
    file: IO[bytes], lines: Sequence[Line], *, names_truth: bool
) -> list[Answer]:
    """The answer to each line of a set, in its order.

    Six columns (MID, name, URL, FaceID, MID estimated, confidence) follow the lines of
    the set: where `names_truth` a MID that is given must be the set's, and URL and
    FaceID must not be those of another line. Three (line number, MID estimated,
    confidence) may come in any order. The first line tells which. Invalid names what
    is wrong by line, the first `ERRORS_TOLD`.
    """
    reading = _Reading(lines, names_truth)
    for number, raw in enumerate(_lines(file), 1):
        reading.take(number, raw)
    return reading.result()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines as they come; one that is too long is the last."""
    while raw := file.readline(LINE_BYTES):
        yield raw
        if len(raw) == LINE_BYTES:
            return


@dataclass
class _Reading:
    lines: Sequence[Line]
    names_truth: bool
    columns: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)
    answers: list[Answer | None] = field(init=False)
    named: dict[tuple[str, str], int] = field(init=False)

    def __post_init__(self) -> None:
        self.answers = [None] * len(self.lines)
        self.named = {(each.url, each.face): n for n, each in enumerate(self.lines, 1)}

    def take(self, number: int, raw: bytes) -> None:
        """Read one line, or note what is wrong with it."""
        try:
            self._place(number, _cells(raw))
        except _Wrong as wrong:
            self.blame(number, str(wrong))

    def blame(self, number: int, sentence: str) -> None:
        """Note an error; Invalid once there are so many that the rest is not told."""
        self.errors[f"line {number}"] = [sentence]
        if len(self.errors) >= ERRORS_TOLD:
            told = [f"Reading ended here; the first {ERRORS_TOLD} errors are told."]
            raise Invalid(self.errors | {"file": told})

    def result(self) -> list[Answer]:
        """All answers; Invalid if anything was wrong or is missing."""
        if not self.columns and not self.errors:
            raise Invalid({"file": ["The file is empty."]})
        # A line that was refused is not missing, and which it was is not always known.
        if self.errors:
            raise Invalid(self.errors)
        for number, answer in enumerate(self.answers, 1):
            if answer is None:
                self.blame(number, "This line of the set is missing.")
        if self.errors:
            raise Invalid(self.errors)
        return [answer for answer in self.answers if answer is not None]

    def _place(self, number: int, cells: list[str]) -> None:
        columns = len(cells)
        if columns not in (SIX, THREE) or columns != (self.columns or columns):
            wanted = self.columns or "6 or 3"
            raise _Wrong(f"A line has {wanted} columns; this one has {columns}.")
        self.columns = columns
        line = number if columns == SIX else _line_number(cells[0])
        if not 1 <= line <= len(self.lines):
            raise _Wrong(f"The set has {len(self.lines)} lines; there is no {line}.")
        if columns == SIX:
            self._agree(cells, line)
        if self.answers[line - 1] is not None:
            raise _Wrong(f"Line {line} of the set is there twice.")
        self.answers[line - 1] = Answer(_key(cells[-2]), _confidence(cells[-1]))

    def _agree(self, cells: list[str], line: int) -> None:
        key, _, url, face, *_ = cells
        due = self.lines[line - 1]
        if self.names_truth and key and _key(key) != due.key:
            raise _Wrong(f"The MID is {key}; in the set it is {due.key}.")
        other = self.named.get((url, face))
        if url and other and not due.is_named(url, face):
            raise _Wrong(
                f"ImageURL and FaceID are those of line {other} of the set: "
                f"either that one is there twice, or line {line} is missing, or the "
                "order is another one."
            )


def _cells(raw: bytes) -> list[str]:
    if len(raw) == LINE_BYTES:
        raise _Wrong("The line is too long.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Wrong("The line is not UTF-8.") from error
    return text.removesuffix("\n").removesuffix("\r").split("\t")


def _line_number(cell: str) -> int:
    if not NUMBER.fullmatch(cell):
        raise _Wrong(f"“{cell[:40]}” is no line number.")
    return int(cell)


def _key(cell: str) -> str:
    if not cell:
        return ""
    try:
        return intake.normalise_key(cell)
    except Invalid as error:
        raise _Wrong(f"“{cell[:40]}” is no MID.") from error


def _confidence(cell: str) -> float:
    is_number = len(cell) <= NUMBER_LENGTH and DECIMAL.fullmatch(cell)
    value = float(cell) if is_number else math.nan
    if not math.isfinite(value):
        raise _Wrong(f"The confidence “{cell[:40]}” is not a number.")
    return value
