"""The parts of the supervisor, with real files and real servers."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from labeler.embedded import folders, processes
from labeler.embedded.broker import Broker
from labeler.embedded.child import Child
from labeler.embedded.config import HOST
from labeler.embedded.errors import StartFailed
from labeler.embedded.folders import DataFolder, TemporaryFolder
from labeler.embedded.postgres import Postgres

LONG_QUERY = "SELECT count(*) FROM generate_series(1, 1000000000)"


@pytest.fixture
def database(tmp_path):
    server = Postgres(log=tmp_path / "database.log", cwd=tmp_path / "data base")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def broker(tmp_path):
    server = Broker(log=tmp_path / "broker.log", cwd=tmp_path / "bro ker")
    server.start()
    yield server
    server.stop()


def query_until_the_server_dies(url: str) -> None:
    with contextlib.suppress(psycopg2.OperationalError):
        psycopg2.connect(url).cursor().execute(LONG_QUERY)


def test_database_killed_under_a_busy_session_starts_again_with_its_rows(database):
    with contextlib.closing(psycopg2.connect(database.url)) as connection, connection:
        connection.cursor().execute("CREATE TABLE kept AS SELECT 42 AS answer")
    # A busy session does not notice that its server is gone.
    threading.Thread(
        target=query_until_the_server_dies, args=[database.url], daemon=True
    ).start()
    time.sleep(0.3)
    old_pids = processes.working_in(database.cwd, "postgres")
    database.process.kill()
    database.process.wait()

    database.launch()
    assert processes.wait_until(database.is_ready, 20), database.tail()
    with contextlib.closing(psycopg2.connect(database.url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT answer FROM kept")
        assert cursor.fetchall() == [(42,)]
    assert not set(old_pids) & set(processes.working_in(database.cwd, "postgres"))


def test_database_listens_on_no_network_and_its_socket_is_private(database):
    with contextlib.closing(psycopg2.connect(database.url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)
    assert database.socket.stat().st_mode & 0o777 == 0o700
    assert database.cwd.stat().st_mode & 0o077 == 0


def test_an_incomplete_data_folder_is_created_again(tmp_path):
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new/PG_VERSION").write_text("18")
    server = Postgres(log=tmp_path / "log", cwd=tmp_path / "data")
    server.start()
    server.stop()
    assert not (tmp_path / "data.new").exists()


def test_killed_broker_returns_to_its_port_with_its_queue(broker):
    client = redis.Redis.from_url(broker.url)
    client.rpush("queue", *range(1000))
    broker.process.kill()
    broker.process.wait()

    broker.launch()
    assert processes.wait_until(broker.is_ready, 20), broker.tail()
    assert client.llen("queue") == 1000


def test_broker_refuses_clients_without_the_password(broker):
    with socket.create_connection((HOST, broker.port), 5) as client:
        client.sendall(b"PING\r\n")
        assert client.recv(100).startswith(b"-NOAUTH")
    assert broker.password not in Path(f"/proc/{broker.pid}/cmdline").read_text()


class Silent(Child):
    """A program that never answers."""

    def is_ready(self) -> bool:
        return False


def test_program_that_ends_at_once_is_an_error_that_shows_its_log(tmp_path):
    argv = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]
    child = Silent(name="hopeless", log=tmp_path / "log", cwd=tmp_path, argv=argv)
    with pytest.raises(StartFailed, match="no such luck"):
        child.start(lambda: None)


def test_second_request_to_stop_hurries(tmp_path):
    stubborn = "import signal, time; signal.signal(15, lambda *a: None); print(flush=True); time.sleep(60)"
    child = Child(
        name="stubborn",
        log=tmp_path / "log",
        cwd=tmp_path,
        argv=[sys.executable, "-c", stubborn + "; time.sleep(60)"],
    )
    child.launch()
    assert processes.wait_until(lambda: child.log.stat().st_size > 0, 10)
    start = time.monotonic()
    child.stop(is_hurried=lambda: time.monotonic() - start > 0.3)
    assert time.monotonic() - start < 5
    assert child.ending() == "signal 9"


def test_another_process_with_the_same_id_is_not_ended():
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        trace = processes.Trace("worker", other.pid, "another time", signal.SIGTERM)
        assert not processes.end_leftover(trace)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_large_log_is_copied_aside_and_emptied(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "LOG_BYTES", 10)
    folder = DataFolder(tmp_path / "data")
    folder.open("http://127.0.0.1:1/")
    with folder.log("worker").open("a") as log:
        log.write("before, and more than ten bytes\n")
        log.flush()
        folder.trim_logs()
        log.write("after\n")
    folder.close()
    assert (folder.logs / "worker.log").read_text() == "after\n"
    assert "before" in (folder.logs / "worker.log.1").read_text()


def test_an_abandoned_temporary_folder_is_removed_and_a_locked_one_is_not(tmp_path):
    locked = TemporaryFolder(tmp_path)
    abandoned = tmp_path / f"{folders.PREFIX}abandoned"
    abandoned.mkdir()
    for path in (locked.path, abandoned):
        os.utime(path, (0, 0))
    TemporaryFolder(tmp_path).remove()
    assert locked.path.exists()
    assert not abandoned.exists()
    locked.remove()
    assert not locked.path.exists()
