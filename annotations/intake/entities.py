"""Entities by key: made where they are missing, locked while their candidates change."""

from collections.abc import Iterable, Mapping

from django.db import connection


def ensure(names: Mapping[str, str]) -> dict[str, int]:
    """The ids of these keys; unknown ones become entities of that name, else key.

    Locks all of them to the end of the transaction, as opening a batch does, so that
    no batch misses candidates that are on their way. New keys first, in their order,
    then locks in the order of ids: so no two imports wait for each other in a ring.
    """
    keys = sorted(names)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO annotations_entity (key, name, description, gender,"
            " birth_date, professions, countries, url)"
            " SELECT key, name, '', '', '', '{}', '{}', ''"
            " FROM unnest(%s::text[], %s::text[]) AS given (key, name)"
            " WHERE NOT EXISTS (SELECT FROM annotations_entity e"
            " WHERE e.key = given.key)"
            ' ORDER BY key COLLATE "C" ON CONFLICT (key) DO NOTHING',
            [keys, [names[key] or key for key in keys]],
        )
        cursor.execute(
            "SELECT key, id FROM annotations_entity WHERE key = ANY(%s)"
            " ORDER BY id FOR NO KEY UPDATE",
            [keys],
        )
        return dict(cursor.fetchall())


def first_names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each key the first name that is not empty."""
    names: dict[str, str] = {}
    for key, name in pairs:
        if not names.get(key):
            names[key] = name
    return names
