"""Releases in the API: requested, shown, and their files in full, in ranges or gzipped."""

import csv
import gzip
import hashlib
import io
import json
import warnings

import pytest

from annotations import releases
from annotations.models import Release

from .released import content, judged_batch, released

pytestmark = pytest.mark.django_db(transaction=True)

TRUTH = {"m.a": "yes yes no", "m.b": "yes no broken", "m.c": "yes yes yes"}
URL = "/api/v1/releases/"


@pytest.fixture
def batch():
    return judged_batch(TRUTH)


def body_of(batch, **fields):
    body = {"name": "first", "batches": [batch.pk], "dev_entities": 1, "seed": 7}
    return body | {"distractors": 1} | fields


def whole(response):
    return b"".join(response.streaming_content)


def test_a_release_is_requested_created_and_shown(batch, api, admin, worker_at_hand):
    response = api(admin).post(URL, body_of(batch), format="json")
    assert response.status_code == 202
    assert response.json()["state"] == "pending"
    details = api(admin).get(f"{URL}{response.json()['id']}/").json()
    assert (details["state"], details["progress"]) == ("done", 1)
    assert details["counts"]["yes"] == 6
    assert details["rules"]["batches"][0]["judges_required"] == 2
    assert {file["name"] for file in details["files"]} >= {
        "truth.tsv",
        "croissant.json",
    }
    assert "lines.tsv" not in str(details)
    [line] = api(admin).get(f"{URL}?state=done").json()["results"]
    assert line["name"] == "first"
    assert api(admin).get(f"{URL}?state=failed").json()["results"] == []


def test_obstacles_are_problems_that_name_the_field(batch, api, admin):
    for fields, field in (
        ({"dev_entities": 100}, "dev_entities"),
        ({"distractors": 100}, "distractors"),
        ({"batches": [4711]}, "batches"),
        ({"seed": -1}, "seed"),
        ({"seed": "7"}, "seed"),
        ({"leaves_open_out": 1}, "leaves_open_out"),
        ({"what": 1}, "what"),
    ):
        response = api(admin).post(URL, body_of(batch, **fields), format="json")
        assert response.status_code == 400, fields
        assert list(response.json()["errors"]) == [field]
    assert not Release.objects.exists()


def test_a_preview_counts_and_creates_nothing(batch, api, admin):
    response = api(admin).post(f"{URL}preview/", {"batches": [batch.pk]}, format="json")
    assert response.json() == {
        "candidates": 9,
        "yes": 6,
        "no": 2,
        "broken": 1,
        "open": 0,
        "entities": 3,
        "confirmed": 3,
        "refused": 2,
    }
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("truth.tsv", "truth.tsv"),
        ("judgments.tsv", "judgments.tsv"),
        (
            "measurement.tsv?subset=random&split=dev&image=cropped",
            "measurement-random-dev-cropped.tsv",
        ),
        (
            "measurement.tsv?subset=random&split=test",
            "measurement-random-test-aligned.tsv",
        ),
        ("key.tsv?subset=random", "key-random.tsv"),
        ("removals.tsv", "removals.tsv"),
        ("datasheet.md", "datasheet.md"),
        ("croissant.json", "croissant.json"),
    ],
)
def test_a_file_has_its_digest_as_etag_and_can_be_gzipped(
    address, name, batch, api, admin
):
    release = released(batch)
    data, where = content(release, name), f"{URL}{release.pk}/{address}"
    client = api(admin)
    plain = client.get(where)
    assert whole(plain) == data
    digest = hashlib.sha256(data).hexdigest()
    assert plain["ETag"] == f'"{digest}"'
    assert plain["Content-Length"] == str(len(data))
    assert plain["Accept-Ranges"] == "bytes"
    packed = client.get(where, HTTP_ACCEPT_ENCODING="br, gzip;q=0.8")
    assert packed["Content-Encoding"] == "gzip"
    assert packed["ETag"] == f'"{digest}-gzip"'
    assert gzip.decompress(whole(packed)) == data
    plain_again = client.get(where, HTTP_ACCEPT_ENCODING="gzip;q=0")
    assert not plain_again.has_header("Content-Encoding")
    for etag in (plain["ETag"], f'W/{plain["ETag"]}, "x"', "*"):
        response = client.get(where, HTTP_IF_NONE_MATCH=etag)
        assert (response.status_code, response.content) == (304, b"")
        assert response["ETag"] == plain["ETag"]
    assert client.get(where, HTTP_IF_NONE_MATCH='"x"').status_code == 200


