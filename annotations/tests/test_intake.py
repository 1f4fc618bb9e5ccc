"""Rows of every layout become entities and candidates; wrong rows are refused."""

import subprocess
import sys
from collections import Counter
from csv import DictReader

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from annotations import intake
from annotations.errors import Invalid
from annotations.intake import lines
from annotations.models import Alias, Candidate, Entity, Image

from .imported import (
    SAMPLE,
    WHOLE,
    b64,
    counts,
    face,
    imported,
    line,
    reasons,
    states,
    zipped,
)
from .pictures import drawn

# --- Keys ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("/m/06y3r", "m.06y3r"),
        ("/g/11b_x", "g.11b_x"),
        ("m.06y3r", "m.06y3r"),
        ("Q42", "Q42"),
        ("A\u030a", "Å"),
        ("名前", "名前"),
        ("...", "..."),
        ("x" * 128, "x" * 128),
    ],
)
def test_keys_are_normalised(raw, key):
    assert intake.normalise_key(raw) == key


@pytest.mark.parametrize(
    "raw",
    ["", ".", "..", "a b", "a/b", "/m/a/b", "/m/", "a\\b", "a?", "a#", "50%", "x" * 129,
     "a\tb", "a\0", "\u200b", "\ufeffm.1", "a\u00a0b", "\ud800"],
)  # fmt: skip
def test_other_keys_are_refused(raw):
    with pytest.raises(Invalid):
        intake.normalise_key(raw)


@given(st.text(max_size=140))
def test_a_key_is_its_own_normal_form_and_safe_in_an_address(raw):
    try:
        key = intake.normalise_key(raw)
    except Invalid:
        return
    assert intake.normalise_key(key) == key
    assert 1 <= len(key) <= 128
    assert key.isprintable()
    assert not set(" /\\?#%") & set(key)


# --- The released layouts ------------------------------------------------------------


@pytest.mark.django_db
def test_faces_become_candidates_of_their_entities():
    import_ = imported(
        face("m.01", 3, "u1", "p1", "FaceId-2", data=drawn(1))
        + face("/m/01", 4, "u2", "p2", data=b"<html>")
        + face("g.02", 0, "u3", "p3", data=b"")
    )

    assert (import_.layout, counts(import_)) == ("faces", (3, 0, 0))
    assert states() == ["ready", "unreadable", "empty"]
    assert list(Entity.objects.order_by("pk").values_list("key", "name")) == [
        ("m.01", "m.01"),
        ("g.02", "g.02"),
    ] or {"m.01", "g.02"} == set(Entity.objects.values_list("key", flat=True))
    first = Candidate.objects.order_by("pk").first()
    assert (first.rank, first.image_url, first.page_url, first.face_id) == (
        3, "u1", "p1", "FaceId-2",
    )  # fmt: skip
    assert first.face_rectangle == [0, 0, 1, 1]
    assert first.frame is None


@pytest.mark.django_db
def test_thumbnails_name_their_entity():
    import_ = imported(line("/m/01", "Ada Lovelace", 7, "u", "p", b64(drawn(1))))

    assert (import_.layout, counts(import_)) == ("thumbnails", (1, 0, 0))
    candidate = Candidate.objects.get()
    assert (candidate.entity.name, candidate.query, candidate.rank) == (
        "Ada Lovelace", "Ada Lovelace", 7,
    )  # fmt: skip


@pytest.mark.django_db
def test_the_devset_has_no_rank():
    import_ = imported(line("m.01", "Ada", "u", "FaceId-0", WHOLE, b64(drawn(1))))

    assert (import_.layout, counts(import_)) == ("devset", (1, 0, 0))
    assert Candidate.objects.get().rank is None


@pytest.mark.django_db
def test_lowshot_rows_carry_their_picture_second():
    import_ = imported(line("x-1", b64(drawn(1)), "m.01", 5, "u"))

    assert (import_.layout, counts(import_)) == ("lowshot", (1, 0, 0))
    assert Candidate.objects.get().state == "ready"


