"""A batch's independent verdicts as a table, read by one GROUP BY as a stream.

Candidates of the same entity with the same verdicts by the same judges are one row, so
a batch of ten million judgments is some hundred thousand rows. The statement reads one
slice of candidates after another, so that a worker can stop between two slices.
"""

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from annotations import sql

VALUES = ("yes", "no", "broken")
BROKEN = VALUES.index("broken")
CODES = 4  # the code of a rating is judge * CODES + index of the value in VALUES
SLICE_JUDGMENTS = 1_000_000  # read in about two seconds
TIMEOUT_SECONDS = 15  # of a slice: a task must end within thirty
END = 2**63 - 1

# An index brings the verdicts on a candidate together, in any order. `ratings` sorts
# the few distinct combinations, which costs the database nothing. Weeks (UTC) begin on
# Mondays and are counted from 5 January 1970. The week of a candidate is that of its
# last verdict. The bounds are repeated, so that a slice joins its own candidates only.
READ = f"""
SELECT c.entity_id, s.week, s.codes, count(*)
FROM (
    SELECT candidate_id,
           (extract(epoch FROM max(received_at))::bigint - 345600) / 604800 AS week,
           array_agg(judge_id * {CODES} + CASE blind_verdict
               WHEN 'yes' THEN 0 WHEN 'no' THEN 1 ELSE 2 END) AS codes
    FROM annotations_judgment
    WHERE batch_id = %(batch)s AND candidate_id > %(after)s AND candidate_id <= %(upto)s
      AND verdict <> 'skip' AND blind_verdict IN ('yes', 'no', 'broken')
    GROUP BY candidate_id
) s JOIN annotations_candidate c ON c.id = s.candidate_id
WHERE c.id > %(after)s AND c.id <= %(upto)s
GROUP BY 1, 2, 3
"""

SLICE_END = """
SELECT candidate_id FROM annotations_judgment
WHERE batch_id = %s AND candidate_id > %s ORDER BY candidate_id OFFSET %s LIMIT 1
"""

# (index of the judge in `Ratings.judges`, index of the value in VALUES)
Pattern = tuple[tuple[int, int], ...]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Ratings:
    """Columns of equal length: `times` candidates of `entity`, last judged in `week`,
    with the verdicts `patterns[pattern]`."""

    judges: list[int]
    patterns: list[Pattern]
    entity: Integers
    week: Integers
    pattern: Integers
    times: Integers

    def only(self, mask: NDArray[np.bool_]) -> "Ratings":
        """Return the rows of a mask."""
        entity, week, pattern = (
            column[mask] for column in (self.entity, self.week, self.pattern)
        )
        return Ratings(
            self.judges, self.patterns, entity, week, pattern, self.times[mask]
        )

    def without_broken(self) -> "Ratings":
        """Return the same rows without the verdict broken."""
        indexes: dict[Pattern, int] = {}
        new_index = [
            indexes.setdefault(_without_broken(pattern), len(indexes))
            for pattern in self.patterns
        ]
        pattern = np.array(new_index, np.int64)[self.pattern]
        return Ratings(
            self.judges, list(indexes), self.entity, self.week, pattern, self.times
        )


def _without_broken(pattern: Pattern) -> Pattern:
    return tuple(rating for rating in pattern if rating[1] != BROKEN)


