"""The whole flow on a real `make run`, by the API only: TSV in, three judges, TSV out."""

import csv
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labeler.embedded.config import CHECKOUT
from labeler.tests.client import Client
from labeler.tests.running import Run, clean_environment
from tools import sample

SAMPLE = sample.folder()
pytestmark = pytest.mark.sample

PASSWORD = "a pass phrase for tests"
JUDGES = ("judge1", "judge2", "judge3")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = tmp_path_factory.mktemp("flow") / "data"
    with Run(data, LABELER_DEMO_PASSWORD=PASSWORD) as run:
        yield run.started()


@pytest.fixture(scope="module")
def admin(run):
    return Client(run, "admin", PASSWORD)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Return the sample as a file in the released layout, and its truth by digest."""
    out = tmp_path_factory.mktemp("sample") / "sample.tsv"
    script = SAMPLE / "make_synthetic.py"
    command = [sys.executable, script, "--pack", SAMPLE, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    with (SAMPLE / "truth.tsv").open() as rows:
        truth = list(csv.DictReader(rows, delimiter="\t"))
    return out, {(row["mid"], row["sha256"]): row["label"] for row in truth}


def test_the_sample_imported_by_the_api_ends_with_its_truth(admin, run, packed):
    path, truth = packed
    renamed = path.read_bytes().replace(b"m.s00", b"m.api")
    first = admin.upload("sample.tsv", renamed, layout="faces")
    assert (first["state"], first["rows_added"]) == ("done", len(truth))
    again = admin.upload("sample.tsv", renamed, layout="faces")
    assert (again["rows_added"], again["rows_known"]) == (0, len(truth))
    expected = {(k.replace("m.s00", "m.api"), d): v for (k, d), v in truth.items()}
    label_everything(admin, run, expected)


def test_the_sample_imported_by_the_command_ends_with_its_truth(admin, run, packed):
    path, truth = packed
    for count in ("281 added", "281 already imported"):
        command = [sys.executable, "manage.py", "import_candidates", str(path)]
        result = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=clean_environment(LABELER_DATA=str(run.data)),
            capture_output=True,
            text=True,
            check=True,
        )
        output = result.stdout + result.stderr
        assert count in output, output
    label_everything(admin, run, truth)


def label_everything(admin, run, truth):
    """Mark everything correctly as three judges, and compare truth.tsv with the truth."""
    keys = sorted({key for key, _ in truth})
    rules = {"name": "sample", "entities": keys, "judges_required": 3}
    status, batch, _ = admin.call("POST", "batches/", rules)
    assert status == 201, batch
    batch_id = batch["id"]
    names = {"usernames": list(JUDGES)}
    assert admin.call("POST", f"batches/{batch_id}/judges/", names)[0] < 300
    assert admin.call("POST", f"batches/{batch_id}/open/")[0] == 200
    with ThreadPoolExecutor(len(JUDGES)) as pool:
        list(
            pool.map(lambda name: judge_all(run, name, batch_id, admin, truth), JUDGES)
        )
    rows = admin.table(f"truth.tsv?batch={batch_id}")
    assert len(rows) == len(truth)
    for row in rows:
        expected = truth[row["entity_key"], row["image_sha256"]]
        result = (row["verdict"], row["basis"], row["judges"], row["agreement"])
        assert result == (expected, "unanimous", "3", "1.0000"), row
    judgments = admin.table(f"judgments.tsv?batch={batch_id}")
    assert len(judgments) == 3 * len(truth)
    assert {row["judge"] for row in judgments} == set(JUDGES)


def judge_all(run, name, batch, admin, truth):
    client = Client(run, name, PASSWORD)
    digests = {}
    for page in client.pages(batch):
        key = page["entity"]["key"]
        if key not in digests:
            digests[key] = digests_of(admin, key)
        verdicts = {
            tile["id"]: truth[key, digests[key][tile["image_url"], tile["rank"]]]
            for tile in page["candidates"]
        }
        assert {r["status"] for r in client.mark(page, verdicts)} == {"recorded"}
        assert client.submit(page)[0] == 200


def digests_of(admin, key):
    """Return the digest of each candidate of an entity, by URL and rank."""
    path, digests = f"candidates/?entity={key}", {}
    while path:
        status, body, _ = admin.call("GET", path)
        assert status == 200, body
        for candidate in body["results"]:
            digests[candidate["image_url"], candidate["rank"]] = candidate["sha256"]
        next_url = body["next"]
        path = next_url.partition("/api/v1/")[2] if next_url else None
    return digests


def test_edge_cases_end_ready_or_unreadable(admin, packed):
    _, truth = packed
    status, body, _ = admin.call("GET", "candidates/?entity=m.s0001")
    assert status == 200
    notes = {
        Path(row["path"]).name: row
        for row in csv.DictReader((SAMPLE / "truth.tsv").open(), delimiter="\t")
        if row["kind"] == "edge"
    }
    path, states = "candidates/?entity=m.s0001", {}
    while path:
        _, body, _ = admin.call("GET", path)
        states |= {row["sha256"]: row["state"] for row in body["results"]}
        next_url = body["next"]
        path = next_url.partition("/api/v1/")[2] if next_url else None
    assert len(notes) == 17
    for name, row in notes.items():
        state = states[row["sha256"]]
        is_readable = state == "ready"
        if name != "pixel.gif":  # decoders differ on this file
            assert is_readable == (row["label"] != "broken"), (name, state)
