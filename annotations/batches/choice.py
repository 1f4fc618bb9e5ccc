"""A choice of entities for a batch: a list of keys, a filter or a drawn sample."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotations import sampling, sql
from annotations.errors import Invalid

from .filters import Filter, Where
from .key_list import KeyList

SEED_LIMIT = 2**31
SIZE_LIMIT = 10_000_000
POPULATION_CHUNK = 20_000  # rows of the population in memory at a time
DRAW_FACTOR = 10  # entities drawn per entity wanted, when a costly check may drop some

LISTED = """
SELECT e.id, t.position
FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS t (key, position)
JOIN annotations_entity e ON e.key = t.key
"""
PASSING = """
SELECT e.id, row_number() OVER (ORDER BY e.frequency DESC NULLS LAST, e.id)
FROM annotations_entity e WHERE {where}
"""
DRAWN = """
SELECT e.id, t.position
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS t (id, position)
JOIN annotations_entity e ON e.id = t.id AND e.key IS NOT NULL
"""
STILL_PASSING = """
SELECT e.id FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS t (id, position)
JOIN annotations_entity e ON e.id = t.id WHERE {where} ORDER BY t.position
"""
POPULATION = """
SELECT e.id, e.frequency FROM annotations_entity e
WHERE e.frequency > 0 AND {where} ORDER BY e.id
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Listed entities, those that pass a filter, or a sample drawn from those."""

    keys: KeyList | None = None
    filter: Filter | None = None
    sample: dict[str, Any] | None = None

    @classmethod
    def of(
        cls,
        entities: Sequence[str] | KeyList | None = None,
        filter: Mapping[str, Any] | None = None,
        sample: Mapping[str, Any] | None = None,
    ) -> "Choice":
        """Read exactly one of the ways. A filter can limit the population of a sample."""
        if (entities is not None) == (sample is not None or filter is not None):
            raise Invalid({"entities": ["Give either entities, a filter or a sample."]})
        if entities is not None:
            if not isinstance(entities, KeyList):
                entities = KeyList.of(entities)
            return cls(keys=entities)
        return cls(
            filter=None if filter is None else Filter.of(filter),
            sample=None if sample is None else _with_seed(sample),
        )

    def query(self) -> tuple[str, dict[str, Any]]:
        """Return SQL of ids and queue positions (from 1), with its parameters.

        Raise Invalid for a wrong list. This draws the sample and streams its population,
        so it needs a transaction.
        """
        if self.keys is not None:
            self.keys.check()
            return LISTED, {"keys": self.keys.keys}
        if self.sample is not None:
            return DRAWN, {"ids": self.draw()}
        where = (self.filter or Filter()).where()
        return PASSING.format(where=where.whole), where.values

    def draw(self) -> list[int]:
        """Draw the sample by frequency; return the ids in the order of the draw.

        Costly conditions are checked for drawn entities only, in that order. An entity
        that fails makes room for the next.
        """
        sample, where = self.sample or {}, (self.filter or Filter()).where()
        size = sample["size"]
        draw_size = size if where.whole == where.cheap else size * DRAW_FACTOR
        while True:
            ids = sampling.sample(
                _population(where), draw_size, sample["seed"], sample["exponent"]
            )
            passing = ids if draw_size == size else _still_passing(ids, where)
            if len(passing) >= size or len(ids) < draw_size:
                return passing[:size]
            draw_size *= DRAW_FACTOR

    def nothing_chosen(self) -> Invalid:
        """Return the error of a choice without entities, for the field that causes it."""
        if self.sample is not None:
            return Invalid({"sample": ["No entity has a frequency to draw by."]})
        return Invalid({"filter": ["No entity passes this filter."]})


def _with_seed(sample: Mapping[str, Any]) -> dict[str, Any]:
    if not 1 <= sample["size"] <= SIZE_LIMIT:
        raise Invalid({"sample.size": [f"Must be 1 to {SIZE_LIMIT:,}."]})
    return {
        "size": sample["size"],
        "seed": sample.get("seed", secrets.randbelow(SEED_LIMIT)),
        "exponent": sample.get("exponent", sampling.EXPONENT),
    }


def _population(where: Where) -> Iterator[tuple[int, float]]:
    """Stream ids and frequencies in the order of ids from a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(POPULATION.format(where=where.cheap), where.values)
        while rows := cursor.fetchmany(POPULATION_CHUNK):
            for entity, frequency in rows:
                yield entity, float(frequency)


def _still_passing(ids: list[int], where: Where) -> list[int]:
    """Return those of the ids that pass the whole filter, in their order."""
    return sql.column(
        STILL_PASSING.format(where=where.whole), where.values | {"ids": ids}
    )
