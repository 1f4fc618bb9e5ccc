"""The list in figures (the paper's Figure 2): what kinds of entities there are.

Of all entities, of those of a batch, or of those that a release confirms. A worker
counts, once a day at most, by one statement a property; what it found lies in the
cache, where pages read it. An entity that lacks a property is left out of that
property's figures.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.db import connection

VERSION = 1  # of what is cached
LIFE = 24 * 3600
CLAIM_LIFE = 40  # seconds: a worker's task lives no longer
VALUES_KEPT = 5_000  # of a property; the paper's list has some 2,000 professions
ROUND = "list-figures:round"

WHOLE = "all"


@dataclass(frozen=True)
class Group:
    """Some entities: a name to keep what was counted by, and where they come from."""

    name: str = WHOLE
    source: str = "annotations_entity e WHERE e.key IS NOT NULL"
    values: dict[str, Any] = field(default_factory=dict)


def batch_name(number: int) -> str:
    """What a batch's entities are called."""
    return f"batch-{number}"


def release_name(number: int) -> str:
    """What a release's entities are called."""
    return f"release-{number}"


def group_of_batch(number: int) -> Group:
    """A batch's entities."""
    source = (
        "annotations_batchentity q JOIN annotations_entity e ON e.id = q.entity_id"
        " WHERE q.batch_id = %(batch)s AND e.key IS NOT NULL"
    )
    return Group(batch_name(number), source, {"batch": number})


def group_of_keys(name: str, keys: Collection[str]) -> Group:
    """The entities of some keys."""
    source = "annotations_entity e WHERE e.key = ANY(%(keys)s)"
    return Group(name, source, {"keys": list(keys)})


# Somebody with two professions counts for both; with one that is named twice, once.
SEVERAL = (
    "SELECT v.value, count(*) FROM (SELECT e.{column} AS own FROM {entities}) s"
    " CROSS JOIN LATERAL (SELECT DISTINCT unnest(s.own) AS value) v"
)
# A birth date is a text that may begin with a year; a frequency's digits are its size.
STATEMENTS = {
    "gender": "SELECT e.gender, count(*) FROM {entities} AND e.gender <> ''",
    "professions": SEVERAL.replace("{column}", "professions"),
    "countries": SEVERAL.replace("{column}", "countries"),
    "births": (
        "SELECT substring(e.birth_date FROM '^([0-9]{{3}})[0-9]') || '0', count(*)"
        " FROM {entities} AND e.birth_date ~ '^[0-9]{{4}}'"
    ),
    "frequency": (
        "SELECT length(e.frequency::text)::text, count(*)"
        " FROM {entities} AND e.frequency > 0"
    ),
}
ENDING = " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(most)s"
TOTALS = """
SELECT count(*), count(*) FILTER (WHERE e.gender <> ''),
       count(*) FILTER (WHERE e.professions <> '{{}}'),
       count(*) FILTER (WHERE e.countries <> '{{}}'),
       count(*) FILTER (WHERE e.birth_date ~ '^[0-9]{{4}}'),
       count(*) FILTER (WHERE e.frequency > 0)
FROM {entities}
"""


@dataclass(frozen=True)
class Figure:
    """One property: how many have it at all, and how many have each value."""

    known: int
    counts: dict[str, int] = field(default_factory=dict)

    def share(self, value: str) -> float:
        """The share of those who have the property that have this value."""
        return self.counts.get(value, 0) / self.known if self.known else 0.0


@dataclass(frozen=True)
class ListFigures:
    """All properties of a set of entities, as they were counted at a time."""

    entities: int
    counted_at: datetime
    gender: Figure
    professions: Figure
    countries: Figure
    births: Figure  # by decade: "1950"
    frequency: Figure  # by the number of digits: "3" is 100 to 999


def known(name: str = WHOLE) -> ListFigures | None:
    """What was counted last of a group, by its name; None where that is forgotten."""
    found = cache.get(_kept_as(name))
    return _read(found) if found else None


def claim(name: str = WHOLE) -> bool:
    """Whether nobody is counting: then whoever asked has a worker count."""
    return bool(cache.add(f"{_kept_as(name)}:claimed", 1, CLAIM_LIFE))


def count(group: Group | None = None) -> ListFigures:
    """Count and keep the figures of all, or of a group. For workers: it reads all."""
    group = group or Group()
    kept_as = _kept_as(group.name)
    found = _counted(group)
    cache.set(kept_as, found, LIFE)
    cache.delete(f"{kept_as}:claimed")
    return _read(found)


def forget() -> None:
    """Forget all that was counted: after an erasure, or to have it counted anew."""
    cache.set(ROUND, uuid.uuid4().hex, None)


def _kept_as(name: str) -> str:
    return f"list-figures:{VERSION}:{cache.get(ROUND)}:{name}"


def _counted(group: Group) -> dict[str, Any]:
    values = {**group.values, "most": VALUES_KEPT}
    with connection.cursor() as cursor:
        cursor.execute(TOTALS.format(entities=group.source), values)
        ((whole, *having),) = cursor.fetchall()
        figures: dict[str, Any] = {}
        for (name, sql), has in zip(STATEMENTS.items(), having, strict=True):
            cursor.execute(sql.format(entities=group.source) + ENDING, values)
            figures[name] = {"known": has, "counts": dict(cursor.fetchall())}
    at = datetime.now(UTC).isoformat()
    return {"entities": whole, "counted_at": at, "figures": figures}


def _read(found: dict[str, Any]) -> ListFigures:
    figures = {name: Figure(**each) for name, each in found["figures"].items()}
    at = datetime.fromisoformat(found["counted_at"])
    return ListFigures(entities=found["entities"], counted_at=at, **figures)
