"""Erasures remove data from every release and record the rewritten files."""

import base64
import os

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotations import erasure, releases, verification
from annotations.models import Candidate, Entity, Release, ReleaseRemoval
from annotations.releases import builder

from .released import (
    content,
    findable_batch,
    holding,
    judged_batch,
    released,
    rows_of,
    signs_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch():
    """Return a batch of three entities that are easy to find in files."""
    return findable_batch()


def test_no_stored_file_contains_an_erased_entity(batch, admin):
    first = released(batch, dev_entities=2, distractors=2)
    released(batch, name="second", dev_entities=0, distractors=3)
    entity = Entity.objects.get(key="m.anna")
    candidates = list(entity.candidates.select_related("image"))
    signs = signs_of(candidates) | {"m.anna"}
    assert holding(signs)
    erasure.erase_entity(key="m.anna", by=admin)
    assert holding(signs) == []
    first.refresh_from_db()
    assert first.state == "done"
    assert {row["entity_key"] for row in rows_of(first, "truth.tsv")} == {
        "m.bert",
        "m.cleo",
    }
    assert first.counts["entities"] == 2
    assert first.counts["candidates"] == 6
    assert (first.counts["yes"], first.counts["no"]) == (4, 2)


def test_no_stored_file_contains_an_erased_picture(batch, admin):
    release = released(batch, dev_entities=3, distractors=3)
    before = dict(release.files)
    name = "measurement-random-dev-cropped.tsv"
    urls = [
        line.split(b"\t")[2].decode()
        for line in content(release, name).split(b"\n")
        if line
    ]
    candidate = Candidate.objects.select_related("image").get(image_url=urls[1])
    pictures = [
        line.split(b"\t")[5].decode()
        for line in content(release, name).splitlines()
        if candidate.image_url.encode() in line
    ]
    signs = signs_of([candidate]) | set(pictures)
    assert base64.b64decode(pictures[0])
    erasure.erase_image(sha256=candidate.image.sha256, by=admin)
    assert holding(signs) == []
    release.refresh_from_db()
    assert release.counts["dev"] == 2
    assert release.counts["confirmed_entities"] == 2
    untouched = "measurement-random-test-cropped.tsv"
    assert release.files[untouched] == before[untouched]


def test_removals_have_the_old_and_the_new_digest(batch, admin):
    release = released(batch, dev_entities=3, distractors=3)
    before = dict(release.files)
    assert rows_of(release, "removals.tsv") == []
    erasure.erase_entity(key="m.bert", by=admin)
    release.refresh_from_db()
    rows = {row["file"]: row for row in rows_of(release, "removals.tsv")}
    for name, row in rows.items():
        assert row["old_sha256"] == before[name]["sha256"]
        assert row["new_sha256"] == release.files[name]["sha256"]
        lines = before[name]["lines"] - release.files[name]["lines"]
        is_description = name in ("datasheet.md", "croissant.json")
        assert int(row["lines"]) == (0 if is_description else lines)
    assert int(rows["truth.tsv"]["lines"]) == 3
    assert int(rows["key-random.tsv"]["lines"]) == 1
    assert ReleaseRemoval.objects.count() == len(rows)
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    assert len(rows_of(release, "removals.tsv")) > len(rows)
    assert b"Erasures rewrote files" in content(release, "datasheet.md")


def test_the_key_still_matches_its_test_file(batch, admin):
    release = released(batch, dev_entities=0, distractors=3)
    name = "measurement-random-test-aligned.tsv"
    before = content(release, name).splitlines()
    key = dict(
        line.split(b"\t") for line in content(release, "key-random.tsv").splitlines()
    )
    erasure.erase_entity(key="m.cleo", by=admin)
    release.refresh_from_db()
    lines = content(release, name).splitlines()
    new = [
        line.split(b"\t") for line in content(release, "key-random.tsv").splitlines()
    ]
    assert [int(number) for number, _ in new] == list(range(1, len(lines) + 1))
    for line, (_, mid) in zip(lines, new, strict=True):
        assert key[b"%d" % (before.index(line) + 1)] == mid
    assert {mid for _, mid in new} == {b"m.anna", b"m.bert", b""}
    assert len(lines) == 4


def test_a_release_without_the_erased_entity_does_not_change(batch, admin):
    zoe_batch = judged_batch({"m.zoe": "yes no"}, seed=50)
    release = released(batch)
    before = dict(release.files)
    erasure.erase_entity(key="m.zoe", by=admin)
    release.refresh_from_db()
    assert release.files == before
    assert not ReleaseRemoval.objects.exists()
    assert zoe_batch.pk


def test_an_unfinished_release_starts_again(batch, admin, monkeypatch):
    monkeypatch.setattr(builder.pictures, "LINES_PER_PIECE", 1)
    release = releases.request(
        name="n", batches=[batch.pk], dev_entities=1, distractors=1, seed=7, by=admin
    )
    crop, pieces = builder.pictures.lines_with_crops, []

    def dying(rows):
        pieces.append(rows)
        if len(pieces) == 3:
            raise OSError("the machine went away")
        return crop(rows)

    monkeypatch.setattr(builder.pictures, "lines_with_crops", dying)
    with pytest.raises(OSError, match="went away"):
        releases.make(release.pk)
    signs = signs_of(Candidate.objects.filter(entity__key="m.anna"))
    assert holding(signs)
    erasure.erase_entity(key="m.anna", by=admin)
    assert holding(signs | {"m.anna"}) == []
    assert Release.objects.get().state == "pending"
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert release.state == "done"
    assert holding(signs | {"m.anna"}) == []
    assert len(rows_of(release, "truth.tsv")) == 6


def test_files_of_a_worker_in_a_former_round_are_deleted(batch, admin, monkeypatch):
    release = releases.request(
        name="n", batches=[batch.pk], dev_entities=1, distractors=1, seed=7, by=admin
    )
    crop = builder.pictures.lines_with_crops
    signs = signs_of(Candidate.objects.filter(entity__key="m.anna")) | {"m.anna"}

    def meanwhile(rows):
        lines = list(crop(rows))
        monkeypatch.setattr(builder.pictures, "lines_with_crops", crop)
        erasure.erase_entity(key="m.anna", by=admin)
        return iter(lines)

    monkeypatch.setattr(builder.pictures, "lines_with_crops", meanwhile)
    assert not releases.make(release.pk)
    assert holding(signs) == []
    assert releases.make(release.pk)
    assert holding(signs) == []
    release.refresh_from_db()
    assert release.state == "done"


def test_verification_finds_files_that_no_release_names(batch, admin):
    release = released(batch)
    assert [d for d in verification.verify(files=True) if "file" in d.where] == []
    digest = release.files["truth.tsv"]["sha256"]
    truth_name = f"releases/{digest[:2]}/{digest[2:4]}/{digest}"
    stray = f"releases/00/00/{'0' * 64}"
    old = default_storage.path(default_storage.save(stray, ContentFile(b"left")))
    os.utime(old, (0, 0))
    default_storage.delete(truth_name)
    differences = [
        str(difference)
        for difference in verification.verify(files=True, fix=True)
        if "file" in difference.where
    ]
    assert len(differences) == 2
    assert any("truth.tsv of release" in text for text in differences)
    assert not default_storage.exists(stray)
