"""A release that is too much for a worker's time says so, and is not begun for ever."""

import time

import pytest
from django.db import OperationalError, connection, transaction

from annotations import releases
from annotations.models import Release
from annotations.releases import snapshot, builder, provenance
from annotations.releases.clock import Clock, TooLong, is_slow

from .released import judged_batch

pytestmark = pytest.mark.django_db(transaction=True)

TRUTH = {"m.a": "yes yes no", "m.b": "yes no broken"}
SECONDS = 15


class Killed(BaseException):
    """What no code of a killed worker catches."""


@pytest.fixture
def asked(admin):
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


def test_what_kills_its_worker_three_times_fails_and_names_the_command(
    asked, monkeypatch
):
    killing(monkeypatch, provenance, "facts")
    for _ in range(3):
        make_and_die(asked)
        assert Release.objects.get().state == "running"
    assert releases.make(asked.pk, seconds=SECONDS)
    asked.refresh_from_db()
    assert asked.state == "failed"
    assert "manage.py make_release" in asked.problem
    monkeypatch.undo()
    releases.retry(release=asked, by=asked.created_by)
    assert releases.make(asked.pk, seconds=SECONDS)
    asked.refresh_from_db()
    assert asked.state == "done"
    assert all(isinstance(entry, dict) for entry in asked.files.values())


def test_kills_between_which_it_gets_on_are_not_counted(asked, monkeypatch):
    monkeypatch.setattr(builder.pictures, "AT_ONCE", 1)
    cut, begun, kills = builder.pictures.cut, [], 0

    def every_second(rows):
        begun.append(rows)
        if len(begun) % 2 == 0:
            raise Killed
        return cut(rows)

    monkeypatch.setattr(builder.pictures, "cut", every_second)
    monkeypatch.setattr(builder, "ATTEMPTS_MAX", 1)
    while Release.objects.get().state != "done" and len(begun) < 20:
        try:
            assert releases.make(asked.pk, seconds=SECONDS)
        except Killed:
            kills += 1
    assert Release.objects.get().state == "done", Release.objects.get().problem
    assert kills > 1


def test_a_storage_that_is_away_is_nobodys_fault(asked, monkeypatch):
    killing(monkeypatch, builder.pictures, "cut", error=OSError("away"))
    for _ in range(5):
        make_and_die(asked, OSError)
    monkeypatch.undo()
    assert releases.make(asked.pk, seconds=SECONDS)
    asked.refresh_from_db()
    assert asked.state == "done"


def test_each_step_of_the_freeze_looks_at_the_clock(asked, monkeypatch):
    """The last ones too, which come after the pictures are chosen."""

    def slow(self):
        time.sleep(1.1)
        return [1]

    monkeypatch.setattr(snapshot.Drawing, "run", slow)
    killing(monkeypatch, provenance, "_shared")
    assert releases.make(asked.pk, seconds=1)
    asked.refresh_from_db()
    assert (asked.state, asked.files) == ("failed", {})
    assert "manage.py make_release" in asked.problem


@transaction.atomic
def sleep_beyond(seconds):
    Clock(seconds).hold()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(9)")


def test_a_statement_takes_no_more_than_what_is_left():
    with pytest.raises(OperationalError) as ended:
        sleep_beyond(1)
    assert is_slow(ended.value)
    with transaction.atomic(), connection.cursor() as cursor:
        Clock(None).hold()
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
    with pytest.raises(TooLong):
        Clock(-1).look()


def test_files_that_a_whole_turn_cannot_put_together_fail(asked, monkeypatch):
    monkeypatch.setattr(builder.pictures, "AT_ONCE", 1)
    monkeypatch.setattr(builder, "PIECES_A_LOOK", 1)
    with monkeypatch.context() as away:
        killing(away, builder.pictures, "cut", error=OSError("away"))
        make_and_die(asked, OSError)
    turns = 0
    while not releases.make(asked.pk, seconds=0):  # a piece each, then the files
        turns += 1
    asked.refresh_from_db()
    assert turns == 3
    assert asked.state == "failed"
    assert "manage.py make_release" in asked.problem
