"""A batch's independent verdicts as a table: one GROUP BY, read as a stream.

Candidates of an entity of which the same judges said the same are one row, so a batch
of ten million judgments is some hundred thousand rows. The statement is run over one
slice of the candidates after the other, so that a worker may stop between two.
"""

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

VALUES = ("yes", "no", "broken")
BROKEN = VALUES.index("broken")
CODES = 4  # a rating is judge * CODES + the value's place in VALUES
SLICE = 1_000_000  # judgments read at once: some two seconds
SECONDS = 15  # a slice that takes longer is given up: a task may take thirty
END = 2**63 - 1

# An index brings the verdicts of a candidate together. They come in any order, which is
# told by few words, so it is put right here and costs the database nothing. Weeks (UTC)
# begin on Mondays, counted from 5 January 1970; that of a candidate is the week of its
# last verdict. The bounds stand twice, so that a slice joins its own candidates only.
READ = f"""
SELECT c.entity_id, s.week, s.said, count(*)
FROM (
    SELECT candidate_id,
           (extract(epoch FROM max(decided_at))::bigint - 345600) / 604800 AS week,
           array_agg(judge_id * {CODES} + CASE blind_verdict
               WHEN 'yes' THEN 0 WHEN 'no' THEN 1 ELSE 2 END) AS said
    FROM annotations_judgment
    WHERE batch_id = %(batch)s AND candidate_id > %(after)s AND candidate_id <= %(upto)s
      AND verdict <> 'skip' AND blind_verdict IN ('yes', 'no', 'broken')
    GROUP BY candidate_id
) s JOIN annotations_candidate c ON c.id = s.candidate_id
WHERE c.id > %(after)s AND c.id <= %(upto)s
GROUP BY 1, 2, 3
"""

BOUND = """
SELECT candidate_id FROM annotations_judgment
WHERE batch_id = %s AND candidate_id > %s ORDER BY candidate_id OFFSET %s LIMIT 1
"""

Pattern = tuple[tuple[int, int], ...]  # (judge's place in `judges`, value's in VALUES)
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Ratings:
    """Rows of equal length: `times` candidates of `entity`, last judged in `week`, of
    which `patterns[pattern]` was said."""

    judges: list[int]
    patterns: list[Pattern]
    entity: Numbers
    week: Numbers
    pattern: Numbers
    times: Numbers

    def only(self, mask: NDArray[np.bool_]) -> "Ratings":
        """Some of the rows."""
        entity, week, pattern = (
            each[mask] for each in (self.entity, self.week, self.pattern)
        )
        return Ratings(
            self.judges, self.patterns, entity, week, pattern, self.times[mask]
        )

    def without_broken(self) -> "Ratings":
        """The same, as if nobody had said broken."""
        numbers: dict[Pattern, int] = {}
        kept = [tuple(each for each in p if each[1] != BROKEN) for p in self.patterns]
        same = np.array([numbers.setdefault(p, len(numbers)) for p in kept], np.int64)
        patterns = list(numbers)
        pattern = same[self.pattern]
        return Ratings(
            self.judges, patterns, self.entity, self.week, pattern, self.times
        )


@dataclass
class Reading:
    """What was read so far of a batch, candidates in the order of their numbers.

    It may be kept between two tasks (it pickles) and goes on where it stopped.
    """

    batch: int
    upto: int = 0
    columns: "list[array[int]]" = field(
        default_factory=lambda: [array("q") for _ in range(4)]
    )
    kinds: dict[bytes, int] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the last slice was read."""
        return self.upto == END

    def go_on(self, seconds: float | None = None) -> bool:
        """Read slices, for so many seconds if told; whether all is read.

        Raises OperationalError where a slice takes longer than SECONDS.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        while not self.is_done:
            self._read_slice()
            if ends is not None and time.monotonic() > ends:
                break
        return self.is_done

    @transaction.atomic
    def _read_slice(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
            cursor.execute(BOUND, [self.batch, self.upto, SLICE])
            found = cursor.fetchone()
            upto = found[0] if found else END
            told = statement(self.batch, self.upto, upto)
            with connection.wrap_database_errors:
                cursor.copy_expert(f"COPY ({told}) TO STDOUT", self)
        self.upto = upto

    def write(self, line: bytes) -> int:
        """Take a row of what COPY writes: entity, week, what was said, how often."""
        entity, week, said, times = line.split(b"\t")
        columns, kinds = self.columns, self.kinds
        columns[0].append(int(entity))
        columns[1].append(int(week))
        columns[2].append(kinds.setdefault(said, len(kinds)))
        columns[3].append(int(times))
        return len(line)

    def ratings(self) -> Ratings:
        """What was read, as a table."""
        entity, week, pattern, times = (
            np.array(column, dtype=np.int64) for column in self.columns
        )
        said = [
            tuple(sorted(int(code) for code in kind[1:-1].split(b",")))
            for kind in self.kinds
        ]
        numbers: dict[tuple[int, ...], int] = {}
        same = np.array([numbers.setdefault(each, len(numbers)) for each in said], int)
        judges = sorted({code // CODES for each in numbers for code in each})
        place = {judge: n for n, judge in enumerate(judges)}
        patterns = [_pattern(each, place) for each in numbers]
        return Ratings(judges, patterns, entity, week, same[pattern], times)


def statement(batch_id: int, after: int = 0, upto: int = END) -> str:
    """The one GROUP BY, as text: of all candidates, or of a slice."""
    told = {"batch": batch_id, "after": after, "upto": upto}
    with connection.cursor() as cursor:
        return str(cursor.mogrify(READ, told).decode())


def read(batch_id: int) -> Ratings:
    """The independent verdicts of a batch."""
    reading = Reading(batch_id)
    reading.go_on()
    return reading.ratings()


def _pattern(codes: Sequence[int], place: dict[int, int]) -> Pattern:
    return tuple((place[code // CODES], code % CODES) for code in codes)


PICTURES = f"""
SELECT j.candidate_id, c.entity_id,
       {", ".join(f"count(*) FILTER (WHERE blind_verdict = '{v}')" for v in VALUES)}
FROM annotations_candidate c JOIN annotations_judgment j ON j.candidate_id = c.id
WHERE c.entity_id = ANY(%s) AND j.batch_id = %s AND verdict <> 'skip'
  AND blind_verdict IN ('yes', 'no', 'broken')
GROUP BY 1, 2 ORDER BY 1
"""


def pictures_of(batch_id: int, entities: Sequence[int]) -> list[tuple[int, ...]]:
    """Candidate, entity and how many said yes, no, broken, of some entities."""
    with connection.cursor() as cursor:
        cursor.execute(PICTURES, [list(entities), batch_id])
        return list(cursor.fetchall())
