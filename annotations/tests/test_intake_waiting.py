"""Candidates that wait for their pictures, in batches and with erasures."""

import hashlib

import pytest

from annotations import batches, queue
from annotations.intake import tombstones
from annotations.models import (
    BatchEntity,
    Candidate,
    Entity,
    Image,
    Reopened,
    Report,
    Role,
    Tombstone,
)
from annotations.queue import NothingToLease
from annotations.verification import verify

from .desk import say_all
from .factories import UserFactory
from .imported import counts, face, imported, line, reasons, states
from .pictures import drawn

pytestmark = pytest.mark.django_db


def waiting(*rows):
    return imported("".join(rows), "faces", with_images=False)


def test_bytes_that_arrive_fill_the_waiting_candidate():
    waiting(face(rank=1, url="a", page="first"), face(rank=2, url="a"))
    before = list(Candidate.objects.order_by("pk").values_list("pk", flat=True))

    import_ = imported(
        face(rank=1, url="a", page="second", data=drawn(1))
        + face(rank=2, url="a", data=b"<html>")
    )

    assert counts(import_) == (2, 0, 0)
    assert list(Candidate.objects.order_by("pk").values_list("pk", flat=True)) == before
    assert states() == ["ready", "unreadable"]
    assert Candidate.objects.order_by("pk").first().page_url == "first"


def test_the_same_rows_without_bytes_stay_known_after_the_bytes_came():
    rows = [face(rank=n, url="a", data=drawn(n)) for n in range(3)] + [
        face(rank="", url="b", data=drawn(9))
    ]
    assert counts(waiting(*rows)) == (4, 0, 0)
    assert counts(imported("".join(rows))) == (4, 0, 0)
    assert counts(waiting(*rows)) == (0, 4, 0)
    assert counts(imported("".join(rows))) == (0, 4, 0)
    assert states() == ["ready"] * 4


def test_a_waiting_row_whose_picture_the_entity_has_is_dropped_and_known():
    imported(face(rank=1, url="a", data=drawn(1)))
    waiting(face(rank=2, url="b"), face("m.02", rank=2, url="b"))

    assert counts(imported(face(rank=2, url="b", data=drawn(1)))) == (0, 1, 0)
    assert states() == ["ready", "waiting"]


def test_two_rows_of_one_picture_fill_one_waiting_candidate_and_drop_the_other():
    waiting(face(rank=1, url="a"), face(rank=2, url="b"), face(rank=3, url="c"))
    rows = face(rank=2, url="b", data=drawn(1)) + face(rank=1, url="a", data=drawn(1))

    assert counts(imported(rows)) == (1, 1, 0)
    assert list(Candidate.objects.order_by("rank").values_list("rank", "state")) == [
        (2, "ready"),
        (3, "waiting"),
    ]


def test_two_pictures_of_one_waiting_row_are_two_candidates():
    waiting(face(rank=1, url="a"))
    rows = face(rank=1, url="a", data=drawn(1)) + face(rank=1, url="a", data=drawn(2))

    assert counts(imported(rows)) == (2, 0, 0)
    assert states() == ["ready", "ready"]


def test_an_empty_picture_fills_a_waiting_candidate_as_unreadable():
    waiting(face(rank=1, url="a"))

    assert counts(imported(face(rank=1, url="a", data=b""))) == (1, 0, 0)
    assert states() == ["empty"]
    assert Candidate.objects.get().image.byte_size == 0
    assert counts(imported(face(rank=1, url="a", data=drawn(1)))) == (1, 0, 0)
    assert states() == ["empty", "ready"]
    assert counts(waiting(face(rank=1, url="a"))) == (0, 1, 0)


def test_a_manifest_that_mixes_paths_and_urls_makes_no_doubles(tmp_path):
    (tmp_path / "a.png").write_bytes(drawn(1))
    rows = "key\tpath\timage_url\trank\n"
    rows += line("m.01", "a.png", "u", 1) + line("m.01", "", "u", 1)
    rows += line("m.01", "", "v", 2) + line("m.01", "a.png", "v", 2)
    for _ in range(2):
        imported(rows, into=tmp_path)
        assert list(Candidate.objects.values_list("rank", "state")) in (
            [(1, "ready")],
            [(1, "ready"), (2, "waiting")],
        )


def test_a_reported_waiting_candidate_is_not_dropped(admin):
    imported(face(rank=1, url="a", data=drawn(1)))
    waiting(face(rank=2, url="b"))
    Report.objects.create(
        candidate=Candidate.objects.get(state="waiting"), by=admin, reason="minor"
    )

    assert counts(imported(face(rank=2, url="b", data=drawn(1)))) == (0, 1, 0)


# --- Batches -------------------------------------------------------------------------


def open_batch_over(keys, judge, **rules):
    admin = UserFactory(roles=[Role.ADMIN])
    batch = batches.create(by=admin, name="Batch", entities=keys, order="rank", **rules)
    batches.add_judges(batch=batch, usernames=[judge.username], by=admin)
    return batches.open_batch(batch=batch, by=admin)


def test_waiting_candidates_join_their_open_batch_when_their_picture_comes(judge):
    imported(face(rank=0, url="z", data=drawn(9)))
    waiting(face(rank=1, url="a"), face(rank=2, url="b"))
    batch = open_batch_over(["m.01"], judge, judges_required=1)
    page = queue.lease(judge=judge)
    assert len(page.candidates) == 1
    say_all(judge, page)
    with pytest.raises(NothingToLease):
        queue.lease(judge=judge)

    imported(
        face(rank=1, url="a", data=drawn(1)) + face(rank=3, url="new", data=drawn(3))
    )

    row = BatchEntity.objects.get(batch=batch)
    assert (row.total, row.open_places, row.state) == (2, 1, "open")
    assert Reopened.objects.filter(batch=batch, judge=judge).count() == 1
    page = queue.lease(judge=judge)
    assert Candidate.objects.get(pk=page.candidates[0]).rank == 1
    assert len(page.candidates) == 1
    say_all(judge, page)
    with pytest.raises(NothingToLease):
        queue.lease(judge=judge)


