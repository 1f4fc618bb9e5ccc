"""Frequent property values of entities, proposed for filters, which match exactly."""

from collections import Counter
from collections.abc import Iterable, Sequence

from annotations import sql

ROWS_READ = 5_000
PROPOSED_LIMIT = 100

# Whole blocks of the table, so that the cost is the same at any size.
SAMPLE = """
SELECT gender, professions, countries FROM annotations_entity
TABLESAMPLE SYSTEM (%s) WHERE key IS NOT NULL LIMIT %s
"""
# The planner's estimate; -1 before the first ANALYZE.
ROW_COUNT = "SELECT reltuples FROM pg_class WHERE oid = 'annotations_entity'::regclass"


def known_values() -> dict[str, list[str]]:
    """Return the most frequent genders, professions and countries of a table sample."""
    percent = min(100.0, 100 * ROWS_READ / max(sql.value(ROW_COUNT), 1))
    rows = sql.rows(SAMPLE, [percent, ROWS_READ])
    return {
        "genders": _most_frequent([row.gender] for row in rows),
        "professions": _most_frequent(row.professions for row in rows),
        "countries": _most_frequent(row.countries for row in rows),
    }


def _most_frequent(value_lists: Iterable[Sequence[str]]) -> list[str]:
    counts = Counter(value for values in value_lists for value in values if value)
    return sorted(value for value, _ in counts.most_common(PROPOSED_LIMIT))
