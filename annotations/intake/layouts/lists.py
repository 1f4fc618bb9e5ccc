"""Layouts of entity lists: the released names, and our own table with a header."""

import re
from collections.abc import Callable, Sequence

from annotations.errors import UnreadableFile
from annotations.intake import cells as cell_rules
from annotations.intake.cells import NAME_MAX_LENGTH, Refusal, check_lengths, keys
from annotations.intake.rows import EntityRow, NameRow

LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
ENTITY_COLUMNS = (
    "key",
    "name",
    "description",
    "frequency",
    "gender",
    "birth_date",
    "professions",
    "countries",
    "representative",
    "url",
)
MULTIVALUED = ("professions", "countries")
# Properties whose wrong cells are left out, while the rest of the row is imported.
CHECKS: dict[str, Callable[[str], str]] = {
    "frequency": cell_rules.frequency,
    "birth_date": cell_rules.birth_date,
    "representative": cell_rules.digest,
    "url": cell_rules.web_address,
}
QUOTED = (
    "A cell begins and ends with a quote. TAB-separated files have no quoting, so the"
    " quotes are part of the text."
)


class Names:
    """`Top1M_MidList.Name.tsv`: key, `"Name"@lang`, split at the last @."""

    columns = 2
    texts = frozenset({1})

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._keys = keys(self.notes)

    def parse(self, number: int, cells: list[str], text: str) -> NameRow:
        """Parse a row from a line's cells."""
        key = self._keys[cells[0]]
        quoted, _, language = cells[1].rpartition("@")
        if not LANGUAGE.fullmatch(language) or not quoted:
            raise Refusal('The name is not "Name"@language.')
        name = quoted
        if quoted.startswith('"') or quoted.endswith('"'):
            if len(quoted) < 2 or quoted[0] != '"' or quoted[-1] != '"':
                raise Refusal("The name lacks one of its quotes.")
            name = quoted[1:-1]
        name = name.strip()
        if not name:
            raise Refusal("The name is empty.")
        if len(name) > NAME_MAX_LENGTH:
            raise Refusal(f"The name is longer than {NAME_MAX_LENGTH} characters.")
        return number, key, name, language, text


class Entities:
    """Our own table: a header with some of the columns, in any order."""

    def __init__(self, header: Sequence[str], is_quoted: bool = False) -> None:
        check_header(header, ENTITY_COLUMNS)
        self.columns = len(header)
        self.texts = positions_of(header, "name", "description")
        self.notes: list[str] = []
        self._header, self._is_quoted = tuple(header), is_quoted
        self._keys = keys(self.notes)

    def parse(self, number: int, cells: list[str], text: str) -> EntityRow:
        """Parse a row from a line's cells; a blank cell changes nothing."""
        properties = {
            name: cell
            for name, cell in zip(self._header, cells, strict=True)
            if cell.strip()
        }
        key = self._keys[properties.pop("key", "")]
        check_lengths(*properties.values())
        checked = {
            name: self._property(name, cell) for name, cell in properties.items()
        }
        return number, key, {name: cell for name, cell in checked.items() if cell}, text

    def _property(self, name: str, cell: str) -> str:
        if name in CHECKS:
            return cell_rules.optional(CHECKS[name], cell.strip(), self.notes)
        if name in MULTIVALUED:
            parts = (part.strip() for part in cell.split("|"))
            return "|".join(part for part in parts if part)
        if name == "name" and len(cell) > NAME_MAX_LENGTH:
            raise Refusal(f"The name is longer than {NAME_MAX_LENGTH} characters.")
        if not self._is_quoted and len(cell) > 1 and cell[0] == cell[-1] == '"':
            self.notes.append(QUOTED)
        return cell


def positions_of(header: Sequence[str], *names: str) -> frozenset[int]:
    """Return the positions of some columns."""
    return frozenset(at for at, name in enumerate(header) if name in names)


def check_header(header: Sequence[str], columns: Sequence[str]) -> None:
    """Raise UnreadableFile for an unknown or repeated column, or without a key."""
    unknown = [name for name in header if name not in columns]
    if unknown:
        raise UnreadableFile(
            f"Unknown column {unknown[0][:50]!r}. The columns are {', '.join(columns)}."
        )
    if len(set(header)) != len(header):
        raise UnreadableFile("The header repeats a column.")
    if "key" not in header:
        raise UnreadableFile('The header has no column "key".')
