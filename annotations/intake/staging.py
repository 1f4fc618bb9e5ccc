"""Temporary tables, filled by COPY."""

import io
from collections.abc import Iterable, Sequence

from django.db import connection


def fill(table: str, columns: str, names: Sequence[str], lines: Iterable[str]) -> None:
    """Create or empty a temporary table of this connection, and COPY lines into it.

    A TAB separates cells. Cells contain neither TAB nor LF. An empty cell is NULL.
    """
    text = "\n".join(lines).replace("\\", "\\\\")
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({columns})")
        cursor.execute(f"TRUNCATE {table}")
        # Enough to keep the sort and the join of a chunk in memory.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        if text:
            cursor.copy_expert(
                f"COPY {table} ({', '.join(names)}) FROM STDIN WITH (NULL '')",
                io.BytesIO(text.encode()),
            )
