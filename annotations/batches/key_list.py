"""A list of entity keys as somebody wrote it, and what is wrong with it, by line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection

from annotations import intake
from annotations.errors import Invalid

KEYS_LIMIT = 1_000_000
PROBLEMS_NAMED = 20
COMMENT = "#"  # no key can hold one

UNKNOWN = """
SELECT count(*), (array_agg(t.position ORDER BY t.position))[:%s]
FROM unnest(%s::text[]) WITH ORDINALITY AS t (key, position)
LEFT JOIN annotations_entity e ON e.key = t.key
WHERE e.id IS NULL
"""


@dataclass(slots=True)
class Problems:
    """What is wrong in one way: how many lines, and sentences on the first of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Count one; keep its sentence while there are few."""
        self.count += 1
        if len(self.first) < PROBLEMS_NAMED:
            self.first.append(sentence)

    def told(self) -> list[str]:
        """The sentences, and how many more there are."""
        more = self.count - len(self.first)
        return [*self.first, f"… and {more} more."] if more else list(self.first)


@dataclass(slots=True)
class KeyList:
    """Keys in their order, each once, with the line that each stood in.

    Malformed lines and doubles are not among them; `noun` says what a line is called.
    """

    noun: str = "Entry"
    keys: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    malformed: Problems = field(default_factory=Problems)
    doubles: Problems = field(default_factory=Problems)

    @classmethod
    def of(cls, written: Sequence[str]) -> "KeyList":
        """A list of keys, counted from 1."""
        return cls._of("Entry", enumerate(written, start=1))

    @classmethod
    def read(cls, lines: Iterable[str]) -> "KeyList":
        """The first column of text lines; empty ones and # comments are passed over."""
        cells = (line.partition("\t")[0].strip() for line in lines)
        numbered = enumerate(cells, start=1)
        return cls._of(
            "Line", ((n, cell) for n, cell in numbered if cell and cell[0] != COMMENT)
        )

    @classmethod
    def _of(cls, noun: str, written: Iterable[tuple[int, str]]) -> "KeyList":
        made, seen = cls(noun), dict[str, int]()
        for line, raw in written:
            try:
                key = intake.normalise_key(raw)
            except Invalid as invalid:
                reason = invalid.errors["key"][0]
                made.malformed.add(f"{noun} {line}: {reason} ({raw[:40]!r})")
                continue
            if key in seen:
                made.doubles.add(f"{noun} {line}: {key} stands in {seen[key]} already.")
                continue
            if len(seen) == KEYS_LIMIT:
                raise Invalid({"entities": [f"More than {KEYS_LIMIT:,} keys."]})
            seen[key] = line
        made.keys, made.lines = list(seen), list(seen.values())
        return made

    def unknown(self) -> Problems:
        """The keys that no entity has."""
        with connection.cursor() as cursor:
            cursor.execute(UNKNOWN, [PROBLEMS_NAMED, self.keys])
            count, positions = cursor.fetchone()
        named = [(self.lines[n - 1], self.keys[n - 1]) for n in positions or []]
        return Problems(
            count,
            [f"{self.noun} {line}: there is no entity {key}." for line, key in named],
        )

    def check(self) -> None:
        """Invalid names every malformed and unknown key; doubles are no error."""
        if not self.keys and not self.malformed.count:
            raise Invalid({"entities": ["Name at least one entity."]})
        problems = [*self.malformed.told(), *self.unknown().told()]
        if problems:
            raise Invalid({"entities": problems})
