"""A batch's independent verdicts as a table: one GROUP BY, read as a stream.

Candidates of an entity of which the same judges said the same are one row, so a batch
of ten million judgments is some hundred thousand rows.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

VALUES = ("yes", "no", "broken")
CODES = 4  # a rating is judge * CODES + the value's place in VALUES
SECONDS = 20  # a task may take thirty

# An index brings the verdicts of a candidate together. They come in any order, which is
# told by few words, so it is put right here and costs the database nothing. Weeks (UTC) begin on Mondays, counted from 5 January 1970; that of a
# candidate is the week of its last verdict.
READ = f"""
SELECT c.entity_id, s.week, s.said, count(*)
FROM (
    SELECT candidate_id,
           (extract(epoch FROM max(decided_at))::bigint - 345600) / 604800 AS week,
           array_agg(judge_id * {CODES} + CASE blind_verdict
               WHEN 'yes' THEN 0 WHEN 'no' THEN 1 ELSE 2 END) AS said
    FROM annotations_judgment
    WHERE batch_id = %s AND verdict <> 'skip'
      AND blind_verdict IN ('yes', 'no', 'broken')
    GROUP BY candidate_id
) s JOIN annotations_candidate c ON c.id = s.candidate_id
GROUP BY 1, 2, 3
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


class _Rows:
    """What COPY writes, a row a call, as columns of numbers."""

    def __init__(self) -> None:
        self.columns = [array("q") for _ in range(4)]
        self.kinds: dict[bytes, int] = {}

    def write(self, line: bytes) -> int:
        """Take one row: entity, week, what was said, how often."""
        entity, week, said, times = line.split(b"\t")
        columns, kinds = self.columns, self.kinds
        columns[0].append(int(entity))
        columns[1].append(int(week))
        columns[2].append(kinds.setdefault(said, len(kinds)))
        columns[3].append(int(times))
        return len(line)


def statement(batch_id: int) -> str:
    """The one GROUP BY, as text."""
    with connection.cursor() as cursor:
        return str(cursor.mogrify(READ, [batch_id]).decode())


@transaction.atomic
def read(batch_id: int, *, seconds: int | None = None) -> Ratings:
    """The independent verdicts of a batch; OperationalError where it takes longer."""
    rows = _Rows()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{seconds or SECONDS}s'")
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY ({statement(batch_id)}) TO STDOUT", rows)
    entity, week, pattern, times = (
        np.array(column, dtype=np.int64) for column in rows.columns
    )
    said = [
        tuple(sorted(int(code) for code in kind[1:-1].split(b",")))
        for kind in rows.kinds
    ]
    numbers: dict[tuple[int, ...], int] = {}
    same = np.array([numbers.setdefault(each, len(numbers)) for each in said], int)
    judges = sorted({code // CODES for each in numbers for code in each})
    place = {judge: n for n, judge in enumerate(judges)}
    patterns = [_pattern(each, place) for each in numbers]
    return Ratings(judges, patterns, entity, week, same[pattern], times)


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
