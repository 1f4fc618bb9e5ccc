"""Rows that layouts parse from records, on their way to the database.

They are plain tuples because there are millions of them. Each starts with the record's
number in the source and its entity's key, and ends with the text for refused.tsv.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from annotations.errors import Erased

from .cells import Refusal, excerpt

# number, key, the row's name for the entity, line for COPY, picture, text.
# The picture is None for a row without bytes, unparsed base64, or bytes.
CandidateRow = tuple[int, str, str, str, "str | bytes | None", str]
# number, key, name, language, text
NameRow = tuple[int, str, str, str, str]
# number, key, properties with a value, text
EntityRow = tuple[int, str, dict[str, str], str]
Row = CandidateRow | NameRow | EntityRow


class RefusedRecord(NamedTuple):
    """A record that is not imported."""

    number: int
    reason: str
    text: str


class Note(NamedTuple):
    """A sentence for the sender about a record, or about the whole file (number 0)."""

    number: int
    text: str
    rows: int = 1


def refuse(number: int, refusal: Refusal | Erased, row: str) -> RefusedRecord:
    """Return a refused record with an excerpt, unless that would show erased data."""
    text = "" if isinstance(refusal, Erased) else excerpt(row)
    return RefusedRecord(number, str(refusal), text)


@dataclass(slots=True)
class Block:
    """Some consecutive records; `last` is the number of the last one."""

    last: int
    rows: list[Any] = field(default_factory=list)  # Row
    refused: list[RefusedRecord] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    size: int = 0


Blocks = Iterator[Block]

COPY_COLUMNS = (
    "line",
    "key",
    "face_id",
    "rank",
    "image_url",
    "page_url",
    "query",
    "licence",
    "attribution",
    "retrieved_at",
    "frame",
    "face_rectangle",
    "sha256",
)
