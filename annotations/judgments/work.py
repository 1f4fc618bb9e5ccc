"""A judge's own numbers: in the batch as they stand, and what was done on the day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from annotations.consensus import Verdict

from .writing import Said

# Under the membership's lock. The day is the server's, in UTC.
WRITE = """
WITH own AS (
    UPDATE annotations_batchjudge
    SET verdicts = verdicts + %(verdicts)s, skips = skips + %(skips)s,
        centiseconds = centiseconds + %(centiseconds)s,
        said_at = %(now)s
    WHERE batch_id = %(batch)s AND judge_id = %(judge)s
)
INSERT INTO annotations_judgeday AS d
    (batch_id, judge_id, day, verdicts, skips, centiseconds)
VALUES (%(batch)s, %(judge)s, (%(now)s AT TIME ZONE 'UTC')::date,
        %(verdicts)s, %(skips)s, %(centiseconds)s)
ON CONFLICT (batch_id, judge_id, day) DO UPDATE
SET verdicts = d.verdicts + excluded.verdicts, skips = d.skips + excluded.skips,
    centiseconds = d.centiseconds + excluded.centiseconds
"""


@dataclass(slots=True)
class Work:
    """What the marks of one call add to the numbers of their judge in one batch."""

    now: datetime
    verdicts: int = 0
    skips: int = 0
    centiseconds: int = 0

    def add(self, before: Said | None, after: Said | None, centiseconds: int) -> None:
        """Count one mark: what stood before it, what stands now, and its time."""
        for said, sign in ((before, -1), (after, 1)):
            if said is None:
                continue
            if said.verdict is Verdict.SKIP:
                self.skips += sign
            else:
                self.verdicts += sign
        self.centiseconds += centiseconds

    def write(self, batch: int, judge: int) -> None:
        """Add it to the judge's membership and to the day, in one statement."""
        values: dict[str, Any] = {
            "batch": batch,
            "judge": judge,
            "now": self.now,
            "verdicts": self.verdicts,
            "skips": self.skips,
            "centiseconds": self.centiseconds,
        }
        with connection.cursor() as cursor:
            cursor.execute(WRITE, values)
