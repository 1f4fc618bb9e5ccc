"""Run one SQL statement and return its rows with named columns.

`%s` and `%(name)s` parameters are those of psycopg2. Every function runs on Django's
default connection, inside the caller's transaction.
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

Parameters = Sequence[Any] | Mapping[str, Any] | None

_prepared: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()


def rows(sql: str, parameters: Parameters = None) -> list[Any]:
    """Return all rows as named tuples; a column's name is its SQL alias."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return _named(cursor)


def one(sql: str, parameters: Parameters = None) -> Any:
    """Return the first row as a named tuple, None when there is no row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        return None if row is None else _row_type(_columns(cursor))._make(row)


def value(sql: str, parameters: Parameters = None) -> Any:
    """Return the first column of the first row, None when there is no row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        return None if row is None else row[0]


def column(sql: str, parameters: Parameters = None) -> list[Any]:
    """Return the first column of all rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def run(sql: str, parameters: Parameters = None) -> int:
    """Execute a statement; return the number of rows that it changed or found."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def prepared_rows(
    name: str, types: str, sql: str, parameters: Sequence[Any]
) -> list[Any]:
    """Return the rows of a statement with $1, $2 …, planned once per connection.

    Planning the reads behind a lease or a mark takes four times as long as running
    them, and psycopg2 prepares nothing by itself. `types` are the parameters' SQL
    types. A server that pools connections by transaction (PgBouncer) must be set to
    keep prepared statements.
    """
    with connection.cursor() as cursor:
        _execute_prepared(cursor, name, types, sql, parameters)
        return _named(cursor)


def prepared_run(name: str, types: str, sql: str, parameters: Sequence[Any]) -> int:
    """Execute a prepared statement; return the number of rows that it changed."""
    with connection.cursor() as cursor:
        _execute_prepared(cursor, name, types, sql, parameters)
        return int(cursor.rowcount)


def _execute_prepared(
    cursor: CursorWrapper, name: str, types: str, sql: str, parameters: Sequence[Any]
) -> None:
    names = _prepared.setdefault(connection.connection, set())
    if name not in names:
        cursor.execute(f"PREPARE {name} ({types}) AS {sql}")
        names.add(name)
    placeholders = ", ".join(["%s"] * len(parameters))
    cursor.execute(f"EXECUTE {name} ({placeholders})", parameters)


def _named(cursor: CursorWrapper) -> list[Any]:
    make = _row_type(_columns(cursor))._make
    return [make(row) for row in cursor.fetchall()]


def _columns(cursor: CursorWrapper) -> tuple[str, ...]:
    return tuple(column[0] for column in cursor.description or ())


@lru_cache(maxsize=512)
def _row_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns, rename=True)
