"""A real `make run` for one test, with its own data folder, port and processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psycopg2
import redis

from labeler.embedded.config import CHECKOUT, HOST
from labeler.embedded.processes import wait_until

OURS = ("LABELER_", "DATABASE_URL", "REDIS_URL", "DJANGO_")


def clean_environment(**more: str) -> dict[str, str]:
    """Return an environment without the servers of the test session."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    return inherited | more


def free_port() -> int:
    with socket.socket() as client:
        client.bind((HOST, 0))
        return int(client.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def family_of(ancestor: int) -> set[tuple[int, str]]:
    """Return a process and its descendants, each with its start time."""
    rows = list(_stats())
    family = {ancestor}
    while children := {pid for pid, parent, _ in rows if parent in family} - family:
        family |= children
    return {(pid, started) for pid, _, started in rows if pid in family}


def living(family: set[tuple[int, str]]) -> set[tuple[int, str]]:
    return family & {(pid, started) for pid, _, started in _stats()}


def _stats() -> Iterator[tuple[int, int, str]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                yield int(stat.parent.name), int(fields[1]), fields[19]


class Run:
    """A run that starts at once. The end of `with` stops it, or kills it."""

    def __init__(
        self,
        data: Path,
        *,
        checkout: Path = CHECKOUT,
        python: Path = Path(sys.executable),
        user: int | None = None,
        port: int | None = None,
        **environ: str,
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.killed: list[int] = []
        self.output = data.with_name(f"{data.name}.{time.monotonic_ns()}.out")
        settings = {"LABELER_PORT": str(self.port), "LABELER_DATA": str(data)}
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [python, "-m", "labeler.embedded", "run"],
                cwd=checkout,
                env=clean_environment(LABELER_DEMO="0", **settings, **environ),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
            )

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *failure: Any) -> None:
        family = family_of(self.process.pid)
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        for pid, _ in living(family):
            os.kill(pid, 9)
        self.process.wait(10)

    @property
    def text(self) -> str:
        return self.output.read_text()

    def started(self, seconds: float = 90) -> "Run":
        """Wait until the address is printed."""
        ended = lambda: self.process.poll() is not None  # noqa: E731
        wait_until(lambda: "Labeler runs at" in self.text or ended(), seconds)
        assert "Labeler runs at" in self.text, self.text
        return self

    def end(self, number: int) -> int:
        """Send the supervisor a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def children(self) -> dict[str, int]:
        record = json.loads((self.data / "children.json").read_text())
        return {child["name"]: child["pid"] for child in record["children"]}

    def kill(self, name: str) -> None:
        """Kill a child with SIGKILL. Wait first if it is still restarting."""
        running = lambda: self.children().get(name, 0)  # noqa: E731
        old_pids = {0, *self.killed}
        assert wait_until(lambda: running() not in old_pids, 60), (
            f"{name} did not restart"
        )
        self.killed.append(running())
        os.kill(self.killed[-1], signal.SIGKILL)

    def environ_of(self, name: str) -> dict[str, str]:
        raw = Path(f"/proc/{self.children()[name]}/environ").read_text()
        return dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)

    def status(self, path: str = "/healthz/live") -> int:
        """Return the status of a page. Wait while the web server restarts."""
        try:
            with urllib.request.urlopen(self.address(path), timeout=30) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def address(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        url = self.environ_of("worker")["DATABASE_URL"]
        with closing(psycopg2.connect(url)) as connection, connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.environ_of("worker")["REDIS_URL"])
