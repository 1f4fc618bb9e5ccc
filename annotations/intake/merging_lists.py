"""Rows of entity lists into the tables, a set at a time."""

from collections.abc import Sequence

from django.db import connection

from annotations.models import due

from . import entities, staging
from .layouts.lists import ENTITY_COLUMNS, SEVERAL
from .rows import EntityRow, NameRow

NAMES = "intake_names"
NAMES_COLUMNS = "line bigint, key text, name text, language text"
ENTITIES = "intake_entities"
ENTITIES_COLUMNS = ", ".join(f"{name} text" for name in ENTITY_COLUMNS)

ADD_ALIASES = """
INSERT INTO annotations_alias (entity_id, name, language)
SELECT e.id, s.name, s.language
FROM intake_names s
JOIN unnest(%s::text[], %s::bigint[]) AS e (key, id) USING (key)
ORDER BY s.line
ON CONFLICT DO NOTHING
RETURNING id, entity_id, name, language = 'en'
"""
# English wins the display name, unless it is English already; what only has its key
# for a name takes any. Every line is an alias too, or nobody could tell what was read.
CHOOSE_NAMES = """
UPDATE annotations_entity e SET name = n.name
FROM (
    SELECT DISTINCT ON (entity_id) entity_id, name, is_english
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bool[])
        AS added (id, entity_id, name, is_english)
    ORDER BY entity_id, is_english DESC, id
) n
WHERE e.id = n.entity_id AND e.name <> n.name
    AND (n.is_english OR e.name = e.key)
    AND NOT EXISTS (
        SELECT FROM annotations_alias a
        WHERE a.entity_id = e.id AND a.name = e.name AND a.language = 'en')
"""


def merge_names(rows: Sequence[NameRow]) -> int:
    """Add the names that are new; how many were."""
    english = ((row[1], row[2] if row[3] == "en" else "") for row in rows)
    names = entities.first_names(english)
    any_language = entities.first_names((row[1], row[2]) for row in rows)
    ids = entities.ensure({key: names[key] or any_language[key] for key in names})
    staging.fill(
        NAMES,
        NAMES_COLUMNS,
        ("line", "key", "name", "language"),
        (f"{row[0]}\t{row[1]}\t{row[2]}\t{row[3]}" for row in rows),
    )
    with connection.cursor() as cursor:
        cursor.execute(ADD_ALIASES, [list(ids), list(ids.values())])
        added = cursor.fetchall()
        if added:
            cursor.execute(CHOOSE_NAMES, [list(c) for c in zip(*added, strict=True)])
    return len(added)


def _update() -> str:
    """Set what is given and differs; a property that is not given stays."""
    given = {
        name: f"string_to_array(s.{name}, '|')" if name in SEVERAL else f"s.{name}"
        for name in ENTITY_COLUMNS[1:]
    }
    given["frequency"] = "s.frequency::bigint"
    given["representative"] = "decode(s.representative, 'hex')"
    sets = ", ".join(f"{name} = coalesce({v}, e.{name})" for name, v in given.items())
    differs = " OR ".join(
        f"{value} IS DISTINCT FROM e.{name} AND s.{name} IS NOT NULL"
        for name, value in given.items()
    )
    return (
        f"UPDATE annotations_entity e SET {sets} FROM intake_entities s"
        f" WHERE e.key = s.key AND ({differs}) RETURNING e.key"
    )


UPDATE_ENTITIES = _update()


def merge_entities(rows: Sequence[EntityRow]) -> int:
    """Make and change entities; how many rows made or changed something."""
    merged: dict[str, dict[str, str]] = {}
    repeats = 0
    for _, key, given, _ in rows:
        known = merged.get(key)
        if known is None:
            merged[key] = dict(given)
        elif known | given != known:
            known.update(given)
            repeats += 1
    new = _new(list(merged))
    names = {key: given.get("name", "") for key, given in merged.items()}
    ids = entities.ensure(names)
    staging.fill(ENTITIES, ENTITIES_COLUMNS, ENTITY_COLUMNS, _lines(merged))
    with connection.cursor() as cursor:
        cursor.execute(UPDATE_ENTITIES)
        changed = {row[0] for row in cursor.fetchall()}
    due.mark(ids[key] for key in changed - new if "representative" in merged[key])
    return len(changed | new) + repeats


def _new(keys: list[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM annotations_entity WHERE key = ANY(%s)", [keys])
        return set(keys) - {row[0] for row in cursor.fetchall()}


def _lines(merged: dict[str, dict[str, str]]) -> list[str]:
    return [
        "\t".join((key, *(given.get(name, "") for name in ENTITY_COLUMNS[1:])))
        for key, given in merged.items()
    ]
