"""Verification finds wrong stored values, and corrects them on request."""

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
def no_lag(monkeypatch):
    """Do not wait for totals: no worker sums them here."""
    monkeypatch.setattr(counters, "LAG_SECONDS", 0)


def differences(**options):
    """Return the differences as sentences."""
    return [str(difference) for difference in verification.verify(**options)]


def test_a_batch_in_progress_has_no_differences(judge, other_judge):
    batch_of(judge, other_judge, entities=2, candidates=3)
    say_all(judge, queue.lease(judge=judge))
    page = queue.lease(judge=other_judge)
    say(other_judge, page, 0, "no")
    say(other_judge, page, 1, "skip")
    queue.sum_counters()
    assert differences() == []


def test_an_overdue_lease_is_no_difference(judge):
    batch_of(judge)
    let_expire(queue.lease(judge=judge))
    assert differences() == []


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
def test_a_wrong_counter_of_the_queue_is_reported_and_corrected(judge, counter):
    batch_of(judge)
    row = BatchEntity.objects.get()
    right = getattr(row, counter)
    BatchEntity.objects.update(**{counter: right + 5})
    [difference] = differences()
    assert counter in difference
    assert f"{right + 5}, should be {right}" in difference
    assert differences(fix=True)[0].endswith("(mended)")
    assert differences() == []


def test_a_row_that_only_looked_done_is_leased_after_the_correction(judge):
    batch_of(judge)
    BatchEntity.objects.update(state=QueueState.DONE)
    with pytest.raises(queue.NothingToLease):
        queue.lease(judge=judge)
    differences(fix=True)
    assert queue.lease(judge=judge)


def test_batch_totals_are_compared_after_the_first_sum(judge):
    batch_of(judge)
    assert differences() == []
    queue.sum_counters()
    Batch.objects.update(candidates_total=99)
    assert differences() == [
        f"batch {Batch.objects.get().pk}: candidates_total: 99, should be 3"
    ]
    differences(fix=True)
    assert differences() == []


def test_counters_of_judges_are_compared(judge):
    batch_of(judge)
    say_all(judge, queue.lease(judge=judge))
    BatchJudge.objects.update(verdicts=7, skips=1)
    assert len(differences()) == 2
    differences(fix=True)
    assert differences() == []
    assert BatchJudge.objects.get().verdicts == 3


def test_candidates_are_as_readable_as_their_pictures(db):
    CandidateFactory(state=CandidateState.UNREADABLE)
    CandidateFactory(unreadable=True, state=CandidateState.READY)
    CandidateFactory()
    assert len(differences()) == 2
    differences(fix=True)
    assert differences() == []
    states = Candidate.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["ready", "unreadable", "ready"]


def test_a_lost_file_is_reported_and_cannot_be_corrected(db):
    image = stored(seed=1)
    assert differences(files=True) == []
    default_storage.delete(store.image_name(image.sha256))
    [difference] = differences(files=True, fix=True)
    assert image.sha256 in difference
    assert "mended" not in difference


def test_a_missing_thumbnail_is_no_difference(db):
    image = stored(seed=1)
    default_storage.delete(store.thumbnail_name(image.sha256))
    assert differences(files=True) == []


def test_old_files_without_an_image_are_deleted(db):
    images.prepare(drawn(3))
    assert differences(files=True) == []
    for folder in ("images", "renditions", "thumbnails"):
        for path in Path(default_storage.path(folder)).rglob("*"):
            if path.is_file():
                os.utime(path, (0, 0))
    assert len(differences(files=True)) == 2
    differences(files=True, fix=True)
    assert differences(files=True) == []


def test_unfinished_files_of_killed_imports_are_deleted(db):
    image = stored(seed=1)
    part = f"{Path(store.image_name(image.sha256)).parent}/.{image.sha256}.x.part"
    default_storage.save(part, ContentFile(b"half"))
    aged(part)
    [difference] = differences(files=True, fix=True)
    assert difference.endswith("(mended)")
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
    assert len(differences(files=True)) == 3
    differences(files=True, fix=True)
    assert not default_storage.exists(store.image_name(image.sha256))
    assert not Image.objects.exists()


def test_the_command_fails_if_there_are_differences(judge):
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
    for user, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(user, queue.lease(judge=user), verdict)
    assert differences() == []
    deleted_conflict, changed_conflict = Conflict.objects.filter(batch=batch).order_by(
        "candidate"
    )
    deleted_conflict.delete()
    Conflict.objects.filter(pk=changed_conflict.pk).update(
        is_stuck=True, is_disputed=False
    )
    assert len(differences()) == 2
    differences(fix=True)
    assert differences() == []
    assert [c.kinds for c in Conflict.objects.all()] == [["disputed"], ["disputed"]]
