"""Advisory locks: requests and erasures exclude each other, one process per release."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import OperationalError

from annotations import sql

NAMESPACE, GATE = 0x52454C, 0


def lock_gate(*, shared: bool) -> None:
    """Lock the gate until the transaction ends.

    Erasures lock it exclusively, and each start of a release shares it. So no release
    starts during an erasure.
    """
    kind = "_shared" if shared else ""
    sql.run(f"SELECT pg_advisory_xact_lock{kind}(%s, %s)", [NAMESPACE, GATE])


@contextmanager
def try_lock(release_id: int) -> Iterator[bool]:
    """Yield whether this process now holds the release's lock for the block.

    The lock belongs to the connection, so a killed process frees it.
    """
    keys = [NAMESPACE, 1 + release_id % (2**31 - 1)]
    is_locked: bool = sql.value("SELECT pg_try_advisory_lock(%s, %s)", keys)
    try:
        yield is_locked
    finally:
        if is_locked:
            with suppress(OperationalError):
                sql.run("SELECT pg_advisory_unlock(%s, %s)", keys)
