"""Leasing and recording of a page, in process, on a warm connection."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone
from psycopg2.extras import execute_values

from annotations import batches, judgments, queue
from annotations.consensus import Verdict
from annotations.judgments import Mark
from annotations.judgments.writes import COLUMNS
from annotations.models import Assignment, Batch, Judgment, Role, User

from ._filled import do_alone, filled_batch

SMALL = int(os.environ.get("BENCH_LEASE_SMALL", "100000"))
LARGE = int(os.environ.get("BENCH_LEASE_LARGE", "1000000"))
LEASES = 200
PAGES = 100


def lease() -> list[dict[str, Any]]:
    """Time leases in two sizes, after 90 % of judging alone, and with no page left."""
    rows = []
    small = _leases(filled_batch("small", SMALL))
    rows.append(_row(f"lease, {SMALL:,} candidates, p99", small, None, "<= 20 ms"))
    batch = filled_batch("large", LARGE)
    large = _leases(batch)
    rows.append(_row(f"lease, {LARGE:,} candidates, p99", large, small, "<= 1.3"))
    rows.append(_row(f"lease, {LARGE:,} candidates, p99", large, None, "<= 20 ms"))
    judge = _judge(batch, "diligent")
    do_alone(batch, judge, share=0.9)
    late = _leases(batch, judge)
    rows.append(_row("lease after doing 90 % alone, p99", late, large, "<= 20 ms"))
    judge = _judge(batch, "finished")
    do_alone(batch, judge, share=1.0)
    refusals = _timed(lambda: _lease_nothing(judge, batch), LEASES)
    rows.append(_row("204 all-done, p99", refusals, large, "<= 20 ms"))
    return rows


def record() -> list[dict[str, Any]]:
    """Time a page of 30 judgments against its bare INSERT in the same run."""
    batch = filled_batch("record", PAGES * 30 * 3)
    judge = _judge(batch, "recorder")
    records: list[float] = []
    inserts: list[float] = []
    for _ in range(PAGES):
        page = queue.lease(judge=judge, batch=batch)
        marks = _marks(page)
        records += _timed(lambda m=marks: judgments.record(judge=judge, marks=m), 1)  # type: ignore[misc]
        queue.submit(assignment_id=page.pk, judge=judge)
        page = queue.lease(judge=judge, batch=batch)
        inserts += _timed(lambda p=page: _bare_insert(p, judge), 1)  # type: ignore[misc]
        Judgment.objects.filter(assignment=page).delete()
        judgments.record(judge=judge, marks=_marks(page))
        queue.submit(assignment_id=page.pk, judge=judge)
    value, limit = statistics.median(records) * 1000, statistics.median(inserts) * 1000
    row = {"name": "record a page of 30", "value": value, "unit": "ms"}
    return [row | {"limit": limit, "ratio": value / limit, "goal": "<= 3"}]


def _row(
    name: str, seconds: list[float], limits: list[float] | None, goal: str
) -> dict[str, Any]:
    value = _p99(seconds)
    limit = None if limits is None else _p99(limits)
    return {
        "name": name,
        "value": value,
        "unit": "ms",
        "limit": limit,
        "ratio": None if limit is None else value / limit,
        "goal": goal,
        "p50": statistics.median(seconds) * 1000,
    }


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1] * 1000


def _timed(act: Callable[[], object], times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
    return seconds


def _judge(batch: Batch, name: str) -> User:
    username = f"{name}-{uuid4().hex[:8]}"
    judge = User.objects.create_user(username, None, roles=[Role.JUDGE])
    batches.add_judges(batch=batch, usernames=[username], by=batch.created_by)
    return judge


def _leases(batch: Batch, judge: User | None = None) -> list[float]:
    """Time leases only. Each page is marked and submitted in between."""
    judge = judge or _judge(batch, "bench")
    seconds = []
    for n in range(LEASES + 10):
        start = time.perf_counter()
        page = queue.lease(judge=judge, batch=batch)
        if n >= 10:  # the first ones fill plans and caches
            seconds.append(time.perf_counter() - start)
        judgments.record(judge=judge, marks=_marks(page))
        queue.submit(assignment_id=page.pk, judge=judge)
    return seconds


def _lease_nothing(judge: User, batch: Batch) -> None:
    try:
        queue.lease(judge=judge, batch=batch)
    except queue.NothingToLease:
        return
    raise AssertionError("A judge who has finished got a page.")


def _marks(page: Assignment) -> list[Mark]:
    now = timezone.now()
    return [
        Mark(uuid4(), page.pk, page.tile_id(n), Verdict.YES, now, 1.0, "fill")
        for n in range(len(page.candidates))
    ]


def _bare_insert(page: Assignment, judge: User) -> None:
    """Insert the same rows without reading or checking anything: the physical limit."""
    now = timezone.now()
    rows = [
        (page.batch_id, candidate, judge.pk, page.pk, place, "yes", "yes")
        + ("fill", "", 100, now, now, str(uuid4()))
        for candidate, place in zip(page.candidates, page.places, strict=True)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            f"INSERT INTO annotations_judgment ({', '.join(COLUMNS)}) VALUES %s",
            rows,
        )
