"""Agreement of a batch, compared with the bare GROUP BY that reads its verdicts."""

import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from annotations import sql
from annotations.agreement.figures import figures_of
from annotations.agreement.ratings import ratings_query, read_ratings
from annotations.models import Batch, Role, User

from ._filled import filled_batch

JUDGMENTS = int(os.environ.get("BENCH_AGREEMENT_JUDGMENTS", "1000000"))
JUDGES = 6
EACH = 2  # judges per candidate
ROUNDS = 3

# Each entity has two judges. One verdict in twelve is wrong.
JUDGE = """
INSERT INTO annotations_assignment (batch_id, entity_id, judge_id, candidates, places,
    state, leased_at, expires_at)
SELECT q.batch_id, q.entity_id, (%(judges)s::bigint[])[1 + (q.entity_id + p) %% %(count)s],
       '{}', '{}', 'submitted', now(), now()
FROM annotations_batchentity q, generate_series(1, %(each)s) p
WHERE q.batch_id = %(batch)s;

INSERT INTO annotations_judgment (batch_id, candidate_id, judge_id, assignment_id,
    place, verdict, blind_verdict, how, reason, centiseconds, decided_at, received_at,
    client_id)
SELECT s.batch_id, s.candidate_id, s.judge_id, s.id, s.place, s.verdict, s.verdict, 'key', '',
       250, s.at, s.at, gen_random_uuid()
FROM (
    SELECT a.batch_id, a.judge_id, a.id, c.id AS candidate_id,
           now() - (c.entity_id %% 8) * interval '7 days' AS at,
           row_number() OVER (PARTITION BY c.id ORDER BY a.id) AS place,
           CASE WHEN hashint8(c.id * 7 + a.judge_id) %% 12 = 0 THEN 'broken'
                WHEN c.id %% 5 = 0 THEN 'no' ELSE 'yes' END AS verdict
    FROM annotations_assignment a JOIN annotations_candidate c USING (entity_id)
    WHERE a.batch_id = %(batch)s
) s ORDER BY s.candidate_id;
"""


def agreement() -> list[dict[str, Any]]:
    """Time point estimates against the bare GROUP BY, then all intervals."""
    batch = _fill()
    judgments = sql.value("SELECT count(*) FROM annotations_judgment")
    bare = median(_timed(lambda: _bare(batch)) for _ in range(ROUNDS))
    points = median(_timed(lambda: _points(batch)) for _ in range(ROUNDS))
    ratings = read_ratings(batch.pk)
    intervals = _timed(lambda: figures_of(ratings, ()))
    name = f"agreement, {judgments:,} judgments"
    return [
        {
            "name": f"{name}: point estimates",
            "value": points,
            "unit": "s",
            "limit": bare,
            "ratio": points / bare,
            "goal": "<= 1.5",
        },
        {
            "name": f"{name}: with intervals",
            "value": intervals,
            "unit": "s",
            "goal": "<= 60 s",
        },
    ]


def _points(batch: Batch) -> None:
    figures_of(read_ratings(batch.pk), (), has_intervals=False)


def _bare(batch: Batch) -> None:
    """Let the database compute the same rows and discard them."""
    sql.value(f"SELECT count(*) FROM ({ratings_query(batch.pk)}) rows")


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _fill() -> Batch:
    batch = filled_batch("agreement", JUDGMENTS // EACH)
    judges = [
        User.objects.create_user(f"agreement-{n}", roles=[Role.JUDGE]).pk
        for n in range(JUDGES)
    ]
    parameters: dict[str, Any] = {
        "batch": batch.pk,
        "judges": judges,
        "count": JUDGES,
        "each": EACH,
    }
    sql.run(JUDGE, parameters)
    # Set hint bits and statistics, as in a table at rest.
    for table in ("judgment", "candidate", "assignment"):
        sql.run(f"VACUUM ANALYZE annotations_{table}")
    return batch
