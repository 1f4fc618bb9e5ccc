"""Lost bytes, kills and failing deletions keep nobody from being erased."""

import pytest
from django.core.files.storage import default_storage

from annotations import erasure, images, releases, verification
from annotations.errors import NotFound
from annotations.images import store
from annotations.models import BatchEntity, Candidate, ReleaseRemoval
from annotations.releases import files, builder

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
    """Three entities that are easily found."""
    return findable_batch()


def lose(release, name):
    """Delete the stored bytes of a release's file."""
    default_storage.delete(files.stored_name(release.files[name]["sha256"]))


def told(**how):
    """What verification finds about files."""
    found = verification.verify(files=True, **how)
    return [str(each) for each in found if "file" in each.where]


def signs_of_anna():
    return signs_of(Candidate.objects.filter(entity__key="m.anna")) | {"m.anna"}


def test_what_a_release_lost_that_never_held_the_erased_stays_named(batch, admin):
    judged_batch({"m.zoe": "yes no"}, seed=50)
    release = released(batch)
    before = dict(release.files)
    lose(release, "truth.tsv")
    erasure.erase_entity(key="m.zoe", by=admin)
    release.refresh_from_db()
    assert release.files == before
    assert not ReleaseRemoval.objects.exists()
    [lost] = told()
    assert "truth.tsv of release" in lost


@pytest.mark.parametrize(
    "name", [*(n for n in files.EVERY_FILE if "hard" not in n), files.LINES]
)
def test_a_lost_file_hinders_no_erasure(name, batch, admin):
    release = released(batch, dev_entities=2, distractors=3)
    signs = signs_of_anna()
    lose(release, name)
    erasure.erase_entity(key="m.anna", by=admin)
    erasure.erase_entity(key="m.bert", by=admin)
    assert holding(signs) == []
    release.refresh_from_db()
    assert all(files.is_whole(entry) for entry in release.files.values())
    for held in releases.file_names(release):
        content(release, held)


def test_what_was_lost_is_named_no_more_and_told_of(batch, admin):
    release = released(batch)
    old = release.files["truth.tsv"]
    lose(release, "truth.tsv")
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    rows = {row["file"]: row for row in rows_of(release, "removals.tsv")}
    assert rows["truth.tsv"]["old_sha256"] == old["sha256"]
    assert rows["truth.tsv"]["new_sha256"] == files.NOTHING
    assert int(rows["truth.tsv"]["lines"]) == old["lines"]
    assert int(rows["judgments.tsv"]["lines"]) == 6
    with pytest.raises(NotFound, match="Its bytes were lost"):
        releases.open_file(release, "truth.tsv")
    assert b'"truth/entity_key"' not in content(release, "croissant.json")
    assert told() == [
        f"file truth.tsv of release {release.pk}: lost before an erasure,"
        " should be there, whole"
    ]


def test_half_a_file_is_as_good_as_lost(batch, admin):
    release = released(batch)
    name = files.stored_name(release.files["judgments.tsv"]["sha256"])
    whole = content(release, "judgments.tsv")
    default_storage.delete(name)
    store.put(name, whole[: len(whole) // 2])
    signs = signs_of_anna()
    assert name in holding(signs)
    erasure.erase_entity(key="m.anna", by=admin)
    assert holding(signs) == []


def test_without_its_index_no_measurement_file_is_left(batch, admin):
    release = released(batch, dev_entities=1, distractors=3)
    lose(release, files.LINES)
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    assert not set(files.MEASURED) & set(release.files)
    assert {row["entity_key"] for row in rows_of(release, "truth.tsv")} == {
        "m.bert",
        "m.cleo",
    }


def test_a_release_whose_queue_is_gone_is_read_all_the_same(batch, admin):
    release = released(batch)
    signs = signs_of_anna()
    BatchEntity.objects.all().delete()
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    assert release.counts["entities"] == 2
    assert holding(signs) == []


@pytest.fixture
def left_behind(batch, monkeypatch):
    """A release whose worker was killed once it was done: its work still lies there."""
    with monkeypatch.context() as patch:
        clear = builder.files.clear_work

        def killed(number, keep=None):
            if keep is None:
                raise KeyboardInterrupt
            clear(number, keep)

        patch.setattr(builder.files, "clear_work", killed)
        with pytest.raises(KeyboardInterrupt):
            released(batch)
    assert [name for name in holding({"m.anna"}) if name.startswith(files.WORK)]
    return batch


def test_what_a_killed_worker_left_of_a_done_release_is_erased(left_behind, admin):
    signs = signs_of_anna()
    erasure.erase_entity(key="m.anna", by=admin)
    assert holding(signs) == []


def test_the_same_message_once_more_clears_what_a_kill_left(left_behind):
    [number] = default_storage.listdir(files.WORK)[0]
    assert releases.make(int(number))
    assert default_storage.listdir(files.WORK)[0] == []


def test_verification_deletes_the_work_of_what_is_over(left_behind):
    assert told() == []
    work = [name for name in holding({"\t", "{", "["}) if name.startswith(files.WORK)]
    assert len(work) > 1
    for name in work:
        aged(name)
    assert len(told(fix=True)) == len(work)
    assert told() == []


def test_verification_leaves_the_work_that_is_under_way(batch, admin, monkeypatch):
    release = releases.request(
        name="n", batches=[batch.pk], dev_entities=1, distractors=1, seed=7, by=admin
    )

    def dying(rows):
        raise OSError("the machine went away")

    with monkeypatch.context() as patch:
        patch.setattr(builder.pictures, "cut", dying)
        with pytest.raises(OSError, match="went away"):
            releases.make(release.pk)
    release.refresh_from_db()
    plan = files.work_name(release, builder.PLAN)
    aged(plan)
    assert told(fix=True) == []
    assert default_storage.exists(plan)


def test_one_failing_deletion_leaves_nothing_else(batch, admin, monkeypatch):
    release = released(batch)
    picture = store.image_name(Candidate.objects.first().image.sha256)
    refused = {picture, files.stored_name(release.files["truth.tsv"]["sha256"])}
    signs = signs_of_anna()
    delete = default_storage.delete

    def failing(name):
        if name in refused:
            raise OSError("the store refuses")
        delete(name)

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", failing)
        erasure.erase_entity(key="m.anna", by=admin)
    assert set(holding(signs)) == refused - {picture}
    left = [c for c in refused if default_storage.exists(c)]
    assert set(left) == refused
    for name in left:
        aged(name)
    assert len(told(fix=True)) == 2
    assert not any(map(default_storage.exists, refused))


def test_erasing_a_picture_again_tells_when_its_files_cannot_go(
    batch, admin, monkeypatch
):
    sha256 = Candidate.objects.first().image.sha256
    erasure.erase_image(sha256=sha256, by=admin)

    def fail(sha256):
        raise OSError("the store is away")

    monkeypatch.setattr(images, "delete_files", fail)
    with pytest.raises(OSError, match="away"):
        erasure.erase_image(sha256=sha256, by=admin)