@pytest.mark.sample
@pytest.mark.django_db
def test_the_sample_is_imported_whole_and_twice_adds_nothing(tmp_path):
    packed = tmp_path / "sample.tsv"
    command = [sys.executable, SAMPLE / "make_synthetic.py", "--pack", SAMPLE]
    subprocess.run([*command, "--out", packed], check=True, capture_output=True)

    assert counts(imported(packed)) == (281, 0, 0)
    assert counts(imported(packed)) == (0, 281, 0)

    refusals = {"truncated", "html", "zero", "bomb", "garbage", "script"}
    with (SAMPLE / "truth.tsv").open(encoding="utf-8") as file:
        edges = [
            row for row in DictReader(file, delimiter="\t") if row["kind"] == "edge"
        ]
    assert len(edges) == 17
    for row in edges:
        candidate = Candidate.objects.get(entity__key=row["mid"], rank=row["rank"])
        assert candidate.is_readable != (row["path"][5:-4] in refusals), row["path"]


# --- Same candidate ------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_picture_of_an_entity_is_one_candidate_of_the_first_rank():
    rows = face(rank=1, url="a", data=drawn(1)) + face(rank=2, url="b", data=drawn(1))
    rows += face("m.02", rank=9, data=drawn(1)) + face(
        face_id="FaceId-1", data=drawn(1)
    )

    assert counts(imported(rows)) == (3, 1, 0)
    assert Image.objects.count() == 1
    first = Candidate.objects.order_by("pk").first()
    assert (first.rank, first.image_url) == (1, "a")


@pytest.mark.django_db
def test_empty_pictures_are_told_apart_by_the_four_fields():
    rows = [
        face(rank=n, url=u, data=b"")
        for n, u in ((1, "a"), (2, "a"), (1, "b"), (1, "a"))
    ]

    assert counts(imported("".join(rows))) == (3, 1, 0)
    assert counts(imported("".join(rows))) == (0, 4, 0)
    assert states() == ["empty"] * 3


@pytest.mark.django_db
def test_without_images_rows_wait_whatever_their_picture_holds():
    rows = face(rank=1, data=drawn(1)) + face(rank=2, data="not base64!") + face(rank=1)

    assert counts(imported(rows, with_images=False)) == (2, 1, 0)
    assert states() == ["waiting"] * 2
    assert Image.objects.count() == 0


# --- Entity lists --------------------------------------------------------------------


def name_of(key):
    return Entity.objects.get(key=key).name


@pytest.mark.django_db
def test_an_english_name_is_displayed_and_every_line_is_an_alias():
    rows = 'm.01\t"Albert Un"@fr\nm.01\t"Albert One"@en\nm.01\t"Al @ home"@en\n'
    rows += 'm.02\t"名"@zh-Hant\n'

    import_ = imported(rows)

    assert (import_.layout, counts(import_)) == ("names", (4, 0, 0))
    assert (name_of("m.01"), name_of("m.02")) == ("Albert One", "名")
    assert set(Alias.objects.values_list("name", "language")) == {
        ("Albert Un", "fr"),
        ("Albert One", "en"),
        ("Al @ home", "en"),
        ("名", "zh-Hant"),
    }
    assert counts(imported(rows)) == (0, 4, 0)
    assert name_of("m.01") == "Albert One"


@pytest.mark.django_db
def test_english_replaces_a_name_from_elsewhere_once():
    imported(line("m.01", "ada l", 1, "u", "p", ""), with_images=False)
    imported('m.01\t"Ada de"@de\n')
    assert name_of("m.01") == "ada l"
    imported('m.01\t"Ada"@en\n')
    imported('m.01\t"Countess"@en\n')
    assert name_of("m.01") == "Ada"


@pytest.mark.django_db
def test_a_name_replaces_a_key():
    imported(face(), with_images=False)
    imported('m.01\t"Ada de"@de\n')
    assert name_of("m.01") == "Ada de"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cell",
    ["", '"Ada"', "Ada", '"Ada@en', 'Ada"@en', '""@en', '"Ada"@', '"a@b"', "@en", '"@en',
     f'"{"x" * 501}"@en'],
)  # fmt: skip
def test_malformed_names_are_refused(cell):
    assert counts(imported(f'm.01\t{cell}\nm.02\t"Ok"@en\n', "names")) == (1, 0, 1)


