"""`make run` starts everything, stops everything and loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from labeler.embedded.config import CHECKOUT
from labeler.embedded.processes import wait_until
from labeler.tests.running import (
    Run,
    clean_environment,
    family_of,
    free_port,
    is_listening,
    living,
)

PROGRAMS = {"database", "broker", "worker", "scoring worker", "beat", "web server"}
LATER_START_SECONDS = 10
# Other tests can use the two cores at the same time.
PATIENCE_FACTOR = 3


def store_values(run: Run) -> None:
    """Store a value in the database and in the broker."""
    run.sql("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    run.broker().set("kept", "42")


def has_values(run: Run) -> bool:
    return run.sql("SELECT answer FROM kept") == [(42,)] and run.broker().get("kept") == b"42"  # fmt: skip


def runtime_folder_of(run: Run) -> Path:
    host = run.environ_of("worker")["DATABASE_URL"].partition("host=")[2]
    return Path(host.replace("%2F", "/")).parent


def test_a_run_on_a_path_with_spaces_stops_all_programs_and_keeps_all_data(tmp_path):
    data = tmp_path / "data of a newcomer"
    with Run(data) as first:
        first.started()
        assert set(first.children()) == PROGRAMS
        assert first.status() < 500
        store_values(first)
        family, runtime = family_of(first.process.pid), runtime_folder_of(first)
        assert first.end(signal.SIGTERM) == 0
        assert not living(family)
        assert not runtime.exists()
        assert not is_listening(first.port)

    start = time.monotonic()
    with Run(data) as second:
        second.started()
        seconds = time.monotonic() - start
        assert has_values(second)
        assert "only this once" in first.text
        assert "only this once" not in second.text
        assert not (data / "first-password").exists()
        assert (data / "secret-key").stat().st_mode & 0o777 == 0o600
        assert second.end(signal.SIGINT) == 0
    assert seconds < LATER_START_SECONDS * PATIENCE_FACTOR


def test_the_printed_password_signs_in(running):
    words = running.text.partition("with the password ")[2]
    request = urllib.request.Request(
        running.address("/api/v1/tokens/"),
        json.dumps({"username": "judge1", "password": words.split()[0]}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Run(tmp_path_factory.mktemp("embedded") / "shared data") as run:
        run.started()
        store_values(run)
        yield run


def test_a_second_run_on_the_same_data_names_the_first_one(running):
    with Run(running.data) as second:
        assert second.process.wait(30) == 1
        assert f"process {running.process.pid}" in second.text
        assert f":{running.port}/" in second.text


def test_children_do_not_inherit_the_lock(running):
    lock = running.data / "supervisor.lock"
    children = running.children()
    assert children
    for pid in children.values():
        files = [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.exists()]
        assert files
        assert not any(lock.samefile(fd) for fd in files)


def test_a_taken_port_is_named_and_nothing_is_created(running, tmp_path):
    with Run(tmp_path / "data", port=running.port) as second:
        assert second.process.wait(30) == 1
        assert f"Port {running.port} is taken" in second.text
        assert "LABELER_PORT" in second.text
        assert not (tmp_path / "data/postgres").exists()


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_killed_child_restarts_and_nothing_is_lost(running, name):
    old_pid = running.children()[name]
    os.kill(old_pid, signal.SIGKILL)

    assert wait_until(lambda: running.children().get(name, old_pid) != old_pid, 20)
    assert wait_until(lambda: is_healthy(running), 30), running.text
    assert f"{name} ended" in running.text


def is_healthy(run: Run) -> bool:
    try:
        return has_values(run) and run.status() < 500
    except Exception:  # noqa: BLE001  any error means: not yet
        return False


def test_the_next_run_ends_all_leftovers_of_a_killed_supervisor(tmp_path):
    data, port = tmp_path / "data", free_port()
    with Run(data, port=port) as first:
        first.started()
        store_values(first)
        family = family_of(first.process.pid)
        # A frozen process ignores every request to stop.
        os.kill(first.children()["beat"], signal.SIGSTOP)
        os.kill(first.children()["web server"], signal.SIGSTOP)
        first.process.kill()
        with Run(data, port=port) as second:
            second.started()
            assert not living(family)
            assert has_values(second)


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_a_signal_during_the_start_stops_it(tmp_path, seconds):
    with Run(tmp_path / "data") as run:
        time.sleep(seconds)
        family = family_of(run.process.pid)
        assert run.end(signal.SIGTERM) == 0
        assert not living(family)
        assert "Labeler runs at" not in run.text


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("LABELER_PORT", "abc", "number from 1 to 65535"),
        ("LABELER_PORT", "70000", "number from 1 to 65535"),
        ("LABELER_DEMO", "maybe", "1 (yes) or 0 (no)"),
        ("DATABASE_URL", "mysql://x", "postgres://"),
        ("REDIS_URL", "amqp://x", "redis://"),
        ("LABELER_DATA", "/dev/null", "Set LABELER_DATA"),
    ],
)
def test_a_wrong_value_ends_with_one_line(tmp_path, name, value, advice):
    environ = clean_environment(
        LABELER_DATA=str(tmp_path), LABELER_PORT=str(free_port())
    )
    result = subprocess.run(
        [sys.executable, "-m", "labeler.embedded", "run"],
        cwd=CHECKOUT,
        env=environ | {name: value},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode in (1, 2)
    assert name in result.stderr
    assert advice in result.stderr
    assert result.stderr.count("\n") == 1
