"""Health checks: liveness, and the names of dependencies that are down."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import OperationalError

from annotations.api import health


@pytest.fixture(autouse=True)
def no_cached_results():
    health._results.clear()


@pytest.fixture
def worker(tmp_path):
    """A real worker process on the broker of the test."""
    log = (tmp_path / "worker.log").open("wb")
    command = [sys.executable, "-m", "celery", "-A", "labeler", "worker"]
    options = ["-c", "1", "-Q", "health-test", "-n", "health@%h", "--without-mingle"]
    process = subprocess.Popen(
        [*command, *options], stdout=log, stderr=log, cwd=Path(__file__).parents[2]
    )
    yield process
    process.terminate()
    process.wait(30)
    log.close()


def ready_within(client, seconds):
    deadline = time.monotonic() + seconds
    while True:
        response = client.get("/healthz/ready")
        if response.status_code == 200 or time.monotonic() > deadline:
            return response
        health._results.clear()
        time.sleep(0.5)


def test_liveness_runs_no_query(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/healthz/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_it_is_ready_when_every_dependency_works(client, db, worker):
    response = ready_within(client, 40)
    assert response.json() == {"status": "ok", "down": []}


def test_dependencies_that_are_down_are_named(client, db, settings, own_store):
    own_store.parent.mkdir(exist_ok=True)
    own_store.write_text("a file where the folder should be")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "down", "down": ["broker", "workers", "store"]}


def test_a_database_that_is_down_is_named(client, db, monkeypatch):
    def fail(statement):
        raise OperationalError("gone")

    monkeypatch.setattr(health.sql, "value", fail)
    assert "database" in client.get("/healthz/ready").json()["down"]


def test_the_check_leaves_no_file_in_the_store(client, db, own_store):
    client.get("/healthz/ready")
    files = [path for path in own_store.rglob("*") if path.is_file()]
    assert files == []
    shutil.rmtree(own_store, ignore_errors=True)


def test_results_of_expensive_checks_are_cached_for_a_moment(client, db, monkeypatch):
    calls = []
    part = health._cached("part", lambda: not calls.append(1))
    monkeypatch.setattr(health, "PARTS", {"part": part})
    for _ in range(3):
        assert client.get("/healthz/ready").json()["down"] == []
    assert len(calls) == 1


def test_only_reading_is_allowed(client, db):
    for address in ("/healthz/live", "/healthz/ready"):
        assert client.post(address).status_code == 405
