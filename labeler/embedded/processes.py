"""What runs on this machine, and how an earlier supervisor's processes are ended.

A process id alone proves nothing: it may have been given to somebody else since. So a
process is known by id *and* start time, and both only on one boot of one machine.
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
# Loaded here: between fork and exec nothing may be loaded any more.
_libc = ctypes.CDLL(None) if LINUX else None


@dataclass(frozen=True)
class Row:
    """One process that is not a zombie: a zombie holds nothing but its number."""

    pid: int
    group: int
    started: str


@dataclass(frozen=True)
class Trace:
    """A child that a supervisor started, as written to its data folder."""

    name: str
    pid: int
    started: str
    stop_signal: int


def boot() -> str:
    """Names this boot of this machine (and container), so that ids can be compared."""
    if not LINUX:
        told = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=False)  # fmt: skip
        return told.stdout.strip()
    boot_id = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot_id} {(PROC / 'self/ns/pid').readlink()}"


def table() -> Iterator[Row]:
    """Every live process."""
    return _table_of_proc() if LINUX else _table_of_ps()


def _table_of_proc() -> Iterator[Row]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                # The name in brackets may itself hold spaces and brackets.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    yield Row(int(entry.name), int(fields[2]), fields[19])


def _table_of_ps() -> Iterator[Row]:
    command = ["ps", "-axo", "pid=,pgid=,stat=,lstart="]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        pid, group, state, started = line.split(maxsplit=3)
        if not state.startswith("Z"):
            yield Row(int(pid), int(group), started)


def started_at(pid: int) -> str | None:
    """The start time of a live process, in the system's own words."""
    return next((row.started for row in table() if row.pid == pid), None)


def working_in(folder: Path, name: str) -> list[int]:
    """Live processes of that name whose working folder it is (Linux only)."""
    return [row.pid for row in table() if LINUX and _works_in(row.pid, folder, name)]


def _works_in(pid: int, folder: Path, name: str) -> bool:
    with contextlib.suppress(OSError):
        is_named = (PROC / str(pid) / "comm").read_text().strip() == name
        return is_named and (PROC / str(pid) / "cwd").samefile(folder)
    return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Looks every 50 ms; tells whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def follow_parent(parent: int, stop_signal: int) -> None:
    """Runs between fork and exec: Linux ends the child when its supervisor is killed."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:  # it was killed before we could ask
            os._exit(1)


def kill_group(group: int) -> None:
    """Ends what is left of a child's process group, and waits until it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
        wait_until(lambda: all(row.group != group for row in table()), 5)


def end_leftover(trace: Trace, patience: float = 5) -> bool:
    """Ends a dead supervisor's child and its group; tells whether anything was left.

    Only for traces of this boot. A leader that lives with another start time has
    taken the number over, which cannot happen while the old group has members.
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
