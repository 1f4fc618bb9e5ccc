"""Who may begin a release, and who makes one: advisory locks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import OperationalError, connection

SPACE, GATE = 0x52454C, 0


def hold_gate(*, shared: bool) -> None:
    """Until the transaction ends: no release is begun while something is erased.

    Erasures hold it alone; whoever begins a release shares it with the others.
    """
    kind = "_shared" if shared else ""
    with connection.cursor() as cursor:
        sql = f"SELECT pg_advisory_xact_lock{kind}(%s, %s)"
        cursor.execute(sql, [SPACE, GATE])


@contextmanager
def alone(release_id: int) -> Iterator[bool]:
    """Whether nobody else makes this release; a lock that ends with the connection."""
    keys = [SPACE, 1 + release_id % (2**31 - 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
        is_mine = cursor.fetchone()[0]
    try:
        yield is_mine
    finally:
        if is_mine:
            with suppress(OperationalError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)