def test_ranges_of_a_file(batch, api, admin):
    release = released(batch)
    data, where = content(release, "truth.tsv"), f"{URL}{release.pk}/truth.tsv"
    client, size = api(admin), len(content(release, "truth.tsv"))
    for header, start, stop in (
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=-{size + 5}", 0, size),
        (f"bytes=5-{size + 5}", 5, size),
    ):
        part = client.get(where, HTTP_RANGE=header, HTTP_ACCEPT_ENCODING="gzip")
        assert part.status_code == 206, header
        assert whole(part) == data[start:stop]
        assert part["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part["Content-Length"] == str(stop - start)
    for header in ("bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "bytes=x"):
        assert whole(client.get(where, HTTP_RANGE=header)) == data, header
    for header in (f"bytes={size}-", "bytes=-0"):
        response = client.get(where, HTTP_RANGE=header)
        assert response.status_code == 416
        assert response["Content-Range"] == f"bytes */{size}"
        assert response["Content-Type"] == "application/problem+json"
    etag = client.get(where)["ETag"]
    partial = client.get(where, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=etag)
    assert partial.status_code == 206
    whole_file = client.get(where, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"other"')
    assert whole_file.status_code == 200


def test_missing_hard_files_are_not_found_with_the_reason(batch, api, admin):
    release = released(batch)
    for address in ("measurement.tsv?subset=hard&split=dev", "key.tsv?subset=hard"):
        response = api(admin).get(f"{URL}{release.pk}/{address}")
        assert response.status_code == 404
        assert "no embeddings" in response.json()["detail"]
    wrong = api(admin).get(f"{URL}{release.pk}/measurement.tsv?subset=soft&split=dev")
    assert set(wrong.json()["errors"]) == {"subset"}


def test_changes_since_an_earlier_release(batch, api, admin):
    first = released(batch)
    second = released(judged_batch({"m.x": "yes no"}, seed=60), name="second")
    where = f"{URL}{second.pk}/changes/?since={first.pk}"
    changes = json.loads(whole(api(admin).get(where)))
    assert (changes["release"], changes["since"]) == (second.pk, first.pk)
    kinds = [change["kind"] for change in changes["changes"]]
    assert (kinds.count("removed"), kinds.count("added")) == (9, 2)
    assert changes["changes"][-1]["entity_key"] == "m.x"
    pending = releases.request(by=admin, **body_of(batch, name="third"))
    where = f"{URL}{pending.pk}/changes/?since={first.pk}"
    assert api(admin).get(where).status_code == 404


def test_a_failed_release_can_be_retried_or_deleted(batch, api, admin, worker_at_hand):
    release = releases.request(by=admin, **body_of(batch))
    where, client = f"{URL}{release.pk}/", api(admin)
    assert client.delete(where).status_code == 409
    Release.objects.update(state="failed", problem="p")
    assert client.post(f"{where}retry/").status_code == 202
    assert client.get(where).json()["state"] == "done"
    assert client.delete(where).status_code == 409
    failed = releases.request(by=admin, **body_of(batch, name="other"))
    Release.objects.filter(pk=failed.pk).update(state="failed")
    assert client.delete(f"{URL}{failed.pk}/").status_code == 204
    assert client.get(f"{URL}{failed.pk}/").status_code == 404


def test_strangers_are_refused(batch, api, stranger):
    release = released(batch)
    for address in ("", f"{release.pk}/", f"{release.pk}/truth.tsv"):
        assert api(stranger).get(f"{URL}{address}").status_code == 403
        assert api().get(f"{URL}{address}").status_code == 401


def test_mlcroissant_validates_the_metadata_and_reads_the_truth(batch, tmp_path):
    release = released(batch)
    for name in releases.file_names(release):
        (tmp_path / name).write_bytes(content(release, name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant  # noqa: PLC0415 - its import emits warnings

        dataset = mlcroissant.Dataset(tmp_path / "croissant.json")
        assert not dataset.metadata.ctx.issues.errors
        records = list(dataset.records("truth"))
    rows = list(
        csv.DictReader(
            io.StringIO(content(release, "truth.tsv").decode()), delimiter="\t"
        )
    )
    assert len(records) == len(rows) == 9
    keys = [record["truth/entity_key"].decode() for record in records]
    assert keys == [row["entity_key"] for row in rows]
