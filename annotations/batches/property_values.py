"""What entities' properties are like: proposals for a filter, which takes exact values."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import connection

LOOKED_AT = 5_000
PROPOSED = 100

# Whole blocks of the table, so that this costs the same at any size.
SOME = """
SELECT gender, professions, countries FROM annotations_entity
TABLESAMPLE SYSTEM (%s) WHERE key IS NOT NULL LIMIT %s
"""
ROWS = "SELECT reltuples FROM pg_class WHERE oid = 'annotations_entity'::regclass"


def known_values() -> dict[str, list[str]]:
    """The most frequent genders, professions and countries of some entities, by name."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        rows = cursor.fetchone()[0]  # the planner's guess; -1 before the first
        percent = min(100.0, 100 * LOOKED_AT / max(rows, 1))
        cursor.execute(SOME, [percent, LOOKED_AT])
        found: Sequence[tuple[str, list[str], list[str]]] = cursor.fetchall()
    return {
        "genders": _frequent([row[0]] for row in found),
        "professions": _frequent(row[1] for row in found),
        "countries": _frequent(row[2] for row in found),
    }


def _frequent(values: Iterable[Sequence[str]]) -> list[str]:
    counts = Counter(value for own in values for value in own if value)
    return sorted(value for value, _ in counts.most_common(PROPOSED))
