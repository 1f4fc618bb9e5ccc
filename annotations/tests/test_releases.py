"""Releases: files of some batches, reproducible from a seed, that never change."""

import base64
import csv
import io
import struct

import numpy as np
import PIL.Image
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from annotations import adjudication, batches, releases
from annotations.errors import Invalid, NotFound, WrongState
from annotations.models import (
    AuditEntry,
    Candidate,
    Embedding,
    Entity,
    Release,
    Scorer,
)
from annotations.releases import builder

from .factories import CandidateFactory
from .pictures import stored
from .released import content, judged_batch, released

# A release reads one snapshot, which needs its own transaction.
pytestmark = pytest.mark.django_db(transaction=True)

TRUTH = {"m.a": "yes yes no", "m.b": "yes no broken", "m.c": "yes yes yes", "m.d": "no"}
MEASUREMENT = "measurement-{}-{}-{}.tsv"


@pytest.fixture
def batch():
    return judged_batch(TRUTH)


def parsed(data):
    """Parse the released DevSet layout without any code of Labeler."""
    rows = []
    for line in data.decode().removesuffix("\n").split("\n") if data else []:
        mid, name, url, face_id, rectangle, face = line.split("\t")
        box = struct.unpack("ffff", base64.b64decode(rectangle))
        picture = PIL.Image.open(io.BytesIO(base64.b64decode(face)))
        picture.load()
        assert picture.format == "JPEG"
        rows.append((mid, name, url, face_id, box, picture.size))
    return rows


def test_a_release_contains_truth_and_judgments_of_its_batches(batch):
    release = released(batch)
    truth = content(release, "truth.tsv").decode().splitlines()
    assert truth[0].startswith("entity_key\tentity_name\tcandidate_id")
    assert len(truth) == 11
    assert [line.split("\t")[0] for line in truth[1:]] == sorted(
        line.split("\t")[0] for line in truth[1:]
    )
    assert len(content(release, "judgments.tsv").splitlines()) == 21
    assert (release.counts["yes"], release.counts["no"]) == (6, 3)
    assert release.counts["broken"] == 1
    assert release.counts["confirmed_entities"] == 3


def test_measurement_files_have_the_released_layout(batch):
    release = released(batch, distractors=2)
    [dev] = parsed(content(release, MEASUREMENT.format("random", "dev", "cropped")))
    assert dev[0] in ("m.a", "m.b", "m.c")
    assert dev[1] == f"Name of {dev[0]}"
    assert dev[3:5] == ("FaceId-0", (0.0, 0.0, 1.0, 1.0))
    test = parsed(content(release, MEASUREMENT.format("random", "test", "aligned")))
    assert len(test) == 4
    assert {row[0] for row in test} == {row[1] for row in test} == {"-"}


READERS = {
    "csv": lambda path: list(csv.reader(path.open(encoding="utf-8"), delimiter="\t")),
    "strip": lambda path: [
        row.strip().split("\t") for row in path.open(encoding="utf-8")
    ],
    "split": lambda path: [row.split("\t") for row in path.open(encoding="utf-8")],
    "splitlines": lambda path: [
        row.split("\t") for row in path.read_text("utf-8").splitlines()
    ],
}


@pytest.mark.parametrize("reader", READERS)
def test_other_readers_read_withheld_cells_and_odd_names(batch, reader, tmp_path):
    Entity.objects.filter(key="m.a").update(name='"Ada" One')
    Entity.objects.filter(key="m.b").update(name="Be\u2028tty\x85\x1f")
    Entity.objects.filter(key="m.c").update(name='"Cleo')
    Candidate.objects.update(image_url="")
    release = released(batch, distractors=2)

    for split, lines in (("dev", 1), ("test", 4)):
        path = tmp_path / f"{split}.tsv"
        path.write_bytes(
            content(release, MEASUREMENT.format("random", split, "aligned"))
        )
        rows = READERS[reader](path)
        assert [len(row) for row in rows] == [6] * lines
        assert {row[2] for row in rows} == {"-"}
        assert {(row[0], row[1]) == ("-", "-") for row in rows} == {split == "test"}
        assert all(base64.b64decode(row[5]) for row in rows)


def test_the_key_separates_mids_from_distractors(batch):
    release = released(batch, distractors=2)
    key = [
        line.split("\t")
        for line in content(release, "key-random.tsv").decode().splitlines()
    ]
    assert [number for number, _ in key] == ["1", "2", "3", "4"]
    assert sorted(mid for _, mid in key)[:2] == ["", ""]
    dev = parsed(content(release, MEASUREMENT.format("random", "dev", "aligned")))
    mids = {mid for _, mid in key if mid} | {dev[0][0]}
    assert mids == {"m.a", "m.b", "m.c"}


