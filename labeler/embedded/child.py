"""One supervised program: launch, wait until it answers, stop."""

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

# So many pauses after the first, second and third start that failed.
PAUSES = (2, 20, 0)
TAIL_LINES = 12

Pause = Callable[[], None]


def short_pause() -> None:
    time.sleep(0.05)


def never() -> bool:
    return False


@dataclass(frozen=True)
class Account:
    """The user and group that a program runs as, where it is not ours."""

    user: int
    group: int


@dataclass(kw_only=True)
class Child:
    """A program in a session of its own, so that Ctrl-C in the terminal reaches only
    the supervisor, which stops its children in order.

    Its group is killed whenever its leader is gone: a web server's workers would
    otherwise keep the port, a worker's children their work.
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
    typed: bytes = b""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def prepare(self) -> None:
        """Clears the way before each launch."""

    def is_ready(self) -> bool:
        """Tells whether it answers; a program without a door is ready when it runs."""
        return True

    def launch(self) -> None:
        """Starts the program and returns at once. From the main thread only: Linux
        ends the program when the thread that started it ends."""
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                cwd=self.cwd,  # entered before privileges are dropped
                env=dict(self.env),
                user=self.account.user if self.account else None,
                group=self.account.group if self.account else None,
                extra_groups=[] if self.account else None,
                stdin=subprocess.PIPE if self.typed else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.pass_fds,
                preexec_fn=partial(processes.follow_parent, getpid(), self.stop_signal),
            )
        if self.process.stdin:
            self.process.stdin.write(self.typed)
            self.process.stdin.close()

    def start(self, pause: Pause = short_pause) -> None:
        """Waits until it answers, and launches it where that was not done or it died;
        `pause` may raise to give up."""
        for pauses in PAUSES:
            if not self.is_running():
                self.launch()
            if self._answers(pause):
                return
            self.clear()
            for _ in range(pauses):
                pause()
        raise StartFailed(f"{self.name} does not start. {self.tail()}")

    def _answers(self, pause: Pause) -> bool:
        deadline = time.monotonic() + self.start_patience
        while self.is_running():
            if self.is_ready():
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise StartFailed(f"{self.name} does not answer. {self.tail()}")
            pause()
        return False

    def run(self, pause: Pause = short_pause) -> int:
        """Launches a program that ends by itself, and waits for it; its exit code."""
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
        """How it ended, for the user."""
        code = self.process.returncode if self.process else None
        return f"signal {-code}" if code and code < 0 else f"exit code {code}"

    def clear(self) -> None:
        """Ends what a dead leader left in its group."""
        if self.process and not self.is_running():
            processes.kill_group(self.process.pid)

    def stop(self, is_hurried: Callable[[], bool] = never) -> None:
        """Asks, waits, then insists. Safe to call twice."""
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
        """The end of its log, where the reason usually is."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([f"The end of {self.log}:", *lines])
