"""Several children: started in order, restarted when they die, stopped in reverse order."""

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
# A child that lived this long has recovered: after its next death it restarts at once.
STEADY_SECONDS = 30.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Record = Callable[[Sequence[Trace]], None]


@dataclass
class Slot:
    """A child of the crew, the time of its last launch and of its next one."""

    child: Child
    launched_at: float
    delay: float = 0.0
    relaunch_at: float | None = None

    def restart_if_dead(self, now: float) -> None:
        """Launch a dead child again, with a longer delay each time it dies young."""
        if self.child.is_running():
            if now - self.launched_at > STEADY_SECONDS:
                self.delay = 0.0
        elif self.relaunch_at is None:
            complain(f"{self.child.name} ended ({self.child.ending()}). It starts again. See {self.child.log}")  # fmt: skip
            self.child.clear()
            self.relaunch_at = now + self.delay
            self.delay = min(max(self.delay * 2, FIRST_DELAY), LONGEST_DELAY)
        elif now >= self.relaunch_at:
            self._launch(now)

    def _launch(self, now: float) -> None:
        try:
            self.child.launch()
        except OSError as error:  # out of memory or disk, which can be temporary
            complain(f"{self.child.name} cannot start: {error}")
            self.relaunch_at = now + LONGEST_DELAY
        else:
            self.launched_at, self.relaunch_at = now, None


class Crew:
    """Children that run together. Call `listen` once, and `pause` while waiting."""

    def __init__(self, record: Record = lambda traces: None) -> None:
        self.slots: list[Slot] = []
        self.signals: list[int] = []
        self._record = record
        self._recorded_pids: list[int | None] = []

    def listen(self) -> None:
        """Count signals from now on. The first one stops, the second one hurries."""
        for stop_signal in SIGNALS:
            is_ignored = signal.getsignal(stop_signal) == signal.SIG_IGN
            if not is_ignored or stop_signal != signal.SIGHUP:  # nohup ignores SIGHUP
                signal.signal(stop_signal, self._count_signal)

    def _count_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)

    def is_hurried(self) -> bool:
        return len(self.signals) > 1

    def pause(self) -> None:
        """Wait a moment during the start. Raise `Interrupted` after a signal."""
        self.record()
        time.sleep(0.05)
        if self.signals:
            raise Interrupted("Stopped while starting.")

    def add(self, *children: Child) -> None:
        """Start children and wait until they answer."""
        for child in children:
            if all(slot.child is not child for slot in self.slots):
                self.slots.append(Slot(child, time.monotonic()))
            child.start(self.pause)
            self.record()

    def launch(self, child: Child) -> Child:
        """Start a child without waiting. `add` it later to wait until it answers."""
        self.slots.append(Slot(child, time.monotonic()))
        child.launch()
        self.record()
        return child

    def restart_dead(self) -> None:
        """Restart the children that have died."""
        for slot in self.slots:
            slot.restart_if_dead(time.monotonic())
        self.record()

    def record(self) -> None:
        """Record the running children, if they have changed."""
        pids = [slot.child.pid for slot in self.slots]
        if pids != self._recorded_pids:
            self._recorded_pids = pids
            try:
                self._record([t for slot in self.slots if (t := _trace(slot.child))])
            except OSError as error:  # a full disk must not stop working programs
                complain(f"The list of running programs cannot be written: {error}")

    def stop(self) -> None:
        for slot in reversed(self.slots):
            slot.child.stop(self.is_hurried)
        self.slots.clear()
        self.record()


def _trace(child: Child) -> Trace | None:
    start_time = started_at(child.pid) if child.pid else None
    if child.pid is None or start_time is None:
        return None
    return Trace(child.name, child.pid, start_time, int(child.stop_signal))
