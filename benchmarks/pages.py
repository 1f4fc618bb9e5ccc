"""The admin's pages with as many candidates as the released list, in process."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from annotations import batches, queue, sql
from annotations.models import (
    Batch,
    BatchJudge,
    Candidate,
    Entity,
    Import,
    JudgeDay,
    RefusedRow,
    Role,
    User,
)

from ._filled import do_alone, filled_batch

CANDIDATES = int(os.environ.get("BENCH_PAGES_CANDIDATES", "1000000"))
PER_ENTITY = 10
JUDGES = 20
DAYS = 365
BATCHES = 300
IMPORTS = 200
REFUSED = 100_000
TIMES = 40
GOAL = "<= 200 ms"


def admin_pages() -> list[dict[str, Any]]:
    """Return the 95th percentile of every page of an admin, and of a judge's home."""
    batch = filled_batch("large", CANDIDATES, PER_ENTITY)
    prepare(batch)
    return measure(batch)


def prepare(batch: Batch) -> None:
    """Create judges with a year of work, more batches, and imports with refused rows."""
    judges = [_judge(batch, n) for n in range(JUDGES)]
    for judge in judges[:2]:
        do_alone(batch, judge, share=0.1)
    for judge in judges[2:]:
        queue.lease(judge=judge, batch=batch)
    today = datetime.now(UTC).date()
    JudgeDay.objects.bulk_create(
        JudgeDay(
            batch=batch,
            judge=judge,
            day=today - timedelta(days=n + 1),
            verdicts=400 + n,
            centiseconds=1_000_000,
        )
        for judge in judges
        for n in range(DAYS)
    )
    Batch.objects.bulk_create(
        Batch(name=f"Batch {n}", created_by=batch.created_by) for n in range(BATCHES)
    )
    imports = [Import(file_name=f"file{n}.tsv", state="done") for n in range(IMPORTS)]
    source = Import.objects.bulk_create(imports)[-1]
    RefusedRow.objects.bulk_create(
        (
            RefusedRow(
                source=source, line=n, reason="The rank is not a number.", row="x"
            )
            for n in range(REFUSED)
        ),
        batch_size=5_000,
    )
    queue.sum_counters()
    sql.run("ANALYZE")


def _judge(batch: Batch, number: int) -> User:
    name = f"judge-{batch.pk}-{number}"
    judge = User.objects.create_user(name, None, roles=[Role.JUDGE])
    batches.add_judges(batch=batch, usernames=[name], by=batch.created_by)
    membership = BatchJudge.objects.filter(batch=batch, judge=judge)
    membership.update(verdicts=150_000, skips=900, centiseconds=40_000_000)
    return judge


def measure(batch: Batch) -> list[dict[str, Any]]:
    """Request each page many times."""
    admin = _client(batch.created_by)
    judge = _client(User.objects.get(username=f"judge-{batch.pk}-2"))
    rows = [
        _row(name, admin, address, is_part) for name, address, is_part in _pages(batch)
    ]
    return [*rows, _row("a judge's home", judge, reverse("home"), False)]


def _pages(batch: Batch) -> list[tuple[str, str, bool]]:
    """Return name, address, and whether it is a polled part, of each page."""
    candidate = Candidate.objects.filter(judgment__batch=batch).order_by("-pk").first()
    assert candidate is not None
    entity = Entity.objects.get(pk=candidate.entity_id)
    last = Entity.objects.order_by("-pk")[60]
    source = Import.objects.latest("pk")
    entities = reverse("entities")
    return [
        ("overview", reverse("home"), False),
        ("overview, polled", reverse("overview"), True),
        ("batches", reverse("batches"), False),
        ("batches, the oldest", f"{reverse('batches')}?before=20", False),
        ("batch", reverse("batch", args=[batch.pk]), False),
        ("batch, polled", reverse("batch", args=[batch.pk]), True),
        ("batch's days, polled", reverse("batch-days", args=[batch.pk]), True),
        ("entities", entities, False),
        ("entities, the last", f"{entities}?after={last.pk}", False),
        ("entities by a common name", f"{entities}?q=entity", True),
        ("the same, far down", f"{entities}?q=entity&after={last.pk}", True),
        ("entities by a rare name", f"{entities}?q=Entity 99999", True),
        ("entities by a key", f"{entities}?q={entity.key}", True),
        ("entities by an unknown name", f"{entities}?q=zzz", True),
        ("entity", reverse("entity", args=[entity.key]), False),
        ("candidate", reverse("candidate", args=[entity.key, candidate.pk]), False),
        ("imports", reverse("imports"), False),
        ("import", reverse("import", args=[source.pk]), False),
        ("import, refused rows far down", f"{reverse('import', args=[source.pk])}?after=90000", True),
    ]  # fmt: skip


def _client(user: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def _row(name: str, client: Client, address: str, is_part: bool) -> dict[str, Any]:
    headers = {"HX-Request": "true"} if is_part else {}
    times = []
    for _ in range(TIMES + 3):  # the first ones fill templates and caches
        start = time.perf_counter()
        response = client.get(address, headers=headers, secure=True)
        times.append(time.perf_counter() - start)
        assert response.status_code == 200, (address, response.status_code)
    seconds = sorted(times[3:])
    return {
        "name": f"{name}, {CANDIDATES:,} candidates, p95",
        "value": seconds[int(len(seconds) * 0.95) - 1] * 1000,
        "unit": "ms",
        "limit": None,
        "ratio": None,
        "goal": GOAL,
        "p50": seconds[len(seconds) // 2] * 1000,
    }
