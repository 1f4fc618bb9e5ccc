"""Entities by key: created if missing, locked while their candidates change."""

from collections.abc import Iterable, Mapping

from annotations import sql

CREATE = """
INSERT INTO annotations_entity
    (key, name, description, gender, birth_date, professions, countries, url)
SELECT key, name, '', '', '', '{}', '{}', ''
FROM unnest(%s::text[], %s::text[]) AS new (key, name)
WHERE NOT EXISTS (SELECT FROM annotations_entity e WHERE e.key = new.key)
ORDER BY key COLLATE "C" ON CONFLICT (key) DO NOTHING
"""
LOCK = """
SELECT key, id FROM annotations_entity WHERE key = ANY(%s)
ORDER BY id FOR NO KEY UPDATE
"""


def ensure(names: Mapping[str, str]) -> dict[str, int]:
    """Return the ids of these keys; create entities for the missing ones.

    A new entity gets its name in `names`, or its key if that is empty. Locks all
    entities to the end of the transaction, as the opening of a batch does, so that no
    batch misses candidates of an import. To avoid deadlocks between imports, it creates
    entities in the order of keys, and then locks all in the order of ids.
    """
    keys = sorted(names)
    sql.run(CREATE, [keys, [names[key] or key for key in keys]])
    return {row.key: row.id for row in sql.rows(LOCK, [keys])}


def first_names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first name that is not empty for each key."""
    names: dict[str, str] = {}
    for key, name in pairs:
        if not names.get(key):
            names[key] = name
    return names
