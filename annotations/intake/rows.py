"""What layouts make of lines, on its way to the database.

Plain tuples, for there are millions: each begins with the record's number and its
entity's key and ends with the text that refused.tsv would show.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from annotations.errors import Erased

from .cells import Refusal, excerpt

# number, key, the row's name for the entity, line for COPY, picture, text.
# The picture is None for a row without bytes, base64 as it came, or bytes.
CandidateRow = tuple[int, str, str, str, "str | bytes | None", str]
# number, key, name, language, text
NameRow = tuple[int, str, str, str, str]
# number, key, properties that are given, text
EntityRow = tuple[int, str, dict[str, str], str]
Row = CandidateRow | NameRow | EntityRow


class Refused(NamedTuple):
    """A record that is not taken."""

    number: int
    reason: str
    text: str


def refused(number: int, refusal: Refusal | Erased, row: str) -> Refused:
    """A row that is not taken, with its excerpt unless that would remember the erased."""
    text = "" if isinstance(refusal, Erased) else excerpt(row)
    return Refused(number, str(refusal), text)


@dataclass(slots=True)
class Block:
    """Some records in a row; `last` is the number of the last one it covers."""

    last: int
    rows: list = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
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
