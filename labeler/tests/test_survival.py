"""kill -9 of every process while eight clients label: nothing acknowledged is lost."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed

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
    # Pictures of zero bytes are judged like others and need no drawing here.
    rows = [
        f"m.k{entity:03}\t{rank}\thttps://example.org/{entity}/{rank}\t\tFaceId-0\t"
        "AAAAAAAAAAAAAIA/AACAPw==\t\n"
        for entity in range(ENTITIES)
        for rank in range(PER_ENTITY)
    ]
    ended = client.upload("rows.tsv", "".join(rows).encode(), layout="faces")
    assert ended["rows_added"] == ENTITIES * PER_ENTITY
    return client


def test_no_acknowledged_judgment_is_lost_or_doubled(run, admin):
    batch = a_batch(admin)
    acknowledged: dict[tuple[str, str], str] = {}
    killings = Killings(run, MARKS)
    with ThreadPoolExecutor(len(JUDGES) + 1) as pool:
        imported = pool.submit(import_much, run)
        labelling = [pool.submit(label, run, name, batch, killings) for name in JUDGES]
        for finished_one in as_completed(labelling):  # a failure is told at once
            acknowledged |= finished_one.result()
        ended = imported.result()

    assert killings.killed == [*VICTIMS, *VICTIMS]
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
    assert (ended["state"], ended["rows_added"]) == ("done", MANY), ended
    assert run.sql(
        "SELECT count(*) FROM annotations_candidate WHERE face_id = 'FaceId-7'"
    ) == [(MANY,)]
    assert run.process.poll() is None
    assert run.sql(
        "SELECT count(*) FROM annotations_assignment WHERE state = 'held'"
    ) == [(0,)]


def a_batch(admin):
    rules = {
        "name": "survival",
        "entities": [f"m.k{n:03}" for n in range(ENTITIES)],
        "judges_required": 2,
        "page_size": 6,
    }
    status, batch, _ = admin.call("POST", "batches/", rules)
    assert status == 201, batch
    number = batch["id"]
    people = {"usernames": JUDGES}
    assert admin.call("POST", f"batches/{number}/judges/", people)[0] < 300
    assert admin.call("POST", f"batches/{number}/open/")[0] == 200
    return number


def import_much(run: Run) -> dict:
    """A large import under the same kills; it must end by itself, without doubles."""
    rows = (
        f"m.z{n // 50:05}\t{n % 50}\thttps://example.org/z/{n}\t\tFaceId-7\t\t\n"
        for n in range(MANY)
    )
    client = Client(run, "admin", PASSWORD)
    content = "".join(rows).encode()
    return client.upload("many.tsv", content, layout="faces", images="none")


class Killings:
    """Kill each kind of process twice, spread over the work and not over the clock, so
    that on a machine of any speed all of it happens while the clients label."""

    def __init__(self, run: Run, marks: int) -> None:
        self.run = run
        self.killed: list[str] = []
        self._left = list(VICTIMS * 2)
        self._pause = marks // (len(self._left) + 1)
        self._said = 0
        self._lock = threading.Lock()

    def count(self) -> None:
        """One more mark was acknowledged."""
        with self._lock:
            self._said += 1
            if self._left and self._said % self._pause == 0:
                self._kill(self._left.pop(0))

    def _kill(self, name: str) -> None:
        self.run.kill(name)
        self.killed.append(name)


def label(
    run: Run, name: str, batch: int, killings: Killings
) -> dict[tuple[str, str], str]:
    """Work off the queue mark by mark; what the server said it has."""
    client, said = Client(run, name, PASSWORD), {}
    chance = random.Random(name)
    for page in client.pages(batch):
        for tile in page["candidates"]:
            verdict = tile["verdict"] or chance.choice(["yes", "no", "broken"])
            if tile["verdict"] is None:
                [result] = client.mark(page, {tile["id"]: verdict})
                assert result["status"] in ("recorded", "replayed"), result
                killings.count()
            said[name, tile["id"]] = verdict
            time.sleep(0.02)
        assert client.submit(page)[0] == 200
    return said
