"""How the entities of a batch are chosen: by a list, by a filter, or drawn."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotations import sampling
from annotations.errors import Invalid

from .filters import Filter, Where
from .key_list import KeyList

SEED_LIMIT = 2**31
SIZE_LIMIT = 10_000_000
STREAMED = 20_000  # rows of the population that are in memory at a time
REACH = 10  # times as many are drawn where some may fail what is costly to ask

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
    """Named entities, those that pass a filter, or a sample drawn of those."""

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
        """Exactly one way; a filter beside a sample says of whom is drawn."""
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
        """SQL of ids and positions in the queue, counted from 1; Invalid for a bad list.

        A sample is drawn here, in a transaction: its population is streamed.
        """
        if self.keys is not None:
            self.keys.check()
            return LISTED, {"keys": self.keys.keys}
        if self.sample is not None:
            return DRAWN, {"ids": self.drawn()}
        where = (self.filter or Filter()).where()
        return PASSING.format(where=where.whole), where.values

    def drawn(self) -> list[int]:
        """Draw the sample by frequency; the first drawn first.

        What is costly to ask is asked only of those who are drawn, in their turn: who
        fails makes room for the next.
        """
        sample, where = self.sample or {}, (self.filter or Filter()).where()
        size = sample["size"]
        reach = size if where.whole == where.cheap else size * REACH
        while True:
            ids = sampling.sample(
                _population(where), reach, sample["seed"], sample["exponent"]
            )
            passing = ids if reach == size else _still_passing(ids, where)
            if len(passing) >= size or len(ids) < reach:
                return passing[:size]
            reach *= REACH

    def nothing(self) -> Invalid:
        """Why nobody is chosen, at the field that it is about."""
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
    """Ids and frequencies in the order of ids, streamed from a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(POPULATION.format(where=where.cheap), where.values)
        while rows := cursor.fetchmany(STREAMED):
            for entity, frequency in rows:
                yield entity, float(frequency)


def _still_passing(ids: list[int], where: Where) -> list[int]:
    """Those of some entities that pass the whole filter, in their order."""
    with connection.cursor() as cursor:
        sql = STILL_PASSING.format(where=where.whole)
        cursor.execute(sql, where.values | {"ids": ids})
        return [row[0] for row in cursor]
