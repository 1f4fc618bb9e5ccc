"""`exec`: a database and a broker while one command runs."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from labeler.embedded import programs
from labeler.embedded.broker import Broker
from labeler.embedded.config import Config
from labeler.embedded.console import complain
from labeler.embedded.crew import Crew
from labeler.embedded.errors import EmbeddedError, StartFailed
from labeler.embedded.folders import TemporaryFolder
from labeler.embedded.postgres import Postgres
from labeler.embedded.programs import ScoringWorker, Worker

NOT_RUN = 125  # as in env(1), timeout(1) and docker
PATIENCE = 10.0


def execute(
    command: Sequence[str], config: Config, *, has_worker: bool, is_fast: bool
) -> int:
    """Run the command with new servers. Delete all data, and return its exit code."""
    folder = TemporaryFolder(Path(tempfile.gettempdir()))
    crew = Crew()
    crew.listen()
    try:
        env = _start(crew, folder.path, config, is_durable=not is_fast)
        if has_worker:
            _start_worker(crew, folder.path, env)
        return _follow(subprocess.Popen(list(command), env=env), crew)
    except FileNotFoundError:
        complain(f"There is no program {command[0]!r}.")
        return NOT_RUN
    except EmbeddedError as error:
        complain(str(error))
        return NOT_RUN
    finally:
        crew.stop()
        folder.remove()


def _start(
    crew: Crew, folder: Path, config: Config, *, is_durable: bool
) -> dict[str, str]:
    database_url, redis_url = config.database_url, config.redis_url
    if database_url is None:
        database = Postgres(
            log=folder / "database.log", cwd=folder / "postgres", is_durable=is_durable
        )
        crew.add(database)
        database_url = database.url
    if redis_url is None:
        broker = Broker(log=folder / "broker.log", cwd=folder / "broker")
        crew.add(broker)
        redis_url = broker.url
    return programs.environment(
        data=folder, secret_key=os.urandom(32).hex(), database_url=database_url, redis_url=redis_url
    )  # fmt: skip


def _start_worker(crew: Crew, folder: Path, env: dict[str, str]) -> None:
    """Create the tables, then start the workers and their clock."""
    migrate = programs.manage(
        "migrate", "--no-input", "--skip-checks", log=folder / "setup.log", env=env
    )
    if migrate.run(crew.pause) != 0:
        raise StartFailed(f"{migrate.name} failed. {migrate.tail()}")
    schedule = folder / "beat-schedule"
    crew.launch(programs.beat(log=folder / "beat.log", env=env, schedule=schedule))
    crew.add(Worker(log=folder / "worker.log", env=env))
    crew.add(ScoringWorker(log=folder / "scoring.log", env=env))


def _follow(command: "subprocess.Popen[bytes]", crew: Crew) -> int:
    """Wait until the command ends. Return its exit code.

    The command shares our terminal, so it receives Ctrl-C itself. Other signals are passed
    on. A command that ignores them is killed.
    """
    handled = 0
    deadline = float("inf")
    while command.poll() is None:
        for number in crew.signals[handled:]:
            handled += 1
            deadline = time.monotonic() + PATIENCE
            if number != signal.SIGINT:
                with contextlib.suppress(ProcessLookupError):
                    command.send_signal(number)
        if time.monotonic() > deadline:
            command.kill()
        crew.restart_dead()
        time.sleep(0.05)
    # A shell reports a death by signal in the same way.
    return command.returncode if command.returncode >= 0 else 128 - command.returncode
