"""Statements that a connection plans once.

Planning the reads behind a lease or a mark takes four times as long as running them,
and psycopg2 prepares nothing by itself.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

_known: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()


def execute(
    cursor: CursorWrapper, name: str, types: str, sql: str, values: Sequence[Any]
) -> None:
    """Run `sql` with $1, $2 … of these types; the first time it is prepared.

    A server that pools connections by transaction (PgBouncer) must be told to keep
    prepared statements.
    """
    known = _known.setdefault(connection.connection, set())
    if name not in known:
        cursor.execute(f"PREPARE {name} ({types}) AS {sql}")
        known.add(name)
    places = ", ".join(["%s"] * len(values))
    cursor.execute(f"EXECUTE {name} ({places})", values)
