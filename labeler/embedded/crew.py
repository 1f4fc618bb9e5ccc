"""Several children: started in order, mended when they die, stopped in reverse order."""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from labeler.embedded.child import Child
from labeler.embedded.console import complain
from labeler.embedded.errors import Interrupted
from labeler.embedded.processes import Trace, started_at

FIRST_DELAY = 0.25
LONGEST_DELAY = 10.0
# A child that lived this long has recovered: its next death is mended at once.
STEADY_SECONDS = 30.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Note = Callable[[Sequence[Trace]], None]


@dataclass
class Post:
    """A child's place in the crew: when it was launched, when it is launched next."""

    child: Child
    launched_at: float
    delay: float = 0.0
    due: float | None = None

    def mend(self, now: float) -> None:
        """Launches a dead child again, later each time it dies young."""
        if self.child.is_running():
            if now - self.launched_at > STEADY_SECONDS:
                self.delay = 0.0
        elif self.due is None:
            complain(f"{self.child.name} ended ({self.child.ending()}) and is started again; see {self.child.log}")  # fmt: skip
            self.child.clear()
            self.due = now + self.delay
            self.delay = min(max(self.delay * 2, FIRST_DELAY), LONGEST_DELAY)
        elif now >= self.due:
            self._launch(now)

    def _launch(self, now: float) -> None:
        try:
            self.child.launch()
        except OSError as error:  # out of memory, or of disk: it may pass
            complain(f"{self.child.name} cannot be started: {error}")
            self.due = now + LONGEST_DELAY
        else:
            self.launched_at, self.due = now, None


class Crew:
    """Whoever runs a crew calls `listen` once, and `pause` while waiting."""

    def __init__(self, note: Note = lambda traces: None) -> None:
        self.posts: list[Post] = []
        self.signals: list[int] = []
        self._note = note
        self._noted: list[int | None] = []

    def listen(self) -> None:
        """Signals are counted from now on: the first stops, the second hurries."""
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:
                signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)

    def is_hurried(self) -> bool:
        return len(self.signals) > 1

    def pause(self) -> None:
        """Part of every wait during the start."""
        self.note()
        time.sleep(0.05)
        if self.signals:
            raise Interrupted("Stopped while starting.")

    def add(self, *children: Child) -> None:
        """Starts children; on return they answer."""
        for child in children:
            if all(post.child is not child for post in self.posts):
                self.posts.append(Post(child, time.monotonic()))
            child.start(self.pause)
            self.note()

    def launch(self, child: Child) -> Child:
        """Starts a child without waiting; `add` it later to wait."""
        self.posts.append(Post(child, time.monotonic()))
        child.launch()
        self.note()
        return child

    def mend(self) -> None:
        for post in self.posts:
            post.mend(time.monotonic())
        self.note()

    def note(self) -> None:
        """Tells what runs whenever that has changed."""
        pids = [post.child.pid for post in self.posts]
        if pids != self._noted:
            self._noted = pids
            try:
                self._note([t for post in self.posts if (t := _trace(post.child))])
            except OSError as error:  # a full disk must not end what still works
                complain(f"It cannot be noted what runs: {error}")

    def stop(self) -> None:
        for post in reversed(self.posts):
            post.child.stop(self.is_hurried)
        self.posts.clear()
        self.note()


def _trace(child: Child) -> Trace | None:
    started = started_at(child.pid) if child.pid else None
    if child.pid is None or started is None:
        return None
    return Trace(child.name, child.pid, started, int(child.stop_signal))
