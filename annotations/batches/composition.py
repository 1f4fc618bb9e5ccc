"""The mix of a choice before the batch is made: how many, how known, of what kinds."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from annotations.models import JUDGEABLE

from .choice import Choice
from .filters import Filter
from .key_list import KeyList, Problems

LOOKED_AT = 20_000  # above, the mix is that of a random sample of so many
COUNTED = 1_000  # entities whose candidates are counted; above, this is a guess
VALUES_SHOWN = 8
MANY = 100_000  # entities with a frequency; fewer are counted

ROWS = "SELECT e.id, e.frequency, e.gender, e.professions, e.countries"
PASSING = f"{ROWS} FROM annotations_entity e WHERE {{where}}"
SOME_PASSING = f"""{ROWS} FROM annotations_entity e
TABLESAMPLE BERNOULLI (%(percent)s) REPEATABLE (1) WHERE {{where}}"""
COUNT = "SELECT count(*) FROM annotations_entity e WHERE {where}"
BY_ID = f"{ROWS} FROM annotations_entity e WHERE e.id = ANY(%s) AND e.key IS NOT NULL"
BY_KEY = f"{ROWS} FROM annotations_entity e WHERE e.key = ANY(%s)"
TOP_TENTH = """
SELECT frequency FROM annotations_entity WHERE frequency IS NOT NULL
ORDER BY frequency DESC NULLS LAST, id OFFSET %s LIMIT 1
"""
KNOWN = "SELECT count(frequency) FROM annotations_entity"
KNOWN_TO_PLANNER = """
SELECT coalesce(max(c.reltuples * (1 - s.null_frac)), 0)::bigint
FROM pg_class c JOIN pg_stats s ON s.tablename = c.relname AND s.attname = 'frequency'
WHERE c.oid = 'annotations_entity'::regclass AND s.schemaname = current_schema()
"""
CANDIDATES = """
SELECT count(*) FROM annotations_candidate WHERE entity_id = ANY(%s) AND state = ANY(%s)
"""

Row = tuple[int, int | None, str, list[str], list[str]]


@dataclass(frozen=True, slots=True)
class Share:
    """A value of a property: how many of those looked at have it, and their share."""

    value: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Property:
    """The most frequent values of a property, how many other values, and who has none."""

    name: str
    top: Sequence[Share]
    others: int
    without: int
    without_share: float


@dataclass(frozen=True, slots=True)
class Composition:
    """What a choice chooses.

    `looked_at` of the `entities` were looked at: all, or a random sample, of which the
    counts below speak. `candidates` is a guess where `is_guessed`. `bottom_share` is
    the share of the bottom 90 % of the list by frequency, that is, of those below
    `threshold`, among those with a frequency.
    """

    entities: int
    is_estimated: bool
    looked_at: int
    candidates: int
    is_guessed: bool
    seed: int | None
    bottom_share: float | None
    threshold: int | None
    without_frequency: int
    properties: Sequence[Property]
    unknown: Problems = field(default_factory=Problems)
    malformed: Problems = field(default_factory=Problems)
    doubles: Problems = field(default_factory=Problems)

    @property
    def is_sampled(self) -> bool:
        """Whether the mix is that of a random sample."""
        return self.looked_at < self.entities

    @property
    def problems(self) -> list[tuple[Problems, str]]:
        """What is wrong with a list, and what becomes of it."""
        return [
            (self.malformed, "lines hold no key. They must be mended."),
            (self.unknown, "keys are unknown. They must be mended or imported."),
            (self.doubles, "lines name a key again. It counts once."),
        ]


@dataclass(frozen=True, slots=True)
class _Look:
    """How many are chosen, and the rows of all or of a random sample of them."""

    entities: int
    rows: Sequence[Row]
    is_estimated: bool = False


@transaction.atomic
def preview(
    *,
    entities: Sequence[str] | KeyList | None = None,
    filter: Mapping[str, Any] | None = None,
    sample: Mapping[str, Any] | None = None,
) -> Composition:
    """The mix of what `cut` would queue; makes nothing.

    Wrong keys are named in it, not raised. A sample without a seed gets one, which is
    in the mix: `cut` draws the same with it.
    """
    choice = Choice.of(entities, filter, sample)
    unknown = choice.keys.unknown() if choice.keys else Problems()
    look = _look(choice, unknown.count)
    candidates, is_guessed = _candidates(look)
    threshold = _threshold()
    known = [row[1] for row in look.rows if row[1] is not None]
    return Composition(
        entities=look.entities,
        is_estimated=look.is_estimated,
        looked_at=len(look.rows),
        candidates=candidates,
        is_guessed=is_guessed or look.is_estimated,
        seed=choice.sample["seed"] if choice.sample else None,
        bottom_share=_share_below(known, threshold),
        threshold=threshold,
        without_frequency=len(look.rows) - len(known),
        properties=_properties(look.rows),
        unknown=unknown,
        malformed=choice.keys.malformed if choice.keys else Problems(),
        doubles=choice.keys.doubles if choice.keys else Problems(),
    )


def _look(choice: Choice, unknown: int) -> _Look:
    if choice.keys is not None:
        keys = choice.keys.keys
        return _Look(len(keys) - unknown, _rows(BY_KEY, [_some(keys)]))
    if choice.sample is not None:
        ids = choice.drawn()
        return _Look(len(ids), _rows(BY_ID, [_some(ids)]))
    return _passing(choice.filter or Filter())


def _passing(filter: Filter) -> _Look:
    """All that pass, where few do by their own row; else a sample of the table.

    What is asked of other tables is then asked of the sample only: an estimate.
    """
    where = filter.where()
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(where=where.cheap), where.values)
        count = cursor.fetchone()[0]
    if count <= LOOKED_AT:
        rows = _rows(PASSING.format(where=where.whole), where.values)
        return _Look(len(rows), rows)
    percent = 100 * LOOKED_AT / count
    values = where.values | {"percent": percent}
    rows = _rows(SOME_PASSING.format(where=where.whole), values)
    if where.whole == where.cheap:
        return _Look(count, rows)
    return _Look(max(len(rows), round(100 * len(rows) / percent)), rows, True)


def _some(members: list[Any]) -> list[Any]:
    """All of them, or a random sample that is the same each time."""
    if len(members) <= LOOKED_AT:
        return members
    return random.Random(1).sample(members, LOOKED_AT)


def _rows(sql: str, values: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _candidates(look: _Look) -> tuple[int, bool]:
    """Candidates that can be judged, and whether that is a guess from some entities."""
    ids = [row[0] for row in look.rows]
    some = ids if len(ids) <= COUNTED else random.Random(1).sample(ids, COUNTED)
    states = [state.value for state in JUDGEABLE]
    [(count,)] = _rows(CANDIDATES, [some, states])  # type: ignore[misc]
    if len(some) == look.entities:
        return count, False
    return round(count * look.entities / len(some)) if some else 0, True


def _threshold() -> int | None:
    """The frequency at which the top tenth of the list ends.

    Where very many have one, how many is what the planner knows: close enough.
    """
    [(known,)] = _rows(KNOWN_TO_PLANNER, [])  # type: ignore[misc]
    if known < MANY:
        [(known,)] = _rows(KNOWN, [])  # type: ignore[misc]
    found = _rows(TOP_TENTH, [max(known // 10 - 1, 0)])
    return found[0][0] if found else None


def _share_below(frequencies: Sequence[int], threshold: int | None) -> float | None:
    if not frequencies or threshold is None:
        return None
    return sum(f < threshold for f in frequencies) / len(frequencies)


def _properties(rows: Sequence[Row]) -> list[Property]:
    return [
        _property("gender", [[row[2]] if row[2] else [] for row in rows]),
        _property("profession", [row[3] for row in rows]),
        _property("country", [row[4] for row in rows]),
    ]


def _property(name: str, values: Sequence[Sequence[str]]) -> Property:
    """Shares are of all looked at; somebody with two values counts for both."""
    counts = Counter(_each_once(values))
    top = counts.most_common(VALUES_SHOWN)
    shares = [Share(value, count, count / len(values)) for value, count in top]
    without = sum(not own for own in values)
    share = without / len(values) if values else 0.0
    return Property(name, shares, len(counts) - len(top), without, share)


def _each_once(values: Iterable[Sequence[str]]) -> Iterable[str]:
    for own in values:
        yield from dict.fromkeys(own)