@pytest.mark.django_db
def test_an_entity_list_sets_what_it_names_and_blanks_change_nothing():
    head = "frequency\tkey\tname\tprofessions\trepresentative\turl\n"
    import_ = imported(
        head + line(12, "/m/01", "Ada", "poet| engineer|", "AB" * 32, "http://x/")
    )
    assert (import_.layout, counts(import_)) == ("entities", (1, 0, 0))
    entity = Entity.objects.get()
    assert (entity.key, entity.name, entity.frequency) == ("m.01", "Ada", 12)
    assert entity.professions == ["poet", "engineer"]
    assert entity.representative == "ab" * 32

    assert counts(imported(head + line(12, "m.01", "", "", "", ""))) == (0, 1, 0)
    assert counts(imported("key\tgender\nm.01\tf\nm.03\t\n")) == (2, 0, 0)
    entity.refresh_from_db()
    assert (entity.name, entity.gender, entity.url) == ("Ada", "f", "http://x/")
    assert name_of("m.03") == "m.03"


@pytest.mark.django_db
def test_wrong_cells_of_an_entity_list_are_left_out_and_reported():
    rows = "key\tfrequency\trepresentative\n"
    rows += line("a", -1, "") + line("b", "1.5", "") + line("c", 10**19, "")
    rows += line("d", "", "zz") + line("", 1, "") + line("e", 2**63 - 1, "")
    import_ = imported(rows)

    assert counts(import_) == (5, 0, 1)
    assert import_.warnings == {
        "The frequency is not a whole number. The cell was left out.": {
            "count": 2, "line": 2,
        },
        "The frequency does not fit into 64 bits. The cell was left out.": {
            "count": 1, "line": 4,
        },
        "The digest is not 64 hex digits. The cell was left out.": {
            "count": 1, "line": 5,
        },
    }  # fmt: skip
    assert Entity.objects.get(key="e").frequency == 2**63 - 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "layout", "said"),
    [
        ("key\tnmae\n", "entities", "Unknown column 'nmae'"),
        ("key\tname\tname\n", "entities", "repeats"),
        ("name\turl\n", "entities", 'no column "key"'),
        ("key\tpath\tpth\n", "", "Unknown column 'pth'"),
        ("key\trank\n", "manifest", "neither a column"),
        ("", "manifest", "empty"),
        ("key\tpath\rm.01\tx", "manifest", "end with CR alone"),
        ("key\tpath".encode("utf-16-le"), "manifest", "UTF-16 without a byte order"),
        ("one\ttwo\tthree\n", "", "Choose one of names, entities, thumbnails"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_fails_with_a_sentence(
    text, layout, said
):
    import_ = imported(text, layout)

    assert import_.state == "failed"
    assert said in import_.problem
    assert import_.finished_at


# --- Refused rows --------------------------------------------------------------------


@pytest.mark.django_db
def test_refused_rows_are_listed_and_the_import_continues(own_store):
    good = face(rank=99, data=drawn(1)).encode()
    bad = [
        b"only\ttwo",
        face(key="a b").encode()[:-1],
        face(rank="1.5").encode()[:-1],
        face(rank=2**31).encode()[:-1],
        face(rank="\u0661").encode()[:-1],
        face(box="AAAA").encode()[:-1],
        face(box="not base64").encode()[:-1],
        face(box=b64(b"\xff" * 16)).encode()[:-1],
        face(data="%%%").encode()[:-1],
        face(data="QUJD\x20QUJD").encode()[:-1],
        face(data="QUI").encode()[:-1],
        face(url="a\rb").encode()[:-1],
        face(url="a\0b").encode()[:-1],
        b"\xff\xfe\t\t\t\t\t\t",
        face(url="u" * 9000, data=drawn(2)).encode()[:-1],
        face(url="u" * 2001).encode()[:-1],
        face(face_id="F" * 101, data=drawn(2)).encode()[:-1],
    ]
    import_ = imported(b"\n".join([good[:-1], *bad]) + b"\n" + good, "faces")

    assert counts(import_) == (1, 1, len(bad))
    assert set(reasons(import_)) == set(range(2, len(bad) + 2))
    rows = list(intake.refused_tsv(import_))
    assert rows[0] == "line\treason\trow\n"
    assert len(rows) == len(bad) + 1
    assert all(row.count("\t") == 2 and row.count("\n") == 1 for row in rows)
    assert "a\\rb" in "".join(rows)
    assert all("\r" not in row and "\0" not in row for row in rows)


@pytest.mark.django_db
def test_a_refused_row_shows_its_first_200_characters():
    imported_ = imported("x\t" * 10 + "é" * 500 + "\n" + face(), "faces")

    assert len(imported_.refused.get().row.replace("\\t", "\t")) == 200


@pytest.mark.django_db
def test_a_too_long_line_is_refused_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(lines, "LINE_MAX_BYTES", 100_000)
    monkeypatch.setattr(lines, "READ_SIZE", 4096)
    long = face(rank=1, data="A" * 400_000)
    rows = face(rank=0) + long + face(rank=2) + long[:-1]

    import_ = imported(rows, "faces")

    assert counts(import_) == (2, 0, 2)
    assert set(reasons(import_)) == {2, 4}


@pytest.mark.django_db
def test_a_picture_too_large_is_an_unreadable_candidate(settings):
    settings.IMAGE_MAX_BYTES = 1000

    assert counts(imported(face(data=drawn(1, side=64) + b"\0" * 2000))) == (1, 0, 0)
    assert states() == ["unreadable"]


@pytest.mark.django_db
def test_backslashes_and_other_signs_come_in_as_they_are():
    url = "http://x/\\N\\t\"'{}\\\\é"
    imported(face(url=url, data=drawn(1)) + face("m.02", url=url), "faces")
    imported(face("m.03", url=url), "faces", with_images=False)

    assert set(Candidate.objects.values_list("image_url", flat=True)) == {url}


@pytest.mark.django_db
@given(st.binary(max_size=400), st.sampled_from(["", "names", "faces", "manifest"]))
def test_all_bytes_are_accounted_for(tmp_path_factory, data, layout):
    folder = tmp_path_factory.mktemp("bytes")
    import_ = imported(data, layout, into=folder)

    assert import_.state in ("done", "failed")
    assert (
        import_.rows_read
        == import_.rows_added + import_.rows_known + import_.rows_refused
    )
    assert import_.refused.count() == import_.rows_refused


cell = st.text(st.sampled_from('ab01/\\\t\r\n\0 é"@.'), max_size=6)


@pytest.mark.django_db
@given(st.lists(st.tuples(cell, cell, cell, cell, cell, cell, cell), max_size=5))
@example([("", "", "", "", "", "\r", "")])  # a blank line with a CR
def test_all_cells_are_accounted_for(tmp_path_factory, rows):
    text = "".join("\t".join(row) + "\n" for row in rows)
    import_ = imported(text, "faces", into=tmp_path_factory.mktemp("cells"))

    assert import_.rows_read == sum(bool(row.strip()) for row in text.split("\n"))


# --- Sources -------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("packed", [bytes, zipped, zstandard.compress])
def test_compressed_files_are_read_as_they_are(packed):
    rows = "".join(face(rank=n) for n in range(3000)).encode()

    assert counts(imported(packed(rows), with_images=False)) == (3000, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("packed", [zipped, zstandard.compress])
def test_a_damaged_compressed_file_fails_and_keeps_what_was_read(packed):
    data = packed("".join(face(rank=n) for n in range(60_000)).encode())
    import_ = imported(data[: len(data) // 2], "faces", with_images=False)

    assert import_.state == "failed"
    assert "damaged" in import_.problem


@pytest.mark.django_db
def test_a_byte_order_mark_is_no_part_of_the_first_key():
    imported("\ufeff" + face(), with_images=False)
    imported("\ufeffkey\tname\nm.01\tAda\n")

    assert list(Entity.objects.values_list("key", "name")) == [("m.01", "Ada")]


@pytest.mark.django_db
def test_the_last_line_needs_no_line_end():
    assert counts(imported(face() + face(rank=1)[:-1], with_images=False)) == (2, 0, 0)


@pytest.mark.django_db
def test_rows_by_the_thousand_keep_their_order_and_are_counted():
    rows = "".join(face(f"m.{n % 700}", n, f"u{n}") for n in range(90_000))
    assert counts(imported(rows, with_images=False)) == (90_000, 0, 0)
    assert counts(imported(rows, with_images=False)) == (0, 90_000, 0)
    ranks = list(Candidate.objects.order_by("pk").values_list("rank", flat=True))
    assert ranks == list(range(90_000))
    assert Counter(states()) == {"waiting": 90_000}
