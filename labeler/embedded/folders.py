"""The data folder (its lock, secrets and logs) and temporary folders.

- supervisor.lock: locked while a supervisor runs, contains its process id
- children.json: the children of the supervisor. The next one ends any leftovers
- environment: the addresses of the running servers, for `manage.py` beside `make run`
- secret-key: signs sessions. If it is lost, all users must sign in again
- users-made: the databases whose passwords were shown
- first-password: exists from the choice of the password until it was shown
- postgres/, broker/, store/ (pictures), logs/
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from labeler.embedded import processes
from labeler.embedded.errors import EmbeddedError, FolderInUse, StartFailed

LOG_BYTES = 10 * 1024 * 1024
PREFIX = "labeler-embedded-"
PUBLISHED = ("DATABASE_URL", "REDIS_URL", "LABELER_SECRET_KEY", "LABELER_EMBEDDED")
# The path of a Unix socket, with "/.s.PGSQL.5432.lock", has at most 104 to 108 bytes.
SOCKET_FOLDER_BYTES = 80


class DataFolder:
    """All data of Labeler on this machine. One supervisor can use it at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self._lock: int | None = None

    def open(self, address: str) -> None:
        """Create the folder and lock it. The lock ends with this process."""
        try:
            # It contains pictures of people and password hashes: only for the owner.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            lock = os.open(self.path / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {self.path} cannot be used ({error.strerror}). Set LABELER_DATA to another one."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 200, 0).decode().strip() or "another process"
            os.close(lock)
            raise FolderInUse(
                f"{self.path} is in use by {holder}. Stop that one, or set LABELER_DATA and LABELER_PORT."
            ) from None
        os.truncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()}, {address}\n".encode(), 0)
        self._lock = lock  # Python closes descriptors on exec: no child inherits it

    def close(self) -> None:
        if self._lock is not None:
            os.truncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def publish(self, env: Mapping[str, str]) -> None:
        """Write the addresses of the servers, for commands beside `make run`."""
        path = self.path / "environment"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={env[name]}\n" for name in PUBLISHED))

    def withdraw(self) -> None:
        (self.path / "environment").unlink(missing_ok=True)

    def log(self, name: str) -> Path:
        """Return the log of a program. There is at most one older log beside it."""
        return self.logs / f"{name}.log"

    def trim_logs(self) -> None:
        """Copy large logs aside and empty them.

        Programs append, so they continue in the empty file. A line that a program writes
        between the two steps can be lost.
        """
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > LOG_BYTES:
                with contextlib.suppress(
                    OSError
                ):  # disk full: a log without copy stays
                    shutil.copyfile(path, path.with_suffix(".log.1"))
                    os.truncate(path, 0)

    def secret_key(self) -> str:
        return self.secret("secret-key", secrets.token_urlsafe(48))

    def secret(self, name: str, new: str) -> str:
        """Return the stored secret. Store `new` if there is none."""
        path = self.path / name
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.unlink(missing_ok=True)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # fmt: skip  # noqa: PTH123
                file.write(new)
            draft.replace(path)
        return path.read_text()

    def remember(self, children: Iterable[processes.Trace]) -> None:
        """Record the children, so that the next supervisor can end them after a kill."""
        path = self.path / "children.json"
        draft = path.with_suffix(".new")
        record = {"boot": processes.boot(), "children": [asdict(c) for c in children]}
        draft.write_text(json.dumps(record, indent=1))
        draft.replace(path)

    def end_leftovers(self) -> list[str]:
        """End the children of a killed supervisor. The caller has the lock."""
        try:
            record = json.loads((self.path / "children.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return []
        if record["boot"] != processes.boot():
            return []
        traces = [processes.Trace(**child) for child in record["children"]]
        # Newest first: web server and workers end before their database and broker.
        return [t.name for t in reversed(traces) if processes.end_leftover(t)]


class TemporaryFolder:
    """A locked folder for a short time. If its owner is killed, a later one removes it."""

    def __init__(self, parent: Path, *, mode: int = 0o700) -> None:
        _sweep(parent)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self.path.chmod(mode)
        # systemd's cleaner of /tmp does not delete locked folders.
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)


def _sweep(parent: Path) -> None:
    """Remove our folders without a lock. Skip new ones: their lock may be on its way."""
    for path in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            stat = path.lstat()
            if stat.st_uid != os.geteuid() or time.time() - stat.st_mtime < 60:
                continue
            lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def runtime_folder(*, holds_programs: bool) -> TemporaryFolder:
    """Return a folder for the database's socket: a short path that its user can reach."""
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        is_short = len(os.fsencode(parent)) + 30 <= SOCKET_FOLDER_BYTES
        if is_short and _is_usable(parent, programs=holds_programs):
            return TemporaryFolder(parent, mode=0o711 if os.geteuid() == 0 else 0o700)
    raise StartFailed(
        "No temporary folder has a short path and is open to the database's user. Set TMPDIR to one that is."
    )


def _is_usable(folder: Path, *, programs: bool) -> bool:
    if not folder.is_dir() or (programs and os.statvfs(folder).f_flag & os.ST_NOEXEC):
        return False
    path_folders = (folder, *folder.parents)
    return os.geteuid() != 0 or all(
        path.stat().st_mode & 0o001 for path in path_folders
    )
