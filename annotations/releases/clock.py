"""A worker's time at a release: what does not fit is said, not begun again for ever."""

import time

from django.db import connection

from annotations.errors import WrongState

TOO_LONG = (
    "It holds more than a worker can write in its time. Make it by the command"
    " manage.py make_release."
)
QUERY_CANCELED = "57014"


class TooLong(WrongState):
    """A step that takes longer than a worker may."""

    slug = "too-long"


class Clock:
    """So many seconds from now on, or any number of them (None)."""

    def __init__(self, seconds: float | None) -> None:
        self.ends = None if seconds is None else time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self.ends is not None and time.monotonic() > self.ends

    def look(self) -> None:
        """TooLong where the time is over."""
        if self.is_over:
            raise TooLong(TOO_LONG)

    def hold(self) -> None:
        """Look, and let each further statement of the transaction take what is left."""
        self.look()
        limit = "DEFAULT"
        if self.ends is not None:
            limit = str(int(1000 * max(1.0, self.ends - time.monotonic())))
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {limit}")


def is_slow(error: Exception) -> bool:
    """Whether the database gave a statement up because its time was over."""
    return getattr(error.__cause__, "pgcode", None) == QUERY_CANCELED
