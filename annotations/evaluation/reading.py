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
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recogniser said of one line; an empty estimate is no answer."""

    estimated: str
    confidence: float


class _Wrong(Exception):
    """What is wrong with a line."""


def read_answers(
    file: IO[bytes], truth: Sequence[str | None], *, names_truth: bool
) -> list[Answer]:
    """The answer to each line of a set, in its order.

    Six columns (MID, name, URL, FaceID, MID estimated, confidence) follow the lines of
    the set, and where `names_truth` a MID that is given must be the set's. Three (line
    number, MID estimated, confidence) may come in any order. The first line tells
    which. Invalid names what is wrong by line, the first `ERRORS_TOLD`.
    """
    reading = _Reading(truth, names_truth)
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
    truth: Sequence[str | None]
    names_truth: bool
    columns: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)
    answers: list[Answer | None] = field(init=False)

    def __post_init__(self) -> None:
        self.answers = [None] * len(self.truth)

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
        if not 1 <= line <= len(self.truth):
            raise _Wrong(f"The set has {len(self.truth)} lines; there is no {line}.")
        if columns == SIX and self.names_truth:
            self._agree(cells[0], line)
        if self.answers[line - 1] is not None:
            raise _Wrong(f"Line {line} of the set is there twice.")
        self.answers[line - 1] = Answer(_key(cells[-2]), _confidence(cells[-1]))

    def _agree(self, cell: str, line: int) -> None:
        if cell and _key(cell) != self.truth[line - 1]:
            raise _Wrong(f"The MID is {cell}; in the set it is {self.truth[line - 1]}.")


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
    value = float(cell) if DECIMAL.fullmatch(cell) else math.nan
    if not math.isfinite(value):
        raise _Wrong(f"The confidence “{cell[:40]}” is not a number.")
    return value
