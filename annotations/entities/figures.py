"""The list in figures (the paper's Figure 2): how many entities have which property.

The figures cover all entities, those of a batch, or those that a release confirms. A
worker computes them at most once a day, by one statement per property, and stores them
in the cache for pages. The figures of a property leave out entities that lack it.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache

from annotations import sql

VERSION = 1  # of the cached format
LIFE = 24 * 3600
CLAIM_LIFE = 40  # seconds, the time limit of a task
MAX_VALUES = 5_000  # of a property; the paper's list has some 2,000 professions
ROUND = "list-figures:round"

WHOLE = "all"


@dataclass(frozen=True)
class Group:
    """A set of entities: its name in the cache, and the SQL that selects it."""

    name: str = WHOLE
    source: str = "annotations_entity e WHERE e.key IS NOT NULL"
    parameters: dict[str, Any] = field(default_factory=dict)


def batch_name(batch_id: int) -> str:
    """Return the name of a batch's group."""
    return f"batch-{batch_id}"


def release_name(release_id: int) -> str:
    """Return the name of a release's group."""
    return f"release-{release_id}"


def group_of_batch(batch_id: int) -> Group:
    """Return the group of a batch's entities."""
    source = (
        "annotations_batchentity q JOIN annotations_entity e ON e.id = q.entity_id"
        " WHERE q.batch_id = %(batch)s AND e.key IS NOT NULL"
    )
    return Group(batch_name(batch_id), source, {"batch": batch_id})


def group_of_keys(name: str, keys: Collection[str]) -> Group:
    """Return a group of entities by their keys."""
    source = "annotations_entity e WHERE e.key = ANY(%(keys)s)"
    return Group(name, source, {"keys": list(keys)})


# A person with two professions counts for both. A repeated value counts once.
MULTIVALUED = (
    "SELECT v.value, count(*) AS count"
    " FROM (SELECT e.{column} AS items FROM {entities}) s"
    " CROSS JOIN LATERAL (SELECT DISTINCT unnest(s.items) AS value) v"
)
# A birth date is a text that can begin with a year. Frequencies are grouped by the
# number of their digits.
STATEMENTS = {
    "gender": "SELECT e.gender AS value, count(*) AS count FROM {entities} AND e.gender <> ''",
    "professions": MULTIVALUED.replace("{column}", "professions"),
    "countries": MULTIVALUED.replace("{column}", "countries"),
    "births": (
        "SELECT substring(e.birth_date FROM '^([0-9]{{3}})[0-9]') || '0' AS value,"
        " count(*) AS count"
        " FROM {entities} AND e.birth_date ~ '^[0-9]{{4}}'"
    ),
    "frequency": (
        "SELECT length(e.frequency::text)::text AS value, count(*) AS count"
        " FROM {entities} AND e.frequency > 0"
    ),
}
ENDING = " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(most)s"
TOTALS = """
SELECT count(*) AS entities, count(*) FILTER (WHERE e.gender <> '') AS gender,
       count(*) FILTER (WHERE e.professions <> '{{}}') AS professions,
       count(*) FILTER (WHERE e.countries <> '{{}}') AS countries,
       count(*) FILTER (WHERE e.birth_date ~ '^[0-9]{{4}}') AS births,
       count(*) FILTER (WHERE e.frequency > 0) AS frequency
FROM {entities}
"""


@dataclass(frozen=True)
class Figure:
    """One property: the number of entities that have it, and the number for each value."""

    known: int
    counts: dict[str, int] = field(default_factory=dict)

    def share(self, value: str) -> float:
        """Return the share of this value among the entities that have the property."""
        return self.counts.get(value, 0) / self.known if self.known else 0.0


@dataclass(frozen=True)
class ListFigures:
    """The figures of all properties of a group, as counted at one time."""

    entities: int
    counted_at: datetime
    gender: Figure
    professions: Figure
    countries: Figure
    births: Figure  # by decade: "1950"
    frequency: Figure  # by the number of digits: "3" is 100 to 999


def cached(name: str = WHOLE) -> ListFigures | None:
    """Return the cached figures of a group, None if there are none."""
    content = cache.get(_cache_key(name))
    return _from_cache(content) if content else None


def claim(name: str = WHOLE) -> bool:
    """Claim the computation of a group's figures; False if a worker has claimed it."""
    return bool(cache.add(f"{_cache_key(name)}:claimed", 1, CLAIM_LIFE))


def compute(group: Group | None = None) -> ListFigures:
    """Compute and cache the figures of a group, by default of all entities.

    Only workers should call it, because it reads every entity.
    """
    group = group or Group()
    cache_key = _cache_key(group.name)
    content = _count(group)
    cache.set(cache_key, content, LIFE)
    cache.delete(f"{cache_key}:claimed")
    return _from_cache(content)


def forget() -> None:
    """Forget all figures, after an erasure or for a new count."""
    cache.set(ROUND, uuid.uuid4().hex, None)


def _cache_key(name: str) -> str:
    return f"list-figures:{VERSION}:{cache.get(ROUND)}:{name}"


def _count(group: Group) -> dict[str, Any]:
    parameters = {**group.parameters, "most": MAX_VALUES}
    totals = sql.one(TOTALS.format(entities=group.source), parameters)
    figures: dict[str, Any] = {}
    for name, statement in STATEMENTS.items():
        rows = sql.rows(statement.format(entities=group.source) + ENDING, parameters)
        counts = dict(rows)
        figures[name] = {"known": getattr(totals, name), "counts": counts}
    at = datetime.now(UTC).isoformat()
    return {"entities": totals.entities, "counted_at": at, "figures": figures}


def _from_cache(content: dict[str, Any]) -> ListFigures:
    figures = {name: Figure(**figure) for name, figure in content["figures"].items()}
    at = datetime.fromisoformat(content["counted_at"])
    return ListFigures(entities=content["entities"], counted_at=at, **figures)
