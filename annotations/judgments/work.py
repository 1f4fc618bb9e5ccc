"""Update a judge's counters: the current ones in the batch, and those of the day."""

from dataclasses import dataclass
from datetime import datetime

from annotations import sql
from annotations.consensus import Verdict

from .writes import CurrentVerdict

# Runs under the membership's lock. The day is the server's, in UTC.
ADD_WORK = """
WITH membership AS (
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
class WorkDelta:
    """The change of a judge's counters in one batch by the marks of one call."""

    now: datetime
    verdicts: int = 0
    skips: int = 0
    centiseconds: int = 0

    def add(
        self,
        before: CurrentVerdict | None,
        after: CurrentVerdict | None,
        centiseconds: int,
    ) -> None:
        """Count one mark: the verdict that it replaces, its own, and its time."""
        for current, sign in ((before, -1), (after, 1)):
            if current is None:
                continue
            if current.verdict is Verdict.SKIP:
                self.skips += sign
            else:
                self.verdicts += sign
        self.centiseconds += centiseconds

    def write(self, batch: int, judge: int) -> None:
        """Add the changes to the judge's membership and day, in one statement."""
        sql.run(
            ADD_WORK,
            {
                "batch": batch,
                "judge": judge,
                "now": self.now,
                "verdicts": self.verdicts,
                "skips": self.skips,
                "centiseconds": self.centiseconds,
            },
        )
