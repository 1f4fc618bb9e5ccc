"""Filters of entities by their properties, and the SQL of a filter."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from annotations import sql
from annotations.errors import Invalid

# The list's sort key at a rank. Rank 1 is the most frequently mentioned entity.
AT_RANK = """
SELECT frequency, id FROM annotations_entity WHERE frequency IS NOT NULL
ORDER BY frequency DESC NULLS LAST, id OFFSET %s LIMIT 1
"""
BIRTH_YEAR = "e.birth_date ~ '^[0-9]{4}' AND left(e.birth_date, 4)"
# Judgments exist only on pages, so only an entity with a page can have been judged.
NEVER_JUDGED = """NOT EXISTS (
    SELECT FROM annotations_batchentity q
    JOIN annotations_assignment a
      ON a.batch_id = q.batch_id AND a.entity_id = q.entity_id
    WHERE q.entity_id = e.id AND EXISTS (
        SELECT FROM annotations_judgment j
        WHERE j.batch_id = a.batch_id AND j.candidate_id = ANY(a.candidates)
          AND j.judge_id = a.judge_id AND j.verdict IS NOT NULL))"""
HAS_CANDIDATES = """EXISTS (
    SELECT FROM annotations_candidate c
    WHERE c.entity_id = e.id AND c.state <> 'erased')"""
YEAR_LIMIT = 9999

Condition = tuple[str, dict[str, Any]]  # SQL with its parameters


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions on `annotations_entity e`: `cheap` reads only that row, `whole` all."""

    cheap: str
    whole: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on entities. Erased entities never pass.

    Ranks are positions in the list of all entities by frequency, counted from 1. An
    entity passes `genders`, `professions` and `countries` with one exact match each.
    """

    rank_from: int | None = None
    rank_to: int | None = None
    genders: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    born_from: int | None = None
    born_to: int | None = None
    never_judged: bool = False
    has_candidates: bool = False

    @classmethod
    def of(cls, conditions: Mapping[str, Any]) -> "Filter":
        """Read the values of an API or a form; Invalid names `filter.` and the field."""
        names = {field.name for field in fields(cls)}
        if unknown_names := [name for name in conditions if name not in names]:
            raise Invalid({f"filter.{unknown_names[0]}": ["There is no such field."]})
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in conditions.items()
        }
        result = cls(**values)
        for low, high in (("rank_from", "rank_to"), ("born_from", "born_to")):
            first, last = getattr(result, low), getattr(result, high)
            if None not in (first, last) and first > last:
                raise Invalid({f"filter.{high}": [f"Must be {first} or more."]})
        return result

    def as_json(self) -> dict[str, Any]:
        """Return the conditions as JSON stores them; {} for all entities."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value is not None and value is not False and value != ()
        }

    def where(self) -> Where:
        """Return the filter as conditions; reads the sort keys at its ranks."""
        cheap, values = ["e.key IS NOT NULL"], dict[str, Any]()
        for condition, parameters in self._conditions():
            cheap.append(condition)
            values |= parameters
        whole = list(cheap)
        if self.never_judged:
            whole.append(NEVER_JUDGED)
        if self.has_candidates:
            whole.append(HAS_CANDIDATES)
        return Where(_all_of(cheap), _all_of(whole), values)

    def _conditions(self) -> list[Condition]:
        conditions: dict[str, Callable[[], Condition]] = {
            "rank_from": lambda: _from_rank(self.rank_from or 1),
            "rank_to": lambda: _to_rank(self.rank_to or 1),
            "genders": lambda: (
                "e.gender = ANY(%(genders)s)",
                {"genders": list(self.genders)},
            ),
            "professions": lambda: (
                "e.professions && %(professions)s::text[]",
                {"professions": list(self.professions)},
            ),
            "countries": lambda: (
                "e.countries && %(countries)s::text[]",
                {"countries": list(self.countries)},
            ),
            "born_from": lambda: (
                f"{BIRTH_YEAR} >= %(born_from)s",
                {"born_from": f"{self.born_from:04}"},
            ),
            "born_to": lambda: (
                f"{BIRTH_YEAR} <= %(born_to)s",
                {"born_to": f"{self.born_to:04}"},
            ),
        }
        return [conditions[name]() for name in self.as_json() if name in conditions]


# Both compare in the order of the index: by frequency (falling), then by id (rising).
def _from_rank(rank: int) -> Condition:
    start = sql.one(AT_RANK, [rank - 1])
    if start is None:  # the list is shorter
        return "false", {}
    return (
        "e.frequency <= %(from_frequency)s AND"
        " (e.frequency < %(from_frequency)s OR e.id >= %(from_id)s)",
        {"from_frequency": start.frequency, "from_id": start.id},
    )


def _to_rank(rank: int) -> Condition:
    end = sql.one(AT_RANK, [rank - 1])
    if end is None:  # the list is shorter
        return "e.frequency IS NOT NULL", {}
    return (
        "e.frequency >= %(to_frequency)s AND"
        " (e.frequency > %(to_frequency)s OR e.id <= %(to_id)s)",
        {"to_frequency": end.frequency, "to_id": end.id},
    )


def _all_of(conditions: list[str]) -> str:
    return " AND ".join(f"({condition})" for condition in conditions)
