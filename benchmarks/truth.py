"""`truth.tsv`, compared with a bare COPY of the same SELECT."""

import os
import time
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection, transaction

from annotations import export, ground_truth, sql
from annotations.models import Batch, Role, User

ROWS = int(os.environ.get("BENCH_TRUTH_ROWS", "1000000"))
PER_ENTITY = 30
ROUNDS = 3

# One candidate in seven is disputed, and one in fifty has no page URL.
FILL = """
INSERT INTO annotations_entity (id, key, name, description, gender, birth_date,
                                professions, countries, url)
SELECT %(first)s + n, 'bench.truth.' || n, 'Person ' || n, '', '', '', '{}', '{}', ''
FROM generate_series(1, %(entities)s) n;

INSERT INTO annotations_image (id, sha256, byte_size, format, width, height, problem)
SELECT %(first)s + n, sha256(('bench.truth.' || n)::bytea), 20000, 'JPEG', 300, 300, ''
FROM generate_series(1, %(rows)s) n;

INSERT INTO annotations_candidate (id, entity_id, image_id, state, face_id, rank,
    image_url, page_url, query, licence, attribution)
SELECT %(first)s + n, %(first)s + 1 + (n - 1) / %(each)s, %(first)s + n, 'ready',
       'FaceId-0', (n - 1) %% %(each)s,
       'https://pictures.example/some/folder/of/pictures/' || n || '/face.jpg',
       CASE WHEN n %% 50 > 0 THEN 'https://pages.example/article/' || n ELSE '' END,
       '', '', ''
FROM generate_series(1, %(rows)s) n;

INSERT INTO annotations_batchentity (batch_id, entity_id, state, priority, upto, total,
    judged, disputed, undecided, open_places, held_places, is_control)
SELECT %(batch)s, %(first)s + n, 'done', 0, %(first)s + %(rows)s, 0, 0, 0, 0, 0, 0,
       false
FROM generate_series(1, %(entities)s) n;

INSERT INTO annotations_assignment (id, batch_id, entity_id, judge_id, candidates,
    places, state, leased_at, expires_at)
SELECT %(first)s + %(entities)s * (j - 1) + n, %(batch)s, %(first)s + n,
       (%(judges)s::bigint[])[j], '{}', '{}', 'submitted', now(), now()
FROM generate_series(1, %(entities)s) n, generate_series(1, array_length(%(judges)s, 1)) j;

INSERT INTO annotations_judgment (batch_id, candidate_id, judge_id, assignment_id,
    place, verdict, blind_verdict, how, reason, centiseconds, decided_at, received_at,
    client_id)
SELECT %(batch)s, %(first)s + n, (%(judges)s::bigint[])[j],
       %(first)s + %(entities)s * (j - 1) + 1 + (n - 1) / %(each)s, j,
       CASE WHEN n %% 5 = 0 OR (n %% 7 = 0 AND j = 1) THEN 'no' ELSE 'yes' END,
       CASE WHEN n %% 5 = 0 OR (n %% 7 = 0 AND j = 1) THEN 'no' ELSE 'yes' END,
       'key', '', 250, now(), now(), gen_random_uuid()
FROM generate_series(1, %(rows)s) n, generate_series(1, array_length(%(judges)s, 1)) j;
"""


def truth() -> list[dict[str, Any]]:
    """Measure speed against the bare COPY, time to the first row, and memory growth."""
    batch = _fill()
    statement, parameters = ground_truth.statement([batch])
    # The bare COPY gets the faster plan: the planner's default, or that of the export.
    plans = ("", ground_truth.WALKING)
    fastest = min(plans, key=lambda plan: _bare(statement, parameters, plan))
    exports, copies = [], []
    for _ in range(ROUNDS):
        copies.append(_bare(statement, parameters, fastest))
        exports.append(_export(batch))
    seconds, firsts, growths = zip(*exports, strict=True)
    value, limit = ROWS / median(seconds), ROWS / median(copies)
    name = f"truth.tsv, {ROWS:,} rows"
    return [
        _row(name, value, "rows/s", ">= 0.8", limit),
        _row(f"{name}: first row", median(firsts) * 1000, "ms", "<= 1000 ms"),
        _row(f"{name}: growth of memory", max(growths), "MB", "<= 16 MB"),
    ]


def _row(
    name: str, value: float, unit: str, goal: str, limit: float | None = None
) -> dict[str, Any]:
    ratio = None if limit is None else value / limit
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "limit": limit,
        "ratio": ratio,
        "goal": goal,
    }


def _fill() -> int:
    """Create a batch of ROWS candidates, each judged twice. Return its id."""
    judges = [
        User.objects.create_user(f"truth{n}", None, roles=[Role.JUDGE]) for n in (1, 2)
    ]
    batch = Batch.objects.create(name="truth", created_by=judges[0], state="closed")
    parameters: dict[str, Any] = {
        "first": batch.pk * 10**9,
        "rows": ROWS,
        "entities": -(-ROWS // PER_ENTITY),
        "each": PER_ENTITY,
        "batch": batch.pk,
        "judges": [judge.pk for judge in judges],
    }
    with transaction.atomic():
        sql.run("SET LOCAL session_replication_role = replica")  # no triggers
        sql.run(FILL, parameters)
    sql.run("VACUUM ANALYZE")
    return batch.pk


def _bare(statement: str, parameters: dict[str, Any], plan: str) -> float:
    """Return the seconds that a COPY of the SELECT takes, with its output discarded."""
    with (
        Path(os.devnull).open("wb") as output,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        if plan:
            cursor.execute(plan)
        query = cursor.cursor.mogrify(statement, parameters).decode()
        start = time.perf_counter()
        cursor.cursor.copy_expert(f"COPY ({query}) TO STDOUT", output)
        return time.perf_counter() - start


def _export(batch: int) -> tuple[float, float, float]:
    """Return total seconds, seconds to the first row, and growth of memory in MB."""
    before = peak = _resident()
    start = time.perf_counter()
    pieces = export.stream_truth([batch])
    rows = next(pieces).count(b"\n") - 1  # the header
    rows += next(pieces).count(b"\n")
    first = time.perf_counter() - start
    for number, piece in enumerate(pieces):
        rows += piece.count(b"\n")
        if number % 64 == 0:
            peak = max(peak, _resident())
    if rows != ROWS:
        raise AssertionError(f"{rows} rows instead of {ROWS}")
    return time.perf_counter() - start, first, (peak - before) / 1e6


def _resident() -> int:
    """Return the resident memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
