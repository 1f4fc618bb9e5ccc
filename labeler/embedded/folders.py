"""The data folder: its lock, its secrets, its logs. And temporary folders.

- supervisor.lock: held while a supervisor lives, says which
- children.json: what it started, for the next one to end
- environment: how to reach what runs, for `manage.py` beside it; only while it runs
- secret-key: signs sessions; losing it signs everybody out
- users-made: the databases whose logins were shown
- first-password: exists from choosing the password until it was shown
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
# A Unix socket's path may have 104 to 108 bytes, "/.s.PGSQL.5432.lock" included.
SOCKET_FOLDER_BYTES = 80


class DataFolder:
    """Everything that Labeler keeps on this machine; one supervisor at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self._lock: int | None = None

    def open(self, address: str) -> None:
        """Makes the folder and takes its lock, which dies with this process."""
        try:
            # Pictures of people and password hashes: nobody else's business.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            lock = os.open(self.path / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {self.path} cannot be used ({error.strerror}); set LABELER_DATA to another one."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 200, 0).decode().strip() or "another process"
            os.close(lock)
            raise FolderInUse(
                f"{self.path} is in use by {holder}; stop that one, or set LABELER_DATA and LABELER_PORT."
            ) from None
        os.truncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()}, {address}\n".encode(), 0)
        self._lock = lock  # Python's descriptors are closed on exec: no child holds it

    def close(self) -> None:
        if self._lock is not None:
            os.truncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def publish(self, env: Mapping[str, str]) -> None:
        """Tells commands that are called beside `make run` how to reach it."""
        path = self.path / "environment"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={env[name]}\n" for name in PUBLISHED))

    def withdraw(self) -> None:
        (self.path / "environment").unlink(missing_ok=True)

    def log(self, name: str) -> Path:
        """The log of a program; at most one old one lies beside it."""
        return self.logs / f"{name}.log"

    def trim_logs(self) -> None:
        """Moves what a grown log holds aside. Programs append, so they go on in the
        emptied file; a line written in between may be lost."""
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > LOG_BYTES:
                with contextlib.suppress(OSError):  # no room: what has no copy stays
                    shutil.copyfile(path, path.with_suffix(".log.1"))
                    os.truncate(path, 0)

    def secret_key(self) -> str:
        return self.secret("secret-key", secrets.token_urlsafe(48))

    def secret(self, name: str, new: str) -> str:
        """The stored secret; `new` becomes it where there is none yet."""
        path = self.path / name
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.unlink(missing_ok=True)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # fmt: skip  # noqa: PTH123
                file.write(new)
            draft.replace(path)
        return path.read_text()

    def remember(self, children: Iterable[processes.Trace]) -> None:
        """Notes what runs, so that the next supervisor can end it if this one is killed."""
        path = self.path / "children.json"
        draft = path.with_suffix(".new")
        noted = {"boot": processes.boot(), "children": [asdict(c) for c in children]}
        draft.write_text(json.dumps(noted, indent=1))
        draft.replace(path)

    def end_leftovers(self) -> list[str]:
        """Ends what a killed supervisor left running; call with the lock held."""
        try:
            noted = json.loads((self.path / "children.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return []
        if noted["boot"] != processes.boot():
            return []
        traces = [processes.Trace(**child) for child in noted["children"]]
        # Newest first: web and workers go before what they depend on.
        return [t.name for t in reversed(traces) if processes.end_leftover(t)]


class TemporaryFolder:
    """Short-lived and locked; where its owner was killed, a later one removes it."""

    def __init__(self, parent: Path, *, mode: int = 0o700) -> None:
        _sweep(parent)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self.path.chmod(mode)
        # systemd's cleaner of /tmp leaves locked folders alone, too.
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)


def _sweep(parent: Path) -> None:
    """Removes our folders that nobody locks; young ones may be about to be locked."""
    for path in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < 60:
                continue
            lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def runtime_folder(*, holds_programs: bool) -> TemporaryFolder:
    """For the database's socket: a short path, which its own user can reach."""
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        is_short = len(os.fsencode(parent)) + 30 <= SOCKET_FOLDER_BYTES
        if is_short and _serves(parent, programs=holds_programs):
            return TemporaryFolder(parent, mode=0o711 if os.geteuid() == 0 else 0o700)
    raise StartFailed(
        "No temporary folder is short and open enough for the database's socket; set TMPDIR to one that is."
    )


def _serves(folder: Path, *, programs: bool) -> bool:
    if not folder.is_dir() or (programs and os.statvfs(folder).f_flag & os.ST_NOEXEC):
        return False
    passed = (folder, *folder.parents)
    return os.geteuid() != 0 or all(path.stat().st_mode & 0o001 for path in passed)