def test_later_candidates_join_by_refresh_only(judge, admin):
    imported(face(rank=0, url="z", data=drawn(9)))
    batch = open_batch_over(["m.01"], judge)
    waiting(face(rank=1, url="a"))
    imported(face(rank=1, url="a", data=drawn(1)))

    assert BatchEntity.objects.get(batch=batch).total == 1
    assert batches.refresh(batch=batch, by=admin) == 1


def test_a_waiting_member_taken_in_by_refresh_joins_once(judge, admin):
    imported(face(rank=0, url="z", data=drawn(9)))
    batch = open_batch_over(["m.01"], judge, judges_required=2)
    waiting(face(rank=1, url="a"))
    assert batches.refresh(batch=batch, by=admin) == 0
    for _ in range(2):
        imported(face(rank=1, url="a", data=drawn(1)))

    row = BatchEntity.objects.get(batch=batch)
    assert (row.total, row.open_places) == (2, 4)


def test_a_reported_candidate_whose_picture_comes_is_a_member_without_a_place(
    judge, admin
):
    waiting(face(rank=1, url="a"), face(rank=2, url="b"), face("m.02", url="c"))
    batch = open_batch_over(["m.01", "m.02"], judge, judges_required=1)
    for candidate in Candidate.objects.exclude(rank=2):
        queue.report(candidate=candidate, by=admin, reason="minor", comment="")
    pictures = [face(rank=n, url=u, data=drawn(n)) for n, u in ((1, "a"), (2, "b"))]
    imported("".join(pictures) + face("m.02", url="c", data=drawn(3)))

    rows = BatchEntity.objects.filter(batch=batch).order_by("entity__key")
    conflict = list(rows.values_list("total", "open_places", "state"))
    assert conflict == [(2, 1, "open"), (1, 0, "done")]
    assert Reopened.objects.get(batch=batch, judge=judge).entity.key == "m.01"
    queue.sum_counters()
    assert list(verify()) == []
    page = queue.lease(judge=judge)
    assert [Candidate.objects.get(pk=pk).rank for pk in page.candidates] == [2]


# --- Erasures ------------------------------------------------------------------------


def mark_erased(kind, value):
    Tombstone.objects.create(kind=kind, hmac=tombstones.key_hmac(kind, value))


def test_an_erased_key_is_refused_in_every_layout():
    mark_erased("entity", "m.01")

    assert counts(imported(face(data=drawn(1)) + face("m.02", data=drawn(1)))) == (
        1,
        0,
        1,
    )
    assert counts(waiting(face(key="/m/01"))) == (0, 0, 1)
    assert counts(imported('/m/01\t"Ada"@en\n')) == (0, 0, 1)
    import_ = imported("key\tname\n/m/01\tAda\n")
    assert counts(import_) == (0, 0, 1)
    assert "erased" in reasons(import_)[2]
    assert not Entity.objects.filter(key="m.01").exists()


def test_a_buried_picture_is_refused_before_anything_is_written(own_store, tmp_path):
    sha256 = hashlib.sha256(drawn(1)).hexdigest()
    mark_erased("image", sha256)
    (tmp_path / "a.png").write_bytes(drawn(1))

    assert counts(imported(face(data=drawn(1)))) == (0, 0, 1)
    rows = "key\tpath\tsha256\timage_url\n" + line("m.01", "a.png", "", "")
    rows += line("m.01", "", sha256, "u")
    assert counts(imported(rows, into=tmp_path)) == (0, 0, 2)
    assert Image.objects.count() == 0
    assert not list(own_store.glob("images/*/*/*"))


def test_refusals_of_erased_data_have_no_excerpt(tmp_path):
    sha256 = hashlib.sha256(drawn(1)).hexdigest()
    mark_erased("image", sha256)
    mark_erased("entity", "m.02")
    (tmp_path / "a.png").write_bytes(drawn(1))
    manifest = "key\tpath\tsha256\timage_url\n" + line("m.01", "", sha256, "u")
    manifest += line("m.01", "a.png", sha256, "") + line("m.01", "a.png", "", "")
    faces = face(data=drawn(1)) + face("m.02", data=drawn(2)) + face(data="no base64")

    for text, wrong in ((manifest, ""), (faces, "The picture is not base64.")):
        import_ = imported(text, into=tmp_path)
        assert counts(import_) == (0, 0, 3)
        for row in import_.refused.all():
            assert (row.row == "") is ("erased" in row.reason), row
            assert "erased" in row.reason or row.reason == wrong


def test_an_erased_representative_is_refused():
    mark_erased("image", "ab" * 32)
    rows = line("m.01", "AB" * 32) + line("m.02", "cd" * 32)
    import_ = imported("key\trepresentative\n" + rows)

    assert counts(import_) == (1, 0, 1)
    assert list(import_.refused.values_list("line", "row")) == [(2, "")]
    assert Entity.objects.get().key == "m.02"


def test_nothing_is_asked_while_nobody_was_erased(monkeypatch):
    monkeypatch.setattr(tombstones, "key_hmac", None)

    assert counts(imported(face(data=drawn(1)))) == (1, 0, 0)