@dataclass
class RatingsReader:
    """The ratings of a batch that were read so far, candidates in the order of their ids.

    The reader can be pickled between two tasks and continues where it stopped.
    """

    batch: int
    upto: int = 0  # the last candidate that was read
    columns: "list[array[int]]" = field(
        default_factory=lambda: [array("q") for _ in range(4)]
    )
    indexes: dict[bytes, int] = field(default_factory=dict)  # by text of the codes

    @property
    def is_done(self) -> bool:
        """Whether the last slice was read."""
        return self.upto == END

    def read_slices(self, seconds: float | None = None) -> bool:
        """Read slices, for `seconds` if given. Return whether everything was read.

        Raises OperationalError if a slice takes longer than TIMEOUT_SECONDS.
        """
        ends_at = None if seconds is None else time.monotonic() + seconds
        while not self.is_done:
            self._read_slice()
            if ends_at is not None and time.monotonic() > ends_at:
                break
        return self.is_done

    @transaction.atomic
    def _read_slice(self) -> None:
        sql.run(f"SET LOCAL statement_timeout = '{TIMEOUT_SECONDS}s'")
        parameters = [self.batch, self.upto, SLICE_JUDGMENTS]
        upto = sql.value(SLICE_END, parameters) or END
        query = ratings_query(self.batch, self.upto, upto)
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT", self)
        self.upto = upto

    def write(self, line: bytes) -> int:
        """Take a row of COPY: entity, week, codes of the verdicts, number of candidates."""
        entity, week, codes, times = line.split(b"\t")
        columns, indexes = self.columns, self.indexes
        columns[0].append(int(entity))
        columns[1].append(int(week))
        columns[2].append(indexes.setdefault(codes, len(indexes)))
        columns[3].append(int(times))
        return len(line)

    def ratings(self) -> Ratings:
        """Return the rows read so far as a table."""
        entity, week, pattern, times = (
            np.array(column, dtype=np.int64) for column in self.columns
        )
        codes_of_texts = [_sorted_codes(text) for text in self.indexes]
        indexes = {codes: n for n, codes in enumerate(sorted(set(codes_of_texts)))}
        judges = sorted({code // CODES for codes in indexes for code in codes})
        judge_index = {judge: n for n, judge in enumerate(judges)}
        patterns = [_pattern(codes, judge_index) for codes in indexes]
        pattern = np.array([indexes[codes] for codes in codes_of_texts], int)[pattern]
        return Ratings(judges, patterns, *_merged(entity, week, pattern, times))


def _merged(
    entity: Integers, week: Integers, pattern: Integers, times: Integers
) -> list[Integers]:
    """Return the rows sorted, with equal rows added.

    The database returns rows in any order and slices split them. Sums of floats depend
    on the order, and the same verdicts must give the same figures.
    """
    order = np.lexsort((pattern, week, entity))
    columns = np.stack([entity, week, pattern])[:, order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    starts = np.flatnonzero(is_first)
    sums = np.add.reduceat(times[order], starts) if len(starts) else times
    return [*columns[:, starts], sums]


def ratings_query(batch_id: int, after: int = 0, upto: int = END) -> str:
    """Return the GROUP BY as text, for all candidates or for a slice of them."""
    parameters: dict[str, Any] = {"batch": batch_id, "after": after, "upto": upto}
    with connection.cursor() as cursor:
        return str(cursor.mogrify(READ, parameters).decode())


def read_ratings(batch_id: int) -> Ratings:
    """Return the independent verdicts of a batch."""
    reader = RatingsReader(batch_id)
    reader.read_slices()
    return reader.ratings()


def _sorted_codes(text: bytes) -> tuple[int, ...]:
    """Return the codes of an array that COPY writes as `{4,9}`."""
    return tuple(sorted(int(code) for code in text[1:-1].split(b",")))


def _pattern(codes: Sequence[int], judge_index: dict[int, int]) -> Pattern:
    return tuple((judge_index[code // CODES], code % CODES) for code in codes)


PICTURES = f"""
SELECT j.candidate_id, c.entity_id,
       {", ".join(f"count(*) FILTER (WHERE blind_verdict = '{v}') AS {v}" for v in VALUES)}
FROM annotations_candidate c JOIN annotations_judgment j ON j.candidate_id = c.id
WHERE c.entity_id = ANY(%s) AND j.batch_id = %s AND verdict <> 'skip'
  AND blind_verdict IN ('yes', 'no', 'broken')
GROUP BY 1, 2 ORDER BY 1
"""


def votes_on_pictures(batch_id: int, entities: Sequence[int]) -> list[tuple[int, ...]]:
    """Return (candidate, entity, votes yes, no, broken) of the candidates of entities."""
    return sql.rows(PICTURES, [list(entities), batch_id])
