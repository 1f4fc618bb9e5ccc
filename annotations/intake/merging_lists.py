"""Set-based merge of entity lists into the tables."""

from collections.abc import Sequence

from annotations import sql
from annotations.models.pending_scoring import request_scoring

from . import entities, staging
from .layouts.lists import ENTITY_COLUMNS, MULTIVALUED
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
RETURNING id, entity_id, name, language = 'en' AS is_english
"""
# An English name replaces a display name that is not English. Any name replaces a key
# that serves as a name. Every line is an alias too, so that no information is lost.
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
    """Add new names; return their number."""
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
    aliases = sql.rows(ADD_ALIASES, [list(ids), list(ids.values())])
    if aliases:
        sql.run(CHOOSE_NAMES, [list(column) for column in zip(*aliases, strict=True)])
    return len(aliases)


def _update() -> str:
    """Return the UPDATE of properties that have a value and differ; the others stay."""
    values = {
        name: f"string_to_array(s.{name}, '|')" if name in MULTIVALUED else f"s.{name}"
        for name in ENTITY_COLUMNS[1:]
    }
    values["frequency"] = "s.frequency::bigint"
    values["representative"] = "decode(s.representative, 'hex')"
    sets = ", ".join(
        f"{name} = coalesce({value}, e.{name})" for name, value in values.items()
    )
    differs = " OR ".join(
        f"{value} IS DISTINCT FROM e.{name} AND s.{name} IS NOT NULL"
        for name, value in values.items()
    )
    return (
        f"UPDATE annotations_entity e SET {sets} FROM intake_entities s"
        f" WHERE e.key = s.key AND ({differs}) RETURNING e.key"
    )


UPDATE_ENTITIES = _update()


def merge_entities(rows: Sequence[EntityRow]) -> int:
    """Create and change entities; return the number of rows that had an effect."""
    merged: dict[str, dict[str, str]] = {}
    repeats = 0
    for _, key, properties, _ in rows:
        entity = merged.get(key)
        if entity is None:
            merged[key] = dict(properties)
        elif entity | properties != entity:
            entity.update(properties)
            repeats += 1
    new_keys = _new_keys(list(merged))
    names = {key: entity.get("name", "") for key, entity in merged.items()}
    ids = entities.ensure(names)
    staging.fill(ENTITIES, ENTITIES_COLUMNS, ENTITY_COLUMNS, _lines(merged))
    changes = set(sql.column(UPDATE_ENTITIES))
    request_scoring(
        ids[key] for key in changes - new_keys if "representative" in merged[key]
    )
    return len(changes | new_keys) + repeats


def _new_keys(keys: list[str]) -> set[str]:
    statement = "SELECT key FROM annotations_entity WHERE key = ANY(%s)"
    return set(keys) - set(sql.column(statement, [keys]))


def _lines(merged: dict[str, dict[str, str]]) -> list[str]:
    return [
        "\t".join((key, *(entity.get(name, "") for name in ENTITY_COLUMNS[1:])))
        for key, entity in merged.items()
    ]
