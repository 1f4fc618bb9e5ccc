"""A release too large for a worker's time limit fails instead of starting for ever."""

import time

import pytest
from django.db import OperationalError, transaction

from annotations import releases, sql
from annotations.models import Release
from annotations.releases import builder, provenance, snapshot
from annotations.releases.clock import Clock, TooLong, is_slow

from .released import judged_batch

pytestmark = pytest.mark.django_db(transaction=True)

TRUTH = {"m.a": "yes yes no", "m.b": "yes no broken"}
SECONDS = 15


class Killed(BaseException):
    """An exception that no code of a worker catches."""


@pytest.fixture
def release(admin):
    batch = judged_batch(TRUTH)
    return releases.request(
        name="n", batches=[batch.pk], dev_entities=1, distractors=1, seed=7, by=admin
    )


def killing(monkeypatch, where, name, error=Killed):
    def kill(*_, **__):
        raise error

    monkeypatch.setattr(where, name, kill)


def make_and_die(release, error=Killed):
    with pytest.raises(error):
        releases.make(release.pk, seconds=SECONDS)


def test_a_release_that_kills_three_workers_fails_and_names_the_command(
    release, monkeypatch
):
    killing(monkeypatch, provenance, "facts")
    for _ in range(3):
        make_and_die(release)
        assert Release.objects.get().state == "running"
    assert releases.make(release.pk, seconds=SECONDS)
    release.refresh_from_db()
    assert release.state == "failed"
    assert "manage.py make_release" in release.problem
    monkeypatch.undo()
    releases.retry(release=release, by=release.created_by)
    assert releases.make(release.pk, seconds=SECONDS)
    release.refresh_from_db()
    assert release.state == "done"
    assert "truth.tsv" in release.files
    assert all(isinstance(entry, dict) for entry in release.files.values())


def test_kills_with_progress_in_between_are_not_counted(release, monkeypatch):
    monkeypatch.setattr(builder.pictures, "LINES_PER_PIECE", 1)
    crop, pieces, kills = builder.pictures.lines_with_crops, [], 0

    def every_second(rows):
        pieces.append(rows)
        if len(pieces) % 2 == 0:
            raise Killed
        return crop(rows)

    monkeypatch.setattr(builder.pictures, "lines_with_crops", every_second)
    monkeypatch.setattr(builder, "ATTEMPTS_MAX", 1)
    while Release.objects.get().state != "done" and len(pieces) < 20:
        try:
            assert releases.make(release.pk, seconds=SECONDS)
        except Killed:
            kills += 1
    assert Release.objects.get().state == "done", Release.objects.get().problem
    assert kills > 1


def test_attempts_without_storage_are_not_counted(release, monkeypatch):
    killing(monkeypatch, builder.pictures, "lines_with_crops", error=OSError("away"))
    for _ in range(5):
        make_and_die(release, OSError)
    monkeypatch.undo()
    assert releases.make(release.pk, seconds=SECONDS)
    release.refresh_from_db()
    assert release.state == "done"


def test_each_step_of_the_snapshot_checks_the_clock(release, monkeypatch):
    """Also the last steps, after the pictures are selected."""

    def slow(self):
        time.sleep(1.1)
        return [1]

    monkeypatch.setattr(snapshot.Draw, "run", slow)
    killing(monkeypatch, provenance, "_shared")
    assert releases.make(release.pk, seconds=1)
    release.refresh_from_db()
    assert (release.state, release.files) == ("failed", {})
    assert "manage.py make_release" in release.problem


@transaction.atomic
def sleep_beyond(seconds):
    Clock(seconds).limit_statements()
    sql.run("SELECT pg_sleep(9)")


def test_a_statement_is_limited_to_the_time_left():
    with pytest.raises(OperationalError) as timeout:
        sleep_beyond(1)
    assert is_slow(timeout.value)
    with transaction.atomic():
        Clock(None).limit_statements()
        assert sql.value("SHOW statement_timeout") == "0"
    with pytest.raises(TooLong):
        Clock(-1).check()


def test_a_release_fails_if_assembly_exceeds_a_whole_turn(release, monkeypatch):
    monkeypatch.setattr(builder.pictures, "LINES_PER_PIECE", 1)
    monkeypatch.setattr(builder, "PIECES_PER_CHECK", 1)
    with monkeypatch.context() as patch:
        killing(patch, builder.pictures, "lines_with_crops", error=OSError("away"))
        make_and_die(release, OSError)
    turns = 0
    while not releases.make(
        release.pk, seconds=0
    ):  # one piece per turn, then the files
        turns += 1
    release.refresh_from_db()
    assert turns == 3
    assert release.state == "failed"
    assert "manage.py make_release" in release.problem
