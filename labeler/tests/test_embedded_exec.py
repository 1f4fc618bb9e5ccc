"""`exec` gives one command a database and a broker, then takes everything away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labeler.embedded.config import CHECKOUT
from labeler.embedded.processes import wait_until
from labeler.tests.running import clean_environment, family_of, living

EXEC = [sys.executable, "-m", "labeler.embedded", "exec"]
# Servers of the user's own: none is started.
NAMED = {"DATABASE_URL": "postgres:///other", "REDIS_URL": "redis://other:1/0"}
# What the command sees: one query, one ping, and where things lie.
LOOK = """
import os, psycopg2, redis
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
cursor.execute("SELECT current_setting('server_encoding')")
print(*cursor.fetchone(), redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
print(os.environ["LABELER_DATA"])
"""


def execute(*command: str, options: tuple[str, ...] = (), **environ: str):
    return subprocess.run(
        [*EXEC, *options, "--", *command],
        cwd=CHECKOUT,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_exec_gives_servers_and_leaves_no_data(tmp_path):
    temporary = tmp_path / "a temporary folder"
    temporary.mkdir()
    done = execute(sys.executable, "-c", LOOK, TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    told, data = done.stdout.splitlines()
    assert told == "UTF8 True"
    assert data.startswith(str(temporary))
    assert not list(temporary.iterdir())


def test_exec_passes_exit_codes_and_options_of_the_command_on():
    assert execute("sh", "-c", "exit 7", **NAMED).returncode == 7
    assert execute("sh", "-c", "kill -9 $$", **NAMED).returncode == 128 + 9
    assert execute("no-such-program", **NAMED).returncode == 125


def test_exec_uses_the_servers_that_the_user_names():
    done = execute("sh", "-c", "echo $DATABASE_URL $REDIS_URL", **NAMED)
    assert done.stdout.split() == list(NAMED.values())


def test_exec_with_a_worker_has_tables_and_a_worker(tmp_path):
    ping = (
        "from labeler.celery import app; print(app.control.ping(timeout=20, limit=1))"
    )
    done = execute(sys.executable, "-c", ping, options=("--worker",))
    assert "pong" in done.stdout, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_command_and_the_servers(tmp_path, number):
    mark = tmp_path / "mark"
    command = ["sh", "-c", f"touch '{mark}'; exec sleep 60"]
    process = subprocess.Popen(
        [*EXEC, "--", *command], cwd=CHECKOUT, env=clean_environment()
    )
    assert wait_until(mark.exists, 30)
    family = family_of(process.pid)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    assert not living(family)


def test_servers_of_a_killed_exec_end_by_themselves(tmp_path):
    mark = tmp_path / "mark"
    command = ["sh", "-c", f"touch '{mark}'; exec sleep 60"]
    process = subprocess.Popen(
        [*EXEC, "--", *command], cwd=CHECKOUT, env=clean_environment()
    )
    assert wait_until(mark.exists, 30)
    family = family_of(process.pid)
    process.kill()
    process.wait()
    assert wait_until(lambda: not servers(family), 20)
    for pid, _ in living(family):
        os.kill(pid, signal.SIGKILL)


def servers(family: set[tuple[int, str]]) -> list[int]:
    names = {pid: Path(f"/proc/{pid}/comm") for pid, _ in living(family)}
    return [pid for pid, name in names.items() if name.exists() and name.read_text().strip() != "sleep"]  # fmt: skip
