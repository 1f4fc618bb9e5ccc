"""A list of entity keys as a user wrote it, with its problems by line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from annotations import intake, sql
from annotations.errors import Invalid

KEYS_LIMIT = 1_000_000
SENTENCES_LIMIT = 20
COMMENT = "#"  # keys cannot contain this character

UNKNOWN = """
SELECT count(*) AS key_count,
       (array_agg(t.position ORDER BY t.position))[:%s] AS positions
FROM unnest(%s::text[]) WITH ORDINALITY AS t (key, position)
LEFT JOIN annotations_entity e ON e.key = t.key
WHERE e.id IS NULL
"""


@dataclass(slots=True)
class Problems:
    """Problems of one kind: the number of lines, and sentences on the first of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Count one problem; keep its sentence while there are few."""
        self.count += 1
        if len(self.first) < SENTENCES_LIMIT:
            self.first.append(sentence)

    def sentences(self) -> list[str]:
        """Return the sentences, and one with the number of further problems."""
        hidden = self.count - len(self.first)
        return [*self.first, f"… and {hidden} more."] if hidden else list(self.first)


@dataclass(slots=True)
class KeyList:
    """Distinct keys in their order, with the line of each.

    Malformed lines and duplicates are left out. Messages call a line by its `noun`.
    """

    noun: str = "Entry"
    keys: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    malformed: Problems = field(default_factory=Problems)
    doubles: Problems = field(default_factory=Problems)

    @classmethod
    def of(cls, entries: Sequence[str]) -> "KeyList":
        """Read a list of keys; entries are counted from 1."""
        return cls._of("Entry", enumerate(entries, start=1))

    @classmethod
    def read(cls, lines: Iterable[str]) -> "KeyList":
        """Read the first column of text lines; skip empty lines and # comments."""
        cells = (line.partition("\t")[0].strip() for line in lines)
        numbered = enumerate(cells, start=1)
        return cls._of(
            "Line", ((n, cell) for n, cell in numbered if cell and cell[0] != COMMENT)
        )

    @classmethod
    def _of(cls, noun: str, entries: Iterable[tuple[int, str]]) -> "KeyList":
        key_list, line_of_key = cls(noun), dict[str, int]()
        for line, text in entries:
            try:
                key = intake.normalise_key(text)
            except Invalid as invalid:
                reason = invalid.errors["key"][0]
                key_list.malformed.add(f"{noun} {line}: {reason} ({text[:40]!r})")
                continue
            if key in line_of_key:
                first = f"{noun.lower()} {line_of_key[key]}"
                key_list.doubles.add(f"{noun} {line}: {key} is also in {first}.")
                continue
            if len(line_of_key) == KEYS_LIMIT:
                raise Invalid({"entities": [f"More than {KEYS_LIMIT:,} keys."]})
            line_of_key[key] = line
        key_list.keys, key_list.lines = list(line_of_key), list(line_of_key.values())
        return key_list

    def unknown(self) -> Problems:
        """Find the keys without an entity."""
        result = sql.one(UNKNOWN, [SENTENCES_LIMIT, self.keys])
        positions = result.positions or []
        return Problems(
            result.key_count,
            [
                f"{self.noun} {self.lines[n - 1]}: there is no entity {self.keys[n - 1]}."
                for n in positions
            ],
        )

    def check(self) -> None:
        """Raise Invalid with all malformed and unknown keys; duplicates are allowed."""
        if not self.keys and not self.malformed.count:
            raise Invalid({"entities": ["Name at least one entity."]})
        problems = [*self.malformed.sentences(), *self.unknown().sentences()]
        if problems:
            raise Invalid({"entities": problems})
