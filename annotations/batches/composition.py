"""The composition of a choice before the batch exists: sizes and property values."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from annotations import sql
from annotations.sql import fragments

from .choice import Choice
from .filters import Filter
from .key_list import KeyList, Problems

LOOKED_AT = 20_000  # entities; of more, a random sample of this size is read
COUNTED = 1_000  # entities whose candidates are counted; beyond, this is an estimate
VALUES_SHOWN = 8
PLANNER_FROM = 100_000  # entities with a frequency; fewer are counted exactly

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
WITH_FREQUENCY = "SELECT count(frequency) FROM annotations_entity"
WITH_FREQUENCY_BY_PLANNER = """
SELECT coalesce(max(c.reltuples * (1 - s.null_frac)), 0)::bigint
FROM pg_class c JOIN pg_stats s ON s.tablename = c.relname AND s.attname = 'frequency'
WHERE c.oid = 'annotations_entity'::regclass AND s.schemaname = current_schema()
"""
CANDIDATES = f"""
SELECT count(*) FROM annotations_candidate c
WHERE c.entity_id = ANY(%s) AND {fragments.is_judgeable("c")}
"""


@dataclass(frozen=True, slots=True)
class Share:
    """A property value: the number and the share of the sampled entities that have it."""

    value: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Property:
    """The most frequent values of a property.

    `others` is the number of further values, `without` that of entities without any.
    """

    name: str
    top: Sequence[Share]
    others: int
    without: int
    without_share: float


@dataclass(frozen=True, slots=True)
class Composition:
    """The entities of a choice.

    Of the `entities`, `looked_at` were read: all, or a random sample. The counts below
    are those of the entities read. `candidates` is an estimate where `is_guessed`.
    `bottom_share` is the share of the bottom 90 % of the list by frequency among the
    entities with a frequency, that is, of those below `threshold`.
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
        """Whether the counts come from a random sample."""
        return self.looked_at < self.entities

    @property
    def problems(self) -> list[tuple[Problems, str]]:
        """The kinds of problems of a list, each with text to follow its count."""
        texts = (
            (
                self.malformed,
                "line contains no valid key. Correct it.",
                "lines contain no valid key. Correct them.",
            ),
            (
                self.unknown,
                "key is unknown. Correct or import it.",
                "keys are unknown. Correct or import them.",
            ),
            (
                self.doubles,
                "line repeats a key. The key counts once.",
                "lines repeat a key. Each key counts once.",
            ),
        )
        return [
            (p, singular if p.count == 1 else plural) for p, singular, plural in texts
        ]


@dataclass(frozen=True, slots=True)
class _Sample:
    """The number of chosen entities, with the rows of all or of a random sample."""

    entities: int
    rows: Sequence[Any]
    is_estimated: bool = False


@transaction.atomic
def preview(
    *,
    entities: Sequence[str] | KeyList | None = None,
    filter: Mapping[str, Any] | None = None,
    sample: Mapping[str, Any] | None = None,
) -> Composition:
    """Return the composition of the batch that `create` would make.

    Wrong keys are reported in the result and raise no error. A sample without a seed
    gets one. Pass the returned seed to `create` to draw the same sample.
    """
    choice = Choice.of(entities, filter, sample)
    unknown = choice.keys.unknown() if choice.keys else Problems()
    drawn_sample = _sample_of(choice, unknown.count)
    candidates, is_guessed = _count_candidates(drawn_sample)
    threshold = _threshold()
    rows = drawn_sample.rows
    frequencies = [row.frequency for row in rows if row.frequency is not None]
    return Composition(
        entities=drawn_sample.entities,
        is_estimated=drawn_sample.is_estimated,
        looked_at=len(rows),
        candidates=candidates,
        is_guessed=is_guessed or drawn_sample.is_estimated,
        seed=choice.sample["seed"] if choice.sample else None,
        bottom_share=_share_below(frequencies, threshold),
        threshold=threshold,
        without_frequency=len(rows) - len(frequencies),
        properties=_properties(rows),
        unknown=unknown,
        malformed=choice.keys.malformed if choice.keys else Problems(),
        doubles=choice.keys.doubles if choice.keys else Problems(),
    )


def _sample_of(choice: Choice, unknown_keys: int) -> _Sample:
    if choice.keys is not None:
        keys = choice.keys.keys
        rows = sql.rows(BY_KEY, [_limited(keys)])
        return _Sample(len(keys) - unknown_keys, rows)
    if choice.sample is not None:
        ids = choice.draw()
        return _Sample(len(ids), sql.rows(BY_ID, [_limited(ids)]))
    return _sample_of_filter(choice.filter or Filter())


def _sample_of_filter(filter: Filter) -> _Sample:
    """Read all passing entities where the cheap conditions leave few, else a sample.

    The costly conditions are then checked for the table sample only, so the number of
    entities is an estimate.
    """
    where = filter.where()
    cheap_count = sql.value(COUNT.format(where=where.cheap), where.values)
    if cheap_count <= LOOKED_AT:
        rows = sql.rows(PASSING.format(where=where.whole), where.values)
        return _Sample(len(rows), rows)
    percent = 100 * LOOKED_AT / cheap_count
    values = where.values | {"percent": percent}
    rows = sql.rows(SOME_PASSING.format(where=where.whole), values)
    if where.whole == where.cheap:
        return _Sample(cheap_count, rows)
    return _Sample(max(len(rows), round(100 * len(rows) / percent)), rows, True)


def _limited(members: list[Any]) -> list[Any]:
    """Return all, or a random sample that is the same each time."""
    if len(members) <= LOOKED_AT:
        return members
    return random.Random(1).sample(members, LOOKED_AT)


def _count_candidates(sample: _Sample) -> tuple[int, bool]:
    """Count the candidates that can be judged; return also whether it is an estimate."""
    ids = [row.id for row in sample.rows]
    counted_ids = ids if len(ids) <= COUNTED else random.Random(1).sample(ids, COUNTED)
    count = sql.value(CANDIDATES, [counted_ids])
    if len(counted_ids) == sample.entities:
        return count, False
    mean = count / len(counted_ids) if counted_ids else 0
    return round(mean * sample.entities), True


def _threshold() -> int | None:
    """Return the lowest frequency of the top tenth of the list.

    In a large list the planner's estimate of its length is close enough.
    """
    length = sql.value(WITH_FREQUENCY_BY_PLANNER)
    if length < PLANNER_FROM:
        length = sql.value(WITH_FREQUENCY)
    frequency: int | None = sql.value(TOP_TENTH, [max(length // 10 - 1, 0)])
    return frequency


def _share_below(frequencies: Sequence[int], threshold: int | None) -> float | None:
    if not frequencies or threshold is None:
        return None
    return sum(f < threshold for f in frequencies) / len(frequencies)


def _properties(rows: Sequence[Any]) -> list[Property]:
    return [
        _property("gender", [[row.gender] if row.gender else [] for row in rows]),
        _property("profession", [row.professions for row in rows]),
        _property("country", [row.countries for row in rows]),
    ]


def _property(name: str, value_lists: Sequence[Sequence[str]]) -> Property:
    """Summarise a property. An entity with two values counts for both, once each."""
    counts = Counter(value for values in value_lists for value in dict.fromkeys(values))
    top = counts.most_common(VALUES_SHOWN)
    shares = [Share(value, count, count / len(value_lists)) for value, count in top]
    without = sum(not values for values in value_lists)
    without_share = without / len(value_lists) if value_lists else 0.0
    return Property(name, shares, len(counts) - len(top), without, without_share)
