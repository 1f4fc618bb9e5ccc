"""A temporary table and what COPY needs to fill it."""

import io
from collections.abc import Iterable, Sequence

from django.db import connection


def fill(table: str, columns: str, names: Sequence[str], lines: Iterable[str]) -> None:
    """Empty the connection's table, made where it lacks, and COPY lines into it.

    Cells are parted by TAB and hold neither TAB nor LF; an empty one is NULL.
    """
    text = "\n".join(lines).replace("\\", "\\\\")
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({columns})")
        cursor.execute(f"TRUNCATE {table}")
        # A chunk's sort and its join stay in memory.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        if text:
            cursor.copy_expert(
                f"COPY {table} ({', '.join(names)}) FROM STDIN WITH (NULL '')",
                io.BytesIO(text.encode()),
            )
