"""SIGKILL of the scoring worker's child, then of the worker: each candidate has one score."""

import io
import os
import signal
import zipfile

import pytest

from labeler import demo
from labeler.embedded.processes import wait_until
from labeler.tests.client import Client
from labeler.tests.running import Run, family_of

PASSWORD = "a pass phrase for tests"
COPIES = 2  # of each drawn person, so that the work lasts long enough to kill it
RECOVERY_SECONDS = 120  # without help

MISSING = """
SELECT count(*) FROM annotations_candidate c CROSS JOIN annotations_scorer s
WHERE s.is_active AND NOT EXISTS (
    SELECT FROM annotations_score o
    WHERE o.candidate_id = c.id AND o.scorer_id = s.id)
"""
SCORES = "SELECT count(*) FROM annotations_score"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = tmp_path_factory.mktemp("scoring") / "data"
    with Run(data, LABELER_DEMO_PASSWORD=PASSWORD) as run:
        yield run.started()


def count(run, statement):
    [(number,)] = run.sql(statement)
    return number


def album():
    """Return an archive of the drawn people in key folders, under several keys each."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted((demo.FOLDER / "pictures").rglob("*.webp")):
            for copy in range(COPIES):
                name = f"{path.parent.name}-{copy}/{path.name}"
                archive.writestr(name, path.read_bytes())
    return file.getvalue()


def test_every_candidate_is_scored_once_despite_kills(run):
    client = Client(run, "admin", PASSWORD)
    import_ = client.upload("people.zip", album(), layout="archive")
    assert (import_["state"], import_["rows_refused"]) == ("done", 0)
    candidates = import_["rows_added"]
    assert wait_until(lambda: count(run, SCORES) > candidates // 10, 60)
    worker = run.children()["scoring worker"]
    children = {pid for pid, _ in family_of(worker)} - {worker}
    assert children
    for pid in children:  # in the middle of a batch: the worker continues
        os.kill(pid, signal.SIGKILL)
    scores = count(run, SCORES)
    assert wait_until(lambda: count(run, SCORES) > scores + candidates // 10, 90)
    for pid, _ in family_of(worker):  # the supervisor starts another one
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: count(run, MISSING) == 0, RECOVERY_SECONDS)
    assert count(run, SCORES) == 2 * candidates
    pending = "SELECT count(*) FROM annotations_pendingscoring"
    assert wait_until(lambda: count(run, pending) == 0, 90)
    assert run.sql("SELECT DISTINCT outcome FROM annotations_score ORDER BY 1") == [
        ("no-reference",),
        ("scored",),
    ]
