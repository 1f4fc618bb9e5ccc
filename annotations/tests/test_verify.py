"""Whatever is stored twice is found when it is wrong, and mended when asked."""

import io
import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from annotations import erasure, images, queue, verification
from annotations.images import store
from annotations.models import (
    Batch,
    BatchEntity,
    BatchJudge,
    Candidate,
    CandidateState,
    Conflict,
    Image,
    QueueState,
)
from annotations.verification import counters

from .desk import batch_of, let_expire, say, say_all
from .factories import CandidateFactory
from .pictures import aged, drawn, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    """Nobody sums totals here: waiting for it would be in vain."""
    monkeypatch.setattr(counters, "LAG_SECONDS", 0)


def found(**options):
    """What verification finds, as sentences."""
    return [str(each) for each in verification.verify(**options)]


def test_a_batch_at_work_is_all_right(judge, other_judge):
    batch_of(judge, other_judge, entities=2, candidates=3)
    say_all(judge, queue.lease(judge=judge))
    page = queue.lease(judge=other_judge)
    say(other_judge, page, 0, "no")
    say(other_judge, page, 1, "skip")
    queue.sum_counters()
    assert found() == []


def test_a_lease_whose_time_is_over_is_no_difference(judge):
    batch_of(judge)
    let_expire(queue.lease(judge=judge))
    assert found() == []


@pytest.mark.parametrize(
    "counter",
    [
        "total",
        "judged",
        "disputed",
        "undecided",
        "open_places",
        "held_places",
    ],
)
def test_a_wrong_counter_of_the_queue_is_named_and_mended(judge, counter):
    batch_of(judge)
    row = BatchEntity.objects.get()
    right = getattr(row, counter)
    BatchEntity.objects.update(**{counter: right + 5})
    [said] = found()
    assert counter in said
    assert f"{right + 5}, should be {right}" in said
    assert found(fix=True)[0].endswith("(mended)")
    assert found() == []


def test_a_row_that_only_looked_done_is_leased_again_after_mending(judge):
    batch_of(judge)
    BatchEntity.objects.update(state=QueueState.DONE)
    with pytest.raises(queue.NothingToLease):
        queue.lease(judge=judge)
    found(fix=True)
    assert queue.lease(judge=judge)


def test_batch_totals_are_compared_once_they_were_summed(judge):
    batch_of(judge)
    assert found() == []
    queue.sum_counters()
    Batch.objects.update(candidates_total=99)
    assert found() == [
        f"batch {Batch.objects.get().pk}: candidates_total: 99, should be 3"
    ]
    found(fix=True)
    assert found() == []


def test_judges_own_numbers_are_compared(judge):
    batch_of(judge)
    say_all(judge, queue.lease(judge=judge))
    BatchJudge.objects.update(verdicts=7, skips=1)
    assert len(found()) == 2
    found(fix=True)
    assert found() == []
    assert BatchJudge.objects.get().verdicts == 3


def test_candidates_are_as_readable_as_their_pictures(db):
    CandidateFactory(state=CandidateState.UNREADABLE)
    CandidateFactory(unreadable=True, state=CandidateState.READY)
    CandidateFactory()
    assert len(found()) == 2
    found(fix=True)
    assert found() == []
    states = Candidate.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["ready", "unreadable", "ready"]


def test_a_lost_file_is_named_and_stays_wrong(db):
    image = stored(seed=1)
    assert found(files=True) == []
    default_storage.delete(store.image_name(image.sha256))
    [lost] = found(files=True, fix=True)
    assert image.sha256 in lost
    assert "mended" not in lost


def test_a_missing_thumbnail_is_no_difference(db):
    image = stored(seed=1)
    default_storage.delete(store.thumbnail_name(image.sha256))
    assert found(files=True) == []


def test_files_of_no_picture_go_once_they_are_old(db):
    images.prepare(drawn(3))
    assert found(files=True) == []
    for folder in ("images", "renditions", "thumbnails"):
        for path in Path(default_storage.path(folder)).rglob("*"):
            if path.is_file():
                os.utime(path, (0, 0))
    assert len(found(files=True)) == 2
    found(files=True, fix=True)
    assert found(files=True) == []


def test_half_files_of_killed_imports_go_too(db):
    image = stored(seed=1)
    part = f"{Path(store.image_name(image.sha256)).parent}/.{image.sha256}.x.part"
    default_storage.save(part, ContentFile(b"half"))
    aged(part)
    [said] = found(files=True, fix=True)
    assert said.endswith("(mended)")
    assert default_storage.exists(store.image_name(image.sha256))


@pytest.mark.django_db(transaction=True)
def test_files_of_an_erased_picture_are_strays_at_once(admin, monkeypatch):
    image = stored(seed=1)
    images.open_rendition(image)

    def fail(sha256):
        raise OSError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(images, "delete_files", fail)
        erasure.erase_image(sha256=image.sha256, by=admin)
    assert default_storage.exists(store.image_name(image.sha256))
    assert len(found(files=True)) == 3
    found(files=True, fix=True)
    assert not default_storage.exists(store.image_name(image.sha256))
    assert not Image.objects.exists()


def test_the_command_ends_with_an_error_unless_all_is_right(judge):
    batch_of(judge)
    out = io.StringIO()
    call_command("verify", stdout=out)
    assert "No differences." in out.getvalue()
    BatchEntity.objects.update(total=99)
    with pytest.raises(CommandError, match="Differences: 1. Corrected: 0."):
        call_command("verify", stdout=out)
    assert "total: 99, should be 3" in out.getvalue()
    call_command("verify", fix=True, stdout=out)
    call_command("verify", stdout=out)


def test_conflicts_are_recomputed(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=2)
    for who, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(who, queue.lease(judge=who), verdict)
    assert found() == []
    lost, wrong = Conflict.objects.filter(batch=batch).order_by("candidate")
    lost.delete()
    Conflict.objects.filter(pk=wrong.pk).update(is_stuck=True, is_disputed=False)
    assert len(found()) == 2
    found(fix=True)
    assert found() == []
    assert [c.kinds for c in Conflict.objects.all()] == [["disputed"], ["disputed"]]