def test_equal_seeds_give_equal_files_and_other_seeds_do_not(batch):
    first, second = released(batch), released(batch, name="again")
    third = released(batch, name="other", seed=8)
    names = [name for name in releases.file_names(first) if name.endswith(".tsv")]
    assert "truth.tsv" in names
    for name in names:
        assert content(first, name) == content(second, name), name
    assert any(content(first, name) != content(third, name) for name in names)


def embed(candidates, vectors):
    scorer = Scorer.objects.create(name="faces", version="1", digest="d")
    for candidate, vector in zip(candidates, vectors, strict=True):
        unit = np.asarray(vector, "<f4") / np.linalg.norm(vector)
        box = np.asarray([0, 0, 1, 1, 1, 32], "<f4")
        Embedding.objects.create(
            scorer=scorer,
            candidate=candidate,
            vectors=unit.astype("<f4").tobytes(),
            boxes=box.tobytes(),
        )


def test_without_embeddings_there_is_no_hard_subset(batch):
    release = released(batch)
    assert not any("hard" in name for name in releases.file_names(release))
    assert release.method == ""
    with pytest.raises(NotFound, match="no embeddings"):
        releases.open_file(release, MEASUREMENT.format("hard", "dev", "aligned"))
    assert b"not offered" in content(release, "datasheet.md")


def test_the_hard_image_is_the_one_farthest_from_its_nearest_other():
    batch = judged_batch({"m.a": "yes yes yes yes", "m.b": "yes"})
    entity = batch.batchentity_set.get(entity__key="m.a").entity
    candidates = list(entity.candidates.order_by("pk"))
    embed(candidates, [(1, 0.1), (1, 0), (0.3, 1), (1, 0.05)])
    release = released(batch, dev_entities=2, distractors=0)
    assert "scorer faces 1, weights SHA-256 d" in release.method
    rows = parsed(content(release, MEASUREMENT.format("hard", "dev", "cropped")))
    assert {row[0] for row in rows} == {"m.a", "m.b"}
    [hard] = [row for row in rows if row[0] == "m.a"]
    assert hard[2] == candidates[2].image_url
    assert release.counts["hard_without_vector"] == 1


def test_later_rulings_do_not_change_a_release(batch, admin):
    release = released(batch)
    before = {name: content(release, name) for name in releases.file_names(release)}
    candidate = batch.batchentity_set.first().entity.candidates.first()
    adjudication.rule(batch=batch, candidate=candidate.pk, verdict="broken", by=admin)
    later = released(batch, name="later")
    assert {n: content(release, n) for n in before} == before
    [change] = releases.changes(later, release)
    assert (change.kind, change.before, change.after) == ("changed", "yes", "broken")
    assert (change.candidate_id, change.basis_after) == (candidate.pk, "ruling")
    [back] = releases.changes(release, later)
    assert (back.before, back.after) == ("broken", "yes")


def test_changes_list_added_and_removed_candidates(batch):
    second_batch = judged_batch({"m.0": "yes", "m.z": "no"}, seed=100)
    first, second = (
        released(batch),
        released(second_batch, name="second", distractors=0),
    )
    kinds = [(c.kind, c.entity_key) for c in releases.changes(second, first)]
    assert kinds[0] == ("added", "m.0")
    assert kinds[-1] == ("added", "m.z")
    assert sum(kind == "removed" for kind, _ in kinds) == 10


def test_a_finished_release_cannot_be_changed(batch, admin):
    release = released(batch)
    for act in (
        lambda: Release.objects.filter(pk=release.pk).update(seed=1),
        lambda: Release.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="never changed"):
            act()
    with pytest.raises(WrongState):
        releases.delete(release=release, by=admin)
    with pytest.raises(WrongState):
        releases.retry(release=release, by=admin)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"batches": []}, "batches"),
        ({"batches": [4711]}, "batches"),
        ({"dev_entities": 4}, "dev_entities"),
        ({"distractors": 4}, "distractors"),
    ],
)
def test_an_invalid_request_names_the_field(options, field, batch, admin):
    valid = {"name": "n", "batches": [batch.pk], "dev_entities": 1, "distractors": 1}
    with pytest.raises(Invalid) as invalid:
        releases.request(by=admin, **(valid | options))
    assert list(invalid.value.errors) == [field]
    assert not Release.objects.exists()


def test_names_are_unique(batch, admin):
    released(batch)
    with pytest.raises(Invalid, match="name"):
        released(batch)


def test_open_candidates_block_a_release_unless_left_out(batch, admin):
    late = CandidateFactory(entity__key="m.e", image=stored(seed=99))
    draft = batches.create(by=admin, name="never", entities=["m.e"])
    options = {"name": "n", "dev_entities": 1, "distractors": 0, "by": admin}
    with pytest.raises(Invalid, match="never opened"):
        releases.request(batches=[draft.pk], **options)
    batches.open_batch(batch=draft, by=admin)
    batch_ids = [batch.pk, draft.pk]
    with pytest.raises(Invalid, match="1 candidate is undecided"):
        releases.request(batches=batch_ids, **options)
    assert releases.preview(batch_ids).open == 1
    release = releases.request(batches=batch_ids, leaves_open_out=True, **options)
    assert releases.make(release.pk)
    release.refresh_from_db()
    [row] = [
        line.split("\t")
        for line in content(release, "truth.tsv").decode().splitlines()
        if line.startswith("m.e")
    ]
    assert (row[2], row[8], row[9]) == (str(late.pk), "", "open")
    assert release.counts["open"] == 1
    assert "| 1 |" in content(release, "datasheet.md").decode()


