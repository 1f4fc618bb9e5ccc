"""Labeler's own programs: their command lines and their environment."""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from labeler.embedded.child import Child
from labeler.embedded.config import CHECKOUT, HOST

QUEUES = "default,images"


def environment(
    *, data: Path, secret_key: str, database_url: str, redis_url: str
) -> dict[str, str]:
    """Return the user's environment with the addresses of our servers."""
    # PGHOST and similar variables would redirect clients to another database. The password
    # is for one command only.
    hidden = ("PG", "LABELER_DEMO_PASSWORD")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    defaults = {
        "LABELER_DEBUG": "0",
        "LABELER_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "PYTHONUNBUFFERED": "1",
    }
    return (
        defaults
        | inherited
        | {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "LABELER_SECRET_KEY": secret_key,
            "LABELER_DATA": str(data),
            "LABELER_EMBEDDED": "1",
            "DJANGO_SETTINGS_MODULE": "labeler.settings",
        }
    )


def manage(*arguments: str, log: Path, env: Mapping[str, str]) -> Child:
    """Return a management command."""
    argv = [sys.executable, "manage.py", *arguments]
    name = f"manage.py {arguments[0]}"
    return Child(name=name, log=log, cwd=CHECKOUT, argv=argv, env=env)


def beat(*, log: Path, env: Mapping[str, str], schedule: Path) -> Child:
    """Return Celery's clock, a separate process, so that a dead worker does not stop it."""
    argv = [*_celery(), "beat", "--schedule", str(schedule), "--pidfile="]
    return Child(name="beat", log=log, cwd=CHECKOUT, argv=argv, env=env)


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "labeler"]


@dataclass(kw_only=True)
class Worker(Child):
    """Celery's worker. It finishes its tasks when it is asked to stop."""

    name: str = "worker"
    queues: str = QUEUES
    processes: int = 2
    cwd: Path = CHECKOUT
    patience: float = 20
    _log_offset: int = 0
    _deadline: float = 0

    def prepare(self) -> None:
        self.argv = [
            *(*_celery(), "worker", "--queues", self.queues),
            *("--concurrency", str(self.processes), "--hostname", self._node()),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ]
        self._log_offset = self.log.stat().st_size if self.log.exists() else 0
        self._deadline = time.monotonic() + 20

    def _node(self) -> str:
        return f"{self.name.replace(' ', '-')}@%h"

    def is_ready(self) -> bool:
        """Return True once its log says so, or after 20 s if the log level hides that."""
        with self.log.open("rb") as log:
            log.seek(self._log_offset)
            return b" ready." in log.read() or time.monotonic() > self._deadline


@dataclass(kw_only=True)
class ScoringWorker(Worker):
    """One process for the machine's one device. Its threads use every core."""

    name: str = "scoring worker"
    queues: str = "scoring"
    processes: int = 1


@dataclass(kw_only=True)
class Web(Child):
    """Gunicorn over a socket that the supervisor keeps open.

    No other program can take the port while the server restarts, and clients wait in the
    queue of the socket instead of being refused.
    """

    name: str = "web server"
    cwd: Path = CHECKOUT
    listener: socket.socket | None = None

    def prepare(self) -> None:
        if self.listener is None:
            return
        self.pass_fds = (self.listener.fileno(),)
        self.argv = [
            *(sys.executable, "-m", "gunicorn", "labeler.wsgi:application"),
            *("--bind", f"fd://{self.listener.fileno()}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
            *("--preload", "--timeout", "120", "--graceful-timeout", "10"),
            *("--keep-alive", "30", "--no-control-socket"),
        ]

    def is_ready(self) -> bool:
        """Return True if it answers. /healthz/ready reports other servers that are down.

        A refusal is an answer too, because the user can allow other hosts only.
        """
        if self.listener is None:
            return False
        client = HTTPConnection(HOST, self.listener.getsockname()[1], timeout=5)
        with contextlib.closing(client), contextlib.suppress(OSError, HTTPException):
            client.request("GET", "/healthz/live")
            return client.getresponse().status < 500
        return False
