"""Releases by API: asked for, watched, given away whole, in parts, packed or not at all."""

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
WHERE = "/api/v1/releases/"


@pytest.fixture
def batch():
    return judged_batch(TRUTH)


def body_of(batch, **given):
    asked = {"name": "first", "batches": [batch.pk], "dev_entities": 1, "seed": 7}
    return asked | {"distractors": 1} | given


def whole(response):
    return b"".join(response.streaming_content)


def test_a_release_is_asked_for_made_and_shown(batch, api, admin, worker_at_hand):
    response = api(admin).post(WHERE, body_of(batch), format="json")
    assert response.status_code == 202
    assert response.json()["state"] == "pending"
    shown = api(admin).get(f"{WHERE}{response.json()['id']}/").json()
    assert (shown["state"], shown["progress"]) == ("done", 1)
    assert shown["counts"]["yes"] == 6
    assert shown["rules"]["batches"][0]["judges_required"] == 2
    assert {file["name"] for file in shown["files"]} >= {"truth.tsv", "croissant.json"}
    assert "lines.tsv" not in str(shown)
    [listed] = api(admin).get(f"{WHERE}?state=done").json()["results"]
    assert listed["name"] == "first"
    assert api(admin).get(f"{WHERE}?state=failed").json()["results"] == []


def test_what_stands_in_its_way_is_a_problem_that_names_the_field(batch, api, admin):
    for given, field in (
        ({"dev_entities": 100}, "dev_entities"),
        ({"distractors": 100}, "distractors"),
        ({"batches": [4711]}, "batches"),
        ({"seed": -1}, "seed"),
        ({"seed": "7"}, "seed"),
        ({"leaves_open_out": 1}, "leaves_open_out"),
        ({"what": 1}, "what"),
    ):
        response = api(admin).post(WHERE, body_of(batch, **given), format="json")
        assert response.status_code == 400, given
        assert list(response.json()["errors"]) == [field]
    assert not Release.objects.exists()


def test_a_preview_counts_and_makes_nothing(batch, api, admin):
    response = api(admin).post(
        f"{WHERE}preview/", {"batches": [batch.pk]}, format="json"
    )
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
def test_a_file_comes_whole_with_its_digest_or_packed(address, name, batch, api, admin):
    release = released(batch)
    data, where = content(release, name), f"{WHERE}{release.pk}/{address}"
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
    refused = client.get(where, HTTP_ACCEPT_ENCODING="gzip;q=0")
    assert not refused.has_header("Content-Encoding")
    for etag in (plain["ETag"], f'W/{plain["ETag"]}, "x"', "*"):
        known = client.get(where, HTTP_IF_NONE_MATCH=etag)
        assert (known.status_code, known.content) == (304, b"")
        assert known["ETag"] == plain["ETag"]
    assert client.get(where, HTTP_IF_NONE_MATCH='"x"').status_code == 200


def test_parts_of_a_file(batch, api, admin):
    release = released(batch)
    data, where = content(release, "truth.tsv"), f"{WHERE}{release.pk}/truth.tsv"
    client, size = api(admin), len(content(release, "truth.tsv"))
    for asked, start, stop in (
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=-{size + 5}", 0, size),
        (f"bytes=5-{size + 5}", 5, size),
    ):
        part = client.get(where, HTTP_RANGE=asked, HTTP_ACCEPT_ENCODING="gzip")
        assert part.status_code == 206, asked
        assert whole(part) == data[start:stop]
        assert part["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part["Content-Length"] == str(stop - start)
    for asked in ("bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "bytes=x"):
        assert whole(client.get(where, HTTP_RANGE=asked)) == data, asked
    for asked in (f"bytes={size}-", "bytes=-0"):
        beyond = client.get(where, HTTP_RANGE=asked)
        assert beyond.status_code == 416
        assert beyond["Content-Range"] == f"bytes */{size}"
        assert beyond["Content-Type"] == "application/problem+json"
    etag = client.get(where)["ETag"]
    same = client.get(where, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=etag)
    assert same.status_code == 206
    other = client.get(where, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"other"')
    assert other.status_code == 200


def test_hard_files_that_were_not_offered_are_not_found_with_the_reason(
    batch, api, admin
):
    release = released(batch)
    for address in ("measurement.tsv?subset=hard&split=dev", "key.tsv?subset=hard"):
        response = api(admin).get(f"{WHERE}{release.pk}/{address}")
        assert response.status_code == 404
        assert "no embeddings" in response.json()["detail"]
    wrong = api(admin).get(f"{WHERE}{release.pk}/measurement.tsv?subset=soft&split=dev")
    assert set(wrong.json()["errors"]) == {"subset"}


def test_the_difference_to_an_earlier_one(batch, api, admin):
    first = released(batch)
    second = released(judged_batch({"m.x": "yes no"}, seed=60), name="second")
    where = f"{WHERE}{second.pk}/changes/?since={first.pk}"
    told = json.loads(whole(api(admin).get(where)))
    assert (told["release"], told["since"]) == (second.pk, first.pk)
    kinds = [change["kind"] for change in told["changes"]]
    assert (kinds.count("removed"), kinds.count("added")) == (9, 2)
    assert told["changes"][-1]["entity_key"] == "m.x"
    pending = releases.request(by=admin, **body_of(batch, name="third"))
    where = f"{WHERE}{pending.pk}/changes/?since={first.pk}"
    assert api(admin).get(where).status_code == 404


def test_a_failed_one_is_retried_or_deleted(batch, api, admin, worker_at_hand):
    release = releases.request(by=admin, **body_of(batch))
    where, client = f"{WHERE}{release.pk}/", api(admin)
    assert client.delete(where).status_code == 409
    Release.objects.update(state="failed", problem="p")
    assert client.post(f"{where}retry/").status_code == 202
    assert client.get(where).json()["state"] == "done"
    assert client.delete(where).status_code == 409
    other = releases.request(by=admin, **body_of(batch, name="other"))
    Release.objects.filter(pk=other.pk).update(state="failed")
    assert client.delete(f"{WHERE}{other.pk}/").status_code == 204
    assert client.get(f"{WHERE}{other.pk}/").status_code == 404


def test_strangers_learn_nothing_of_releases(batch, api, stranger):
    release = released(batch)
    for address in ("", f"{release.pk}/", f"{release.pk}/truth.tsv"):
        assert api(stranger).get(f"{WHERE}{address}").status_code == 403
        assert api().get(f"{WHERE}{address}").status_code == 401


def test_croissant_passes_its_authors_validator_and_reads_the_truth(batch, tmp_path):
    release = released(batch)
    for name in releases.file_names(release):
        (tmp_path / name).write_bytes(content(release, name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant  # noqa: PLC0415 - it warns while it is imported

        dataset = mlcroissant.Dataset(tmp_path / "croissant.json")
        assert not dataset.metadata.ctx.issues.errors
        records = list(dataset.records("truth"))
    rows = list(
        csv.DictReader(
            io.StringIO(content(release, "truth.tsv").decode()), delimiter="\t"
        )
    )
    assert len(records) == len(rows) == 9
    read = [record["truth/entity_key"].decode() for record in records]
    assert read == [row["entity_key"] for row in rows]
