"""`make run`: all programs of Labeler on one machine, in the foreground."""

import contextlib
import secrets
import socket
import time
from hashlib import sha256

from labeler.embedded import programs
from labeler.embedded.broker import Broker
from labeler.embedded.child import Child
from labeler.embedded.config import HOST, Config
from labeler.embedded.console import complain, say
from labeler.embedded.crew import Crew
from labeler.embedded.errors import EmbeddedError, Interrupted, PortTaken, StartFailed
from labeler.embedded.folders import DataFolder
from labeler.embedded.postgres import Postgres
from labeler.embedded.programs import ScoringWorker, Web, Worker

TRIM_SECONDS = 60


def run(config: Config) -> int:
    """Run until a signal arrives. Return the exit code. No program keeps running."""
    folder = DataFolder(config.data)
    supervisor = Supervisor(config, folder)
    try:
        supervisor.start()
        supervisor.watch()
    except Interrupted as interruption:
        say(str(interruption))
    except EmbeddedError as error:
        complain(str(error))
        return 1
    except OSError as error:  # a full disk, a folder without rights
        complain(f"Labeler cannot continue: {error}.")
        return 1
    finally:
        supervisor.stop()
        folder.close()
    return 0


class Supervisor:
    """The start in order: database, broker, tables and users, workers, demo, web server."""

    def __init__(self, config: Config, folder: DataFolder) -> None:
        self.config = config
        self.folder = folder
        self.crew = Crew(record=folder.remember)
        self.env: dict[str, str] = {}
        self.database = ""
        self._listener: socket.socket | None = None

    def start(self) -> None:
        self.crew.listen()
        self.folder.open(self.config.address)
        self.folder.trim_logs()
        if leftovers := self.folder.end_leftovers():
            say(f"Ended programs of a killed run: {', '.join(leftovers)}.")
        # A program that has just ended can hold the port for a moment longer.
        self._listener = take_port(self.config.port, seconds=2 if leftovers else 0)
        say("Starting Labeler ...")
        self._start_stores()
        self._manage("migrate", "--no-input", "--skip-checks")
        password = self._make_users()
        log, env = self.folder.log, self.env
        worker = self.crew.launch(Worker(log=log("worker"), env=env))
        scoring = self.crew.launch(ScoringWorker(log=log("scoring"), env=env))
        schedule = self.folder.path / "beat-schedule"
        self.crew.launch(programs.beat(log=log("beat"), env=env, schedule=schedule))
        if self.config.demo:
            self._manage("load_demo")
        self.crew.add(
            Web(log=log("web"), env=env, listener=self._listener), worker, scoring
        )
        self._announce(password)

    def watch(self) -> None:
        trimmed_at = time.monotonic()
        while not self.crew.signals:
            self.crew.restart_dead()
            if time.monotonic() - trimmed_at > TRIM_SECONDS:
                self.folder.trim_logs()
                trimmed_at = time.monotonic()
            time.sleep(0.2)

    def stop(self) -> None:
        if self._listener:
            self._listener.close()  # from now on the system refuses new clients
        if self.crew.slots:
            say("Stopping ...")
            self.crew.stop()
            self.folder.withdraw()
            say("Stopped.")

    def _start_stores(self) -> None:
        """Start the database and the broker, unless the user has their own."""
        database_url, redis_url = self.config.database_url, self.config.redis_url
        data, log = self.folder.path, self.folder.log
        if database_url is None:
            database = Postgres(log=log("database"), cwd=data / "postgres")
            self.crew.add(database)
            database_url = database.url
            self.database = database.identity
        else:
            self.database = sha256(database_url.encode()).hexdigest()
        if redis_url is None:
            broker = Broker(log=log("broker"), cwd=data / "broker")
            self.crew.add(broker)
            redis_url = broker.url
        self.env = programs.environment(
            data=data,
            secret_key=self.folder.secret_key(),
            database_url=database_url,
            redis_url=redis_url,
        )
        self.folder.publish(self.env)

    def _manage(self, *arguments: str) -> Child:
        command = programs.manage(
            *arguments, log=self.folder.log("setup"), env=self.env
        )
        if command.run(self.crew.pause) != 0:
            raise StartFailed(f"{command.name} failed. {command.tail()}")
        return command

    def _make_users(self) -> str | None:
        """Create the users of a new database. Return the password to show, else None.

        A file keeps the password until it was shown. Otherwise, a killed first run would
        leave users with an unknown password.
        """
        if self.database in self._with_users():
            return None
        password = self.config.password
        if password is None:
            password = self.folder.secret("first-password", secrets.token_hex(8))
        self.env["LABELER_DEMO_PASSWORD"] = password
        self._manage("make_users")
        del self.env["LABELER_DEMO_PASSWORD"]
        return password

    def _with_users(self) -> list[str]:
        """Return the databases whose users exist and whose password was shown."""
        path = self.folder.path / "users-made"
        return path.read_text().split() if path.exists() else []

    def _announce(self, password: str | None) -> None:
        say(f"\nLabeler runs at {self.config.address} (Ctrl-C stops it)")
        say("Sign in as judge1, judge2, judge3 or admin")
        if password is None:
            say("with the password that was shown on the first run.")
        elif self.config.password:
            say("with the password from LABELER_DEMO_PASSWORD.")
        else:
            say(f"with the password {password} (shown only this once).")
        if password and self.config.database_url:
            say("Existing users of the database keep their passwords.")
        say(f"Data and logs: {self.config.data}\n")
        databases = dict.fromkeys([*self._with_users(), self.database])
        (self.folder.path / "users-made").write_text("\n".join(databases))
        (self.folder.path / "first-password").unlink(missing_ok=True)


def take_port(port: int, *, seconds: float) -> socket.socket:
    """Bind the port before the rest starts, so that no other program can take it.

    The system refuses clients until the web server listens on the socket.
    """
    deadline = time.monotonic() + seconds
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    while True:
        try:
            listener.bind((HOST, port))
        except PermissionError:
            reason = f"Port {port} needs more rights than you have"
        except OSError:
            reason = f"Port {port} is taken by another program"
        else:
            return listener
        if time.monotonic() > deadline:
            listener.close()
            raise PortTaken(f"{reason}. Set LABELER_PORT to a free one.")
        with contextlib.suppress(InterruptedError):
            time.sleep(0.1)
