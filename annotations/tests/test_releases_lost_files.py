"""Erasures succeed despite lost files, killed workers and failing deletions."""

import pytest
from django.core.files.storage import default_storage

from annotations import erasure, images, releases, verification
from annotations.errors import NotFound
from annotations.images import store
from annotations.models import BatchEntity, Candidate, ReleaseRemoval
from annotations.releases import builder, files

from .pictures import aged
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


def lose(release, name):
    """Delete the stored content of a release's file."""
    default_storage.delete(files.stored_name(release.files[name]["sha256"]))


def file_differences(**options):
    """Return the differences in files that verification finds."""
    differences = verification.verify(files=True, **options)
    return [str(d) for d in differences if "file" in d.where]


def signs_of_anna():
    return signs_of(Candidate.objects.filter(entity__key="m.anna")) | {"m.anna"}


def test_an_unrelated_erasure_does_not_change_a_release_with_a_lost_file(batch, admin):
    judged_batch({"m.zoe": "yes no"}, seed=50)
    release = released(batch)
    before = dict(release.files)
    lose(release, "truth.tsv")
    erasure.erase_entity(key="m.zoe", by=admin)
    release.refresh_from_db()
    assert release.files == before
    assert not ReleaseRemoval.objects.exists()
    [difference] = file_differences()
    assert "truth.tsv of release" in difference


@pytest.mark.parametrize(
    "name", [*(n for n in files.EVERY_FILE if "hard" not in n), files.LINES]
)
def test_a_lost_file_does_not_stop_an_erasure(name, batch, admin):
    release = released(batch, dev_entities=2, distractors=3)
    signs = signs_of_anna()
    assert holding(signs)
    lose(release, name)
    erasure.erase_entity(key="m.anna", by=admin)
    erasure.erase_entity(key="m.bert", by=admin)
    assert holding(signs) == []
    release.refresh_from_db()
    assert all(files.is_whole(entry) for entry in release.files.values())
    for file_name in releases.file_names(release):
        content(release, file_name)


def test_an_erasure_removes_lost_files_from_the_release(batch, admin):
    release = released(batch)
    old = release.files["truth.tsv"]
    lose(release, "truth.tsv")
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    rows = {row["file"]: row for row in rows_of(release, "removals.tsv")}
    assert rows["truth.tsv"]["old_sha256"] == old["sha256"]
    assert rows["truth.tsv"]["new_sha256"] == files.EMPTY_SHA256
    assert int(rows["truth.tsv"]["lines"]) == old["lines"]
    assert int(rows["judgments.tsv"]["lines"]) == 6
    with pytest.raises(NotFound, match="Its content was lost"):
        releases.open_file(release, "truth.tsv")
    assert b'"truth/entity_key"' not in content(release, "croissant.json")
    assert file_differences() == [
        f"file truth.tsv of release {release.pk}: lost before an erasure,"
        " should be there, whole"
    ]


def test_half_a_file_counts_as_lost(batch, admin):
    release = released(batch)
    name = files.stored_name(release.files["judgments.tsv"]["sha256"])
    whole = content(release, "judgments.tsv")
    default_storage.delete(name)
    store.put(name, whole[: len(whole) // 2])
    signs = signs_of_anna()
    assert name in holding(signs)
    erasure.erase_entity(key="m.anna", by=admin)
    assert holding(signs) == []


def test_without_its_index_all_measurement_files_are_removed(batch, admin):
    release = released(batch, dev_entities=1, distractors=3)
    lose(release, files.LINES)
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    assert not set(files.MEASURED) & set(release.files)
    assert {row["entity_key"] for row in rows_of(release, "truth.tsv")} == {
        "m.bert",
        "m.cleo",
    }


def test_a_release_of_a_batch_without_queue_is_searched_too(batch, admin):
    release = released(batch)
    signs = signs_of_anna()
    BatchEntity.objects.all().delete()
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    assert release.counts["entities"] == 2
    assert holding(signs) == []


@pytest.fixture
def left_behind(batch, monkeypatch):
    """Leave work of a finished release, as a worker killed at the end does."""
    with monkeypatch.context() as patch:
        clear = builder.files.clear_work

        def killed(release_id, keep=None):
            if keep is None:
                raise KeyboardInterrupt
            clear(release_id, keep)

        patch.setattr(builder.files, "clear_work", killed)
        with pytest.raises(KeyboardInterrupt):
            released(batch)
    assert [name for name in holding({"m.anna"}) if name.startswith(files.WORK)]
    return batch


def test_an_erasure_deletes_work_that_a_kill_left(left_behind, admin):
    signs = signs_of_anna()
    erasure.erase_entity(key="m.anna", by=admin)
    assert holding(signs) == []


def test_a_repeated_task_deletes_work_that_a_kill_left(left_behind):
    [release_id] = default_storage.listdir(files.WORK)[0]
    assert releases.make(int(release_id))
    assert default_storage.listdir(files.WORK)[0] == []


def test_verification_deletes_work_of_finished_releases(left_behind):
    assert file_differences() == []
    work = [name for name in holding({"\t", "{", "["}) if name.startswith(files.WORK)]
    assert len(work) > 1
    for name in work:
        aged(name)
    assert len(file_differences(fix=True)) == len(work)
    assert file_differences() == []


def test_verification_keeps_work_of_unfinished_releases(batch, admin, monkeypatch):
    release = releases.request(
        name="n", batches=[batch.pk], dev_entities=1, distractors=1, seed=7, by=admin
    )

    def dying(rows):
        raise OSError("the machine went away")

    with monkeypatch.context() as patch:
        patch.setattr(builder.pictures, "lines_with_crops", dying)
        with pytest.raises(OSError, match="went away"):
            releases.make(release.pk)
    release.refresh_from_db()
    plan = files.work_name(release, builder.PLAN)
    aged(plan)
    assert file_differences(fix=True) == []
    assert default_storage.exists(plan)


def test_a_failing_deletion_does_not_stop_the_others(batch, admin, monkeypatch):
    release = released(batch)
    picture = store.image_name(Candidate.objects.first().image.sha256)
    undeletable = {picture, files.stored_name(release.files["truth.tsv"]["sha256"])}
    signs = signs_of_anna()
    delete = default_storage.delete

    def failing(name):
        if name in undeletable:
            raise OSError("the store refuses")
        delete(name)

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", failing)
        erasure.erase_entity(key="m.anna", by=admin)
    assert set(holding(signs)) == undeletable - {picture}
    assert all(map(default_storage.exists, undeletable))
    for name in undeletable:
        aged(name)
    assert len(file_differences(fix=True)) == 2
    assert not any(map(default_storage.exists, undeletable))


def test_erasing_again_fails_if_files_cannot_be_deleted(batch, admin, monkeypatch):
    sha256 = Candidate.objects.first().image.sha256
    erasure.erase_image(sha256=sha256, by=admin)

    def fail(sha256):
        raise OSError("the store is away")

    monkeypatch.setattr(images, "delete_files", fail)
    with pytest.raises(OSError, match="away"):
        erasure.erase_image(sha256=sha256, by=admin)
