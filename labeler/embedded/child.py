"""One supervised program: launch it, wait until it answers, stop it."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from os import getpid
from pathlib import Path

from labeler.embedded import processes
from labeler.embedded.errors import StartFailed

# Number of pauses after the first, second and third failed start.
PAUSES = (2, 20, 0)
TAIL_LINES = 12

Pause = Callable[[], None]


def short_pause() -> None:
    time.sleep(0.05)


def never() -> bool:
    return False


@dataclass(frozen=True)
class Account:
    """The user and group of a program, if they are not those of this process."""

    user: int
    group: int


@dataclass(kw_only=True)
class Child:
    """A program in its own session.

    Ctrl-C in the terminal reaches only the supervisor, which stops its children in order.
    When the leader of the process group is gone, the group is killed. Otherwise a web
    server's workers would keep the port, and a worker's children would keep their work.
    """

    name: str
    log: Path
    cwd: Path
    argv: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    hurry_signal: signal.Signals = signal.SIGKILL
    patience: float = 15
    start_patience: float = 60
    account: Account | None = None
    pass_fds: tuple[int, ...] = ()
    stdin: bytes = b""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def prepare(self) -> None:
        """Do what is needed before each launch."""

    def is_ready(self) -> bool:
        """Return True if it answers. A program without a socket is ready when it runs."""
        return True

    def launch(self) -> None:
        """Start the program and return at once.

        Call this from the main thread only: Linux ends the program when the thread that
        started it ends.
        """
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                cwd=self.cwd,  # the process enters it before it drops privileges
                env=dict(self.env),
                user=self.account.user if self.account else None,
                group=self.account.group if self.account else None,
                extra_groups=[] if self.account else None,
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.pass_fds,
                preexec_fn=partial(processes.follow_parent, getpid(), self.stop_signal),
            )
        if self.process.stdin:
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()

    def start(self, pause: Pause = short_pause) -> None:
        """Launch the program if it does not run, and wait until it answers.

        `pause` can raise an exception to give up.
        """
        for pauses in PAUSES:
            if not self.is_running():
                self.launch()
            if self._answers(pause):
                return
            self.clear()
            for _ in range(pauses):
                pause()
        raise StartFailed(f"The {self.name} does not start. {self.tail()}")

    def _answers(self, pause: Pause) -> bool:
        deadline = time.monotonic() + self.start_patience
        while self.is_running():
            if self.is_ready():
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise StartFailed(f"The {self.name} does not answer. {self.tail()}")
            pause()
        return False

    def run(self, pause: Pause = short_pause) -> int:
        """Launch a program that ends by itself and wait for it. Return its exit code."""
        self.launch()
        try:
            while self.is_running():
                pause()
        finally:
            self.stop()
        return self.process.returncode if self.process else 1

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ending(self) -> str:
        """Return how it ended, for the user."""
        code = self.process.returncode if self.process else None
        return f"signal {-code}" if code and code < 0 else f"exit code {code}"

    def clear(self) -> None:
        """Kill the process group of a dead leader."""
        if self.process and not self.is_running():
            processes.kill_group(self.process.pid)

    def stop(self, is_hurried: Callable[[], bool] = never) -> None:
        """Ask the program to stop, wait, then kill it. Calling this twice is safe."""
        if self.process is None:
            return
        if self.is_running():
            self.process.send_signal(self.stop_signal)
            processes.wait_until(
                lambda: not self.is_running() or is_hurried(), self.patience
            )
        if self.is_running():
            self.process.send_signal(self.hurry_signal)
            processes.wait_until(lambda: not self.is_running(), 5)
        if self.is_running():
            self.process.kill()
            self.process.wait()
        self.clear()

    def tail(self) -> str:
        """Return the end of its log, which usually has the reason of a failure."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([f"The end of {self.log}:", *lines])
