"""A time limit for work on a release: steps that cannot fit fail instead of looping."""

import time

from annotations import sql
from annotations.errors import WrongState

TOO_LONG = (
    "This release is too large for a worker's time limit. Make it with the command"
    " manage.py make_release."
)
QUERY_CANCELED = "57014"


class TooLong(WrongState):
    """A step does not fit into a worker's time limit."""

    slug = "too-long"


class Clock:
    """A limit of some seconds from now on; None means no limit."""

    def __init__(self, seconds: float | None) -> None:
        self.ends_at = None if seconds is None else time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self.ends_at is not None and time.monotonic() > self.ends_at

    def check(self) -> None:
        """Raise TooLong if the time is over."""
        if self.is_over:
            raise TooLong(TOO_LONG)

    def limit_statements(self) -> None:
        """Check, and limit the transaction's later statements to the time that is left."""
        self.check()
        limit = "DEFAULT"
        if self.ends_at is not None:
            limit = str(int(1000 * max(1.0, self.ends_at - time.monotonic())))
        sql.run(f"SET LOCAL statement_timeout = {limit}")


def is_slow(error: Exception) -> bool:
    """Whether the database cancelled a statement that exceeded its time limit."""
    return getattr(error.__cause__, "pgcode", None) == QUERY_CANCELED
