"""SIGKILL of every process while eight clients label: no acknowledged mark is lost."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import pytest

from labeler.tests.client import Client
from labeler.tests.running import Run

PASSWORD = "a pass phrase for tests"
JUDGES = [f"labeller{n}" for n in range(8)]
ENTITIES = 40
PER_ENTITY = 12
MARKS = 2 * ENTITIES * PER_ENTITY
MANY = 100_000
VICTIMS = ("web server", "worker", "broker", "database")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = tmp_path_factory.mktemp("survival") / "data"
    with Run(data, LABELER_DEMO_PASSWORD=PASSWORD, LABELER_LEASE_MINUTES="1") as run:
        yield run.started()


@pytest.fixture(scope="module")
def admin(run):
    client = Client(run, "admin", PASSWORD)
    for name in JUDGES:
        person = {"username": name, "password": PASSWORD, "roles": ["judge"]}
        assert client.call("POST", "users/", person)[0] == 201
    # Pictures of zero bytes are judged like others, and the test need not draw them.
    rows = [
        f"m.k{entity:03}\t{rank}\thttps://example.org/{entity}/{rank}\t\tFaceId-0\t"
        "AAAAAAAAAAAAAIA/AACAPw==\t\n"
        for entity in range(ENTITIES)
        for rank in range(PER_ENTITY)
    ]
    import_ = client.upload("rows.tsv", "".join(rows).encode(), layout="faces")
    assert import_["rows_added"] == ENTITIES * PER_ENTITY
    return client


def test_no_acknowledged_judgment_is_lost_or_doubled(run, admin):
    batch = open_batch(admin)
    acknowledged = {}
    kills = Kills(run, MARKS)
    with ThreadPoolExecutor(len(JUDGES) + 1) as pool:
        large_import = pool.submit(import_many_rows, run)
        labellers = [pool.submit(label, run, name, batch, kills) for name in JUDGES]
        for labeller in as_completed(labellers):  # raises the first failure at once
            acknowledged |= labeller.result()
        import_ = large_import.result()

    assert kills.names == [*VICTIMS, *VICTIMS]
    rows = admin.table(f"judgments.tsv?batch={batch}")
    assert len(rows) == len(acknowledged) == MARKS
    per_candidate = Counter(row["candidate_id"] for row in rows)
    assert set(per_candidate.values()) == {2}
    stored = Counter((row["judge"], row["verdict"]) for row in rows)
    assert stored == Counter((name, v) for (name, _), v in acknowledged.items())
    assert {row["basis"] for row in admin.table(f"truth.tsv?batch={batch}")} <= {
        "unanimous",
        "open",
    }
    assert (import_["state"], import_["rows_added"]) == ("done", MANY), import_
    assert run.sql(
        "SELECT count(*) FROM annotations_candidate WHERE face_id = 'FaceId-7'"
    ) == [(MANY,)]
    assert run.process.poll() is None
    assert run.sql(
        "SELECT count(*) FROM annotations_assignment WHERE state = 'held'"
    ) == [(0,)]


def open_batch(admin):
    rules = {
        "name": "survival",
        "entities": [f"m.k{n:03}" for n in range(ENTITIES)],
        "judges_required": 2,
        "page_size": 6,
    }
    status, batch, _ = admin.call("POST", "batches/", rules)
    assert status == 201, batch
    batch_id = batch["id"]
    people = {"usernames": JUDGES}
    assert admin.call("POST", f"batches/{batch_id}/judges/", people)[0] < 300
    assert admin.call("POST", f"batches/{batch_id}/open/")[0] == 200
    return batch_id


def import_many_rows(run: Run) -> dict[str, Any]:
    """Run a large import under the same kills. It must end without duplicates."""
    rows = (
        f"m.z{n // 50:05}\t{n % 50}\thttps://example.org/z/{n}\t\tFaceId-7\t\t\n"
        for n in range(MANY)
    )
    client = Client(run, "admin", PASSWORD)
    content = "".join(rows).encode()
    return client.upload("many.tsv", content, layout="faces", images="none")


class Kills:
    """Kills of each kind of process, two each, spread over the marks.

    They depend on the number of marks and not on time, so that all of them happen while
    the clients label, on a machine of any speed.
    """

    def __init__(self, run: Run, marks: int) -> None:
        self.run = run
        self.names: list[str] = []
        self._victims = list(VICTIMS * 2)
        self._pause = marks // (len(self._victims) + 1)
        self._marks = 0
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count an acknowledged mark. Kill the next process if it is time."""
        with self._lock:
            self._marks += 1
            if self._victims and self._marks % self._pause == 0:
                self._kill(self._victims.pop(0))

    def _kill(self, name: str) -> None:
        self.run.kill(name)
        self.names.append(name)


def label(run: Run, name: str, batch: int, kills: Kills) -> dict[tuple[str, str], str]:
    """Mark the whole queue, one mark per request. Return the acknowledged marks."""
    client, acknowledged = Client(run, name, PASSWORD), {}
    rng = random.Random(name)
    for page in client.pages(batch):
        for tile in page["candidates"]:
            verdict = tile["verdict"] or rng.choice(["yes", "no", "broken"])
            if tile["verdict"] is None:
                [result] = client.mark(page, {tile["id"]: verdict})
                assert result["status"] in ("recorded", "replayed"), result
                kills.count()
            acknowledged[name, tile["id"]] = verdict
            time.sleep(0.02)
        assert client.submit(page)[0] == 200
    return acknowledged
