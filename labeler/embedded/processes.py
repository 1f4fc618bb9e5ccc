"""The processes of this machine, and the end of a killed supervisor's children.

A process id alone is not proof, because the system can give it to another process. So a
process is identified by id *and* start time, and only within one boot of one machine.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform.startswith("linux")
PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
# Loaded here, because it is not safe to load a library between fork and exec.
_libc = ctypes.CDLL(None) if LINUX else None


@dataclass(frozen=True)
class Row:
    """One process that is not a zombie. A zombie holds only its process id."""

    pid: int
    group: int
    started: str


@dataclass(frozen=True)
class Trace:
    """A child of a supervisor, as recorded in the data folder."""

    name: str
    pid: int
    started: str
    stop_signal: int


def boot() -> str:
    """Return an id of this boot of this machine (and container)."""
    if not LINUX:
        result = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=False)  # fmt: skip
        return result.stdout.strip()
    boot_id = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot_id} {(PROC / 'self/ns/pid').readlink()}"


def table() -> Iterator[Row]:
    """Yield every live process."""
    return _table_of_proc() if LINUX else _table_of_ps()


def _table_of_proc() -> Iterator[Row]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                # The name in brackets can itself contain spaces and brackets.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    yield Row(int(entry.name), int(fields[2]), fields[19])


def _table_of_ps() -> Iterator[Row]:
    command = ["ps", "-axo", "pid=,pgid=,stat=,lstart="]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in result.stdout.splitlines():
        pid, group, state, started = line.split(maxsplit=3)
        if not state.startswith("Z"):
            yield Row(int(pid), int(group), started)


def started_at(pid: int) -> str | None:
    """Return the start time of a live process, as the system formats it."""
    return next((row.started for row in table() if row.pid == pid), None)


def working_in(folder: Path, name: str) -> list[int]:
    """Return the live processes with this name and working folder (Linux only)."""
    return [row.pid for row in table() if LINUX and _works_in(row.pid, folder, name)]


def _works_in(pid: int, folder: Path, name: str) -> bool:
    with contextlib.suppress(OSError):
        is_named = (PROC / str(pid) / "comm").read_text().strip() == name
        return is_named and (PROC / str(pid) / "cwd").samefile(folder)
    return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Check a condition every 50 ms. Return True if it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def follow_parent(parent: int, stop_signal: int) -> None:
    """Make Linux end the child when its supervisor dies. Runs between fork and exec."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:  # it died before the call above
            os._exit(1)


def kill_group(group: int) -> None:
    """Kill the rest of a child's process group, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
        wait_until(lambda: all(row.group != group for row in table()), 5)


def end_leftover(trace: Trace, patience: float = 5) -> bool:
    """End a dead supervisor's child and its group. Return True if there was one.

    This is only for traces of this boot. A leader with another start time is a new process
    with the same id, which cannot exist while the old group has members.
    """
    rows = list(table())
    leader = next((row for row in rows if row.pid == trace.pid), None)
    if leader and leader.started != trace.started:
        return False
    if not any(row.group == trace.pid for row in rows):
        return False
    if leader:
        with contextlib.suppress(ProcessLookupError):
            os.kill(trace.pid, trace.stop_signal)
        wait_until(lambda: started_at(trace.pid) != trace.started, patience)
    kill_group(trace.pid)
    return True
