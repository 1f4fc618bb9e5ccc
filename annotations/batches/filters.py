"""Entities by their properties: what a filter may say, and its SQL."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db import connection

from annotations.errors import Invalid

# The key of the list's order at a rank, 1 being the most mentioned entity.
AT_RANK = """
SELECT frequency, id FROM annotations_entity WHERE frequency IS NOT NULL
ORDER BY frequency DESC NULLS LAST, id OFFSET %s LIMIT 1
"""
BORN = "e.birth_date ~ '^[0-9]{4}' AND left(e.birth_date, 4)"
# Every judgment was given on a page of its judge: who had no page was never judged.
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


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions on `annotations_entity e`: cheap ones of the row itself, and all."""

    cheap: str
    whole: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """What an entity must be; what is not said is not asked. Erased ones never pass.

    Ranks are places in the list of all entities by frequency, counted from 1. Of
    genders, professions and countries one must fit, exactly as written.
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
    def of(cls, given: Mapping[str, Any]) -> "Filter":
        """Read what an API or a form gives; Invalid names `filter.` and the field."""
        known = {each.name for each in fields(cls)}
        if unknown := [name for name in given if name not in known]:
            raise Invalid({f"filter.{unknown[0]}": ["There is no such field."]})
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.items()
        }
        made = cls(**values)
        for low, high in (("rank_from", "rank_to"), ("born_from", "born_to")):
            first, last = getattr(made, low), getattr(made, high)
            if None not in (first, last) and first > last:
                raise Invalid({f"filter.{high}": [f"Must be {first} or more."]})
        return made

    def stored(self) -> dict[str, Any]:
        """What was asked, as JSON keeps it; {} for all entities."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value is not None and value is not False and value != ()
        }

    def where(self) -> Where:
        """The filter as conditions; asks the database for the keys at its ranks."""
        cheap, values = ["e.key IS NOT NULL"], dict[str, Any]()
        for condition, value in self._conditions():
            cheap.append(condition)
            values |= value
        whole = list(cheap)
        if self.never_judged:
            whole.append(NEVER_JUDGED)
        if self.has_candidates:
            whole.append(HAS_CANDIDATES)
        return Where(_all(cheap), _all(whole), values)

    def _conditions(self) -> list[tuple[str, dict[str, Any]]]:
        said: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
            "rank_from": lambda: _ranked("from", "<", ">=", self.rank_from),
            "rank_to": lambda: _ranked("to", ">", "<=", self.rank_to),
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
                f"{BORN} >= %(born_from)s",
                {"born_from": f"{self.born_from:04}"},
            ),
            "born_to": lambda: (
                f"{BORN} <= %(born_to)s",
                {"born_to": f"{self.born_to:04}"},
            ),
        }
        return [said[name]() for name in self.stored() if name in said]


def _ranked(
    end: str, beyond: str, beside: str, rank: int | None
) -> tuple[str, dict[str, Any]]:
    """From a rank on, or up to one: in the order of the index, by frequency and id."""
    with connection.cursor() as cursor:
        cursor.execute(AT_RANK, [(rank or 1) - 1])
        found = cursor.fetchone()
    if found is None:  # the list is shorter
        return ("false" if end == "from" else "e.frequency IS NOT NULL"), {}
    condition = (
        f"e.frequency {beyond}= %({end}_frequency)s AND"
        f" (e.frequency {beyond} %({end}_frequency)s OR e.id {beside} %({end}_id)s)"
    )
    return condition, {f"{end}_frequency": found[0], f"{end}_id": found[1]}


def _all(conditions: list[str]) -> str:
    return " AND ".join(f"({each})" for each in conditions)