def test_another_worker_continues_after_a_kill(batch, admin, monkeypatch):
    monkeypatch.setattr(builder.pictures, "LINES_PER_PIECE", 1)
    options = {"batches": [batch.pk], "dev_entities": 1, "distractors": 2, "seed": 7}
    whole = released(batch, name="whole", distractors=2)
    release = releases.request(name="n", by=admin, **options)
    crop, pieces = builder.pictures.lines_with_crops, []

    def dying(rows):
        pieces.append(rows)
        if len(pieces) == 3:
            raise OSError("the machine went away")
        return crop(rows)

    monkeypatch.setattr(builder.pictures, "lines_with_crops", dying)
    with pytest.raises(OSError, match="went away"):
        releases.make(release.pk)
    assert Release.objects.get(pk=release.pk).state == "running"
    steps = 1
    while not releases.make(release.pk, seconds=0):
        steps += 1
    assert steps > 2
    assert len(pieces) == 6  # five lines, one of them twice
    release.refresh_from_db()
    assert release.progress == 1
    for name in releases.file_names(release):
        if name.endswith(".tsv"):
            assert content(release, name) == content(whole, name)
    assert default_storage.listdir("releases")[0].count("work") <= 1
    assert not default_storage.exists(f"releases/work/{release.pk}")


def test_a_failed_release_says_why_and_can_be_retried_or_deleted(batch, admin):
    options = {"batches": [batch.pk], "dev_entities": 1, "distractors": 1, "seed": 7}
    release = releases.request(name="n", by=admin, **options)
    image = batch.batchentity_set.get(entity__key="m.b").entity.candidates.first().image
    name = f"images/{image.sha256[:2]}/{image.sha256[2:4]}/{image.sha256}"
    data = default_storage.open(name).read()
    default_storage.delete(name)
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert (release.state, "lacks the file" in release.problem) == ("failed", True)
    releases.delete(release=release, by=admin)
    release = releases.request(name="n", by=admin, **options)
    releases.make(release.pk)
    with default_storage.open(name, "wb") as file:
        file.write(data)
    release.refresh_from_db()
    release = releases.retry(release=release, by=admin)
    assert release.pk in releases.find_idle()
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert release.state == "done"
    entries = AuditEntry.objects.filter(action__startswith="release-")
    assert [entry.action for entry in entries.order_by("pk")] == [
        "release-asked",
        "release-deleted",
        "release-asked",
        "release-retried",
    ]


def test_missing_files_are_not_found(batch, admin):
    release = releases.request(
        name="n", batches=[batch.pk], dev_entities=1, distractors=1, by=admin
    )
    assert releases.file_names(release) == []
    with pytest.raises(NotFound, match="not done"):
        releases.open_file(release, "truth.tsv")
    release = released(batch)
    for name in ("lines.tsv", "../secret", "round"):
        assert name not in releases.file_names(release)
    with pytest.raises(NotFound):
        releases.open_file(release, "../secret")


def test_commands_export_the_files_of_a_release(batch, tmp_path):
    release = released(batch, distractors=2)
    target = tmp_path / "out.tsv"
    for command, name, options in (
        ("export_truth", "truth.tsv", {}),
        ("export_judgments", "judgments.tsv", {}),
        ("export_measurement", MEASUREMENT.format("random", "dev", "aligned"), {}),
        ("export_measurement", "key-random.tsv", {"key": True}),
        (
            "export_measurement",
            MEASUREMENT.format("random", "test", "cropped"),
            {"split": "test", "image": "cropped"},
        ),
    ):
        call_command(command, str(target), release="first", **options)
        assert target.read_bytes() == content(release, name)
    with pytest.raises(CommandError, match="no embeddings"):
        call_command("export_measurement", str(target), release="first", subset="hard")
    with pytest.raises(CommandError, match="no release"):
        call_command("export_truth", str(target), release="nothing")


def test_the_command_makes_a_release_too_large_for_a_worker(batch, admin):
    options = {"batches": [batch.pk], "dev_entities": 1, "distractors": 1, "by": admin}
    release = releases.request(name="n", **options)
    assert releases.make(release.pk, seconds=-1)
    release.refresh_from_db()
    assert "manage.py make_release" in release.problem
    out = io.StringIO()
    call_command("make_release", "n", stdout=out, stderr=io.StringIO())
    assert "n is done" in out.getvalue()
    with pytest.raises(CommandError, match="no release"):
        call_command("make_release", "nothing")
