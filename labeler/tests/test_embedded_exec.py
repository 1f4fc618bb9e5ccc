"""`exec` gives one command a database and a broker, then deletes all data."""

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
# The user's own servers: `exec` starts none.
EXTERNAL = {"DATABASE_URL": "postgres:///other", "REDIS_URL": "redis://other:1/0"}
# The command runs one query and one ping, and prints the data folder.
PROBE = """
import os, psycopg2, redis
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
cursor.execute("SELECT current_setting('server_encoding')")
print(*cursor.fetchone(), redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
print(os.environ["LABELER_DATA"])
"""


def execute(
    *command: str, options: tuple[str, ...] = (), **environ: str
) -> subprocess.CompletedProcess[str]:
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
    result = execute(sys.executable, "-c", PROBE, TMPDIR=str(temporary))
    assert result.returncode == 0, result.stderr
    answers, data = result.stdout.splitlines()
    assert answers == "UTF8 True"
    assert data.startswith(str(temporary))
    assert not list(temporary.iterdir())


def test_exec_passes_on_the_exit_code_and_options_of_the_command():
    assert execute("sh", "-c", "exit 7", **EXTERNAL).returncode == 7
    assert execute("sh", "-c", "kill -9 $$", **EXTERNAL).returncode == 128 + 9
    assert execute("no-such-program", **EXTERNAL).returncode == 125


def test_exec_uses_the_servers_of_the_environment():
    result = execute("sh", "-c", "echo $DATABASE_URL $REDIS_URL", **EXTERNAL)
    assert result.stdout.split() == list(EXTERNAL.values())


def test_exec_with_a_worker_has_tables_and_a_worker(tmp_path):
    ping = (
        "from labeler.celery import app; print(app.control.ping(timeout=20, limit=1))"
    )
    result = execute(sys.executable, "-c", ping, options=("--worker",))
    assert "pong" in result.stdout, result.stderr


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


def test_the_servers_of_a_killed_exec_end_by_themselves(tmp_path):
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
