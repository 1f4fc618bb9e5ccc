"""Pictures beside a manifest, in archives and in folders, and attacks among them."""

import hashlib
import io
import os
import stat
import tarfile
import zipfile

import pytest

from annotations import intake
from annotations.intake import sources
from annotations.intake.layouts import archive, files
from annotations.models import Candidate, Entity

from .imported import counts, imported, line, reasons, states, zipped
from .pictures import drawn

pytestmark = pytest.mark.django_db

HEAD = "key\tpath\trank\n"


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a picture and links to a secret outside of it."""
    inside = tmp_path / "data"
    (inside / "sub").mkdir(parents=True)
    (inside / "a.png").write_bytes(drawn(1))
    (inside / "sub" / "b.png").write_bytes(drawn(2))
    (tmp_path / "secret.png").write_bytes(drawn(3))
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (inside / "out").symlink_to(tmp_path)
    (inside / "near.png").symlink_to("a.png")
    return inside


def zip_of(members, **options) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive_file:
        for name, data in members.items():
            archive_file.writestr(name, data)
    return file.getvalue()


def tar_of(members) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive_file:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive_file.addfile(info, io.BytesIO(data))
    return file.getvalue()


# --- Manifests -----------------------------------------------------------------------


def test_a_manifest_imports_pictures_with_all_columns(folder):
    head = "path\tkey\trank\tface_id\tface_rect\tpage_url\tquery\tlicence\tattribution"
    head += "\tretrieved_at\timage_url\n"
    row = line("sub/b.png", "/m/01", 4, "FaceId-3", "0.1,0.2,0.5,1", "p", "q", "CC0",
               "me", "2020-01-02T03:04:05Z", "u")  # fmt: skip
    import_ = imported(head + row, into=folder)

    assert (import_.layout, counts(import_)) == ("manifest", (1, 0, 0))
    candidate = Candidate.objects.get()
    assert (candidate.state, candidate.rank, candidate.face_id) == (
        "ready",
        4,
        "FaceId-3",
    )
    assert candidate.frame == [0.1, 0.2, 0.5, 1]
    assert candidate.face_rectangle is None
    assert (candidate.page_url, candidate.query, candidate.image_url) == ("p", "q", "u")
    assert (candidate.licence, candidate.attribution) == ("CC0", "me")
    assert candidate.retrieved_at.isoformat() == "2020-01-02T03:04:05+00:00"


def test_rows_by_url_alone_wait_for_their_picture():
    import_ = imported("key\timage_url\nm.01\thttps://x/1\nm.01\thttps://x/1\nm.01\t\n")

    assert counts(import_) == (1, 1, 1)
    assert states() == ["waiting"]


@pytest.mark.parametrize(
    "path",
    ["../secret.png", "/etc/passwd", "link.png", "out/secret.png", "sub/../../secret.png",
     "..\\secret.png", "a.png\0", "missing.png", "sub", "", "out/data/../secret.png",
     "a" * 5000],
)  # fmt: skip
def test_a_path_may_not_leave_the_manifests_folder(folder, path):
    assert counts(imported(HEAD + line("m.01", path, 1), into=folder)) == (0, 0, 1)


def test_links_and_dots_within_the_folder_are_fine(folder):
    rows = HEAD + line("m.01", "near.png", 1) + line("m.02", "sub/../a.png", 1)

    assert counts(imported(rows, into=folder)) == (2, 0, 0)


def test_a_pipe_or_device_is_no_picture(folder):
    os.mkfifo(folder / "pipe")
    rows = HEAD + line("m.01", "pipe", 1) + line("m.01", "/dev/zero", 1)

    assert counts(imported(rows, into=folder)) == (0, 0, 2)


def test_a_wrong_digest_is_refused(folder):
    right = hashlib.sha256(drawn(1)).hexdigest().upper()
    rows = "key\tpath\tsha256\n" + line("m.01", "a.png", right)
    rows += line("m.02", "a.png", "0" * 64) + line("m.03", "a.png", "xyz")

    assert counts(imported(rows, into=folder)) == (1, 0, 2)


@pytest.mark.parametrize(
    "cell", ["1,2,3", "0,0,2,1", "0.5,0,0.5,1", "a,b,c,d", "nan,0,1,1", "0,0,1,1,1"]
)
def test_frames_that_are_no_rectangle_of_the_picture_are_refused(folder, cell):
    rows = "key\tpath\tface_rect\n" + line("m.01", "a.png", cell)

    assert counts(imported(rows, into=folder)) == (0, 0, 1)


@pytest.mark.parametrize(
    ("cell", "is_kept"),
    [
        ("0001-01-01T00:00:00+14:00", False),
        ("9999-12-31T23:59:59-14:00", False),
        ("yesterday", False),
        ("1711852200", False),
        ("31.03.2024", False),
        ("2024-02-30", False),
        ("1989-12-31", False),
        ("1990-01-01T14:00:00+14:00", True),
        ("2024-03-31 02:30", True),
    ],
)
def test_a_meaningless_time_is_left_out_and_reported(folder, cell, is_kept):
    rows = "key\tpath\tretrieved_at\n" + line("m.01", "a.png", cell)
    import_ = imported(rows, into=folder)

    assert counts(import_) == (1, 0, 0)
    assert bool(Candidate.objects.get().retrieved_at) == is_kept
    assert bool(import_.warnings) != is_kept
    assert all(entry == {"count": 1, "line": 2} for entry in import_.warnings.values())


def test_a_too_large_file_is_refused(folder, monkeypatch):
    monkeypatch.setattr(files, "FILE_MAX_BYTES", 50)

    assert counts(imported(HEAD + line("m.01", "a.png", 1), into=folder)) == (0, 0, 1)


def test_a_manifest_without_its_folder_cannot_name_paths(own_store):
    text = (HEAD + line("m.01", "a.png", 1)).encode()
    import_ = intake.start(
        file_name="m.tsv", layout="", with_images=True, upload="", by=None
    )
    intake.run(import_, io.BytesIO(text))
    import_.refresh_from_db()

    assert counts(import_) == (0, 0, 1)
    assert "archive" in reasons(import_)[2]


# --- Archives ------------------------------------------------------------------------

KEYED = {
    "m.02/z.png": drawn(3),
    "m.01/b.png": drawn(2),
    "m.01/a.png": drawn(1),
    "m.01/page.png": b"<html>",
}


@pytest.mark.parametrize(
    "packed",
    [zip_of(KEYED), tar_of(KEYED), zipped(tar_of(KEYED)),
     zip_of({f"set/{k}": v for k, v in KEYED.items()} | {"set/README": b"x"}),
     tar_of({f"./{k}": v for k, v in KEYED.items()})],
    ids=["zip", "tar", "tar.gz", "zip in a folder", "tar with dots"],
)  # fmt: skip
def test_archives_of_key_folders_rank_by_file_name(packed):
    import_ = imported(packed)

    assert import_.layout == "archive"
    assert counts(import_)[0] == 4
    rows = Candidate.objects.order_by("entity__key", "rank")
    assert list(rows.values_list("entity__key", "rank", "state")) == [
        ("m.01", 0, "ready"),
        ("m.01", 1, "ready"),
        ("m.01", 2, "unreadable"),
        ("m.02", 0, "ready"),
    ]
    assert counts(imported(packed))[:2] == (0, 4)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["m.ns/1.jpg", "m.ns/sub/2.jpg"], ["m.ns"]),
        (["m.ns/1.jpg", "m.ns/s/2.jpg", "m.ns/t/3.jpg"], ["m.ns"]),
        (["m.01/1", "m.02/1", "m.02/s/1", "m.02/t/1", "m.02/u/1"], ["m.01", "m.02"]),
        (["set/m.01/1.JPG", "set/m.02/s/2.jpg", "set/LICENCE"], ["m.01"]),
        (["set/m.01/1.jpg", "set/m.02/2.jpg", "set/m.02/s/2.jpg"], ["m.01", "m.02"]),
        (["some/m.01/1.jpg", "others/m.02/1.jpg"], []),
        (["1.jpg"], []),
    ],
)
def test_a_folder_within_a_key_folder_is_no_key(names, keys):
    import_ = imported(zip_of({name: drawn(n) for n, name in enumerate(names)}))

    assert counts(import_) == (len(keys), 0, len(names) - len(keys))
    assert list(Entity.objects.order_by("key").values_list("key", flat=True)) == keys


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize("at", ["", "set/"])
def test_an_archive_with_a_manifest_is_read_by_it(pack, at):
    manifest = HEAD + line("m.01", "p/a.png", 7) + line("m.01", "../q.png", 8)
    manifest += line("m.01", "/q.png", 9) + line("m.01", "nothing.png", 9)
    members = {
        f"{at}p/a.png": drawn(1),
        f"{at}manifest.tsv": manifest.encode(),
        "q.png": drawn(2),
    }
    import_ = imported(pack(members))

    assert counts(import_) == (1, 0, 3)
    assert Candidate.objects.get().rank == 7


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_members_outside_the_folder_are_refused(pack):
    evil = ["../../m.01/a.png", "/m.01/a.png", "m.01/../../b.png", "..\\m.01\\a.png",
            "C:/m.01/a.png"]  # fmt: skip
    import_ = imported(pack(dict.fromkeys(evil, drawn(1)) | {"m.02/ok.png": drawn(2)}))

    assert counts(import_) == (1, 0, len(evil))


def test_links_and_devices_in_archives_are_refused(tmp_path):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive_file:
        for name, kind in (
            ("a", tarfile.SYMTYPE),
            ("b", tarfile.LNKTYPE),
            ("c", tarfile.CHRTYPE),
        ):
            info = tarfile.TarInfo(f"m.01/{name}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            archive_file.addfile(info)
    assert counts(imported(file.getvalue())) == (0, 0, 3)

    link = zipfile.ZipInfo("m.01/a.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert counts(imported(zip_of({link: b"/etc/passwd"}))) == (0, 0, 1)


def test_a_member_that_unpacks_to_a_bomb_is_refused():
    options = {"compression": zipfile.ZIP_DEFLATED}
    import_ = imported(
        zip_of({"m.01/bomb": bytes(30_000_000), "m.01/ok": drawn(1)}, **options)
    )

    assert counts(import_) == (1, 0, 1)


def test_an_archive_that_claims_terabytes_fails(monkeypatch):
    data = zip_of({f"m.01/{n}": drawn(1) for n in range(20)})
    place = data.index(b"PK\x01\x02") + 24
    data = data[:place] + b"\xff\xff\xff\x7f" + data[place + 4 :]

    import_ = imported(data)

    assert import_.state == "failed"
    assert "200 times" in import_.problem


def test_a_compressed_tar_bomb_fails_before_it_fills_the_disk(monkeypatch):
    monkeypatch.setattr(sources, "UNPACKED_MIN", 1_000_000)
    import_ = imported(zipped(tar_of({"m.01/a": bytes(30_000_000)})))

    assert import_.state == "failed"
    assert "100 times" in import_.problem


def test_a_tar_header_that_asks_for_gigabytes_fails():
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 2**31
    import_ = imported(info.tobuf() + tar_of({"m.01/a": drawn(1)}))

    assert import_.state == "failed"


def test_encrypted_and_damaged_members_are_refused():
    data = bytearray(zip_of({"m.01/a.png": drawn(1), "m.01/b.png": drawn(2)}))
    data[data.index(drawn(1)) + 20] ^= 255
    place = data.rindex(b"PK\x01\x02") + 8
    data[place] |= 1

    assert counts(imported(bytes(data))) == (0, 0, 2)


def test_a_name_twice_in_a_zip_means_its_last_file():
    data = zip_of({"m.01/a.png": drawn(1), "m.01/b.png": drawn(2)})

    assert counts(imported(data.replace(b"b.png", b"a.png"))) == (1, 1, 0)
    assert Candidate.objects.get().image.sha256 == hashlib.sha256(drawn(2)).hexdigest()


def test_a_zip_member_without_a_name_is_refused():
    data = zip_of({"WXYZ": drawn(2), "m.01/a.png": drawn(1)})

    assert counts(imported(data.replace(b"WXYZ", b"\0XYZ"))) == (1, 0, 1)


def test_a_damaged_lzma_member_is_refused_and_such_a_manifest_fails():
    def damaged(name):
        data = zip_of({name: drawn(1)}, compression=zipfile.ZIP_LZMA)
        place = data.index(name.encode()) + len(name) + 20
        return data[:place] + b"\xff" * 8 + data[place + 8 :]

    assert counts(imported(damaged("m.01/a.png"))) == (0, 0, 1)
    import_ = imported(damaged("manifest.tsv"))
    assert import_.state == "failed"
    assert "damaged" in import_.problem


def test_a_manifest_with_a_password_fails_and_says_what_to_do():
    data = bytearray(zip_of({"manifest.tsv": HEAD}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    import_ = imported(bytes(data))

    assert import_.state == "failed"
    assert "encrypted. Create the archive again" in import_.problem


def test_a_manifest_that_is_a_link_fails_and_says_what_to_do():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive_file:
        link = tarfile.TarInfo("manifest.tsv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive_file.addfile(link)
    import_ = imported(file.getvalue())

    assert import_.state == "failed"
    assert "a link or a device. Create the archive again" in import_.problem


@pytest.mark.parametrize("cut", [100, 1000, 2000])
@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_half_an_archive_never_ends_in_an_error(pack, cut):
    import_ = imported(pack(KEYED)[:cut])

    assert import_.state in ("done", "failed")
    assert (
        import_.rows_read
        == import_.rows_added + import_.rows_known + import_.rows_refused
    )


def test_clutter_of_systems_is_passed_over():
    members = KEYED | {"__MACOSX/m.01/._a.png": b"x", "m.01/.DS_Store": b"x"}

    assert counts(imported(zip_of(members | {"m.01/Thumbs.db": b"x"}))) == (4, 0, 0)


def test_key_folders_without_images_are_nothing():
    assert imported(zip_of(KEYED), with_images=False).state == "failed"


def test_too_many_members_fail(monkeypatch):
    monkeypatch.setattr(archive, "MEMBERS_MAX", 3)
    for pack in (zip_of, tar_of):
        assert "Split it" in imported(pack(KEYED)).problem


# --- Folders -------------------------------------------------------------------------


def test_a_folder_of_key_folders_is_imported(tmp_path, folder):
    root = tmp_path / "faces"
    for name, data in KEYED.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "stray.png").write_bytes(drawn(1))
    (root / "m.01" / "deeper").mkdir()
    (root / "m.01" / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "a b").mkdir()
    (root / "a b" / "x.png").write_bytes(drawn(1))
    (root / ".hidden").mkdir()
    (root / "m.03").symlink_to(tmp_path)

    import_ = imported(root)

    assert import_.layout == "folder"
    additions, duplicates, refusals = counts(import_)
    assert (additions, duplicates) == (4, 0)
    assert refusals == 5
    ranks = Candidate.objects.filter(entity__key="m.01").order_by("rank")
    assert list(ranks.values_list("rank", "state")) == [
        (0, "ready"),
        (1, "ready"),
        (4, "unreadable"),
    ]
    assert counts(imported(root)) == (0, 4, refusals)
    assert not Candidate.objects.filter(entity__key="m.03").exists()


def test_file_names_that_are_no_text_are_refused_or_taken_but_never_stop(tmp_path):
    root = tmp_path / "faces"
    (root / "m.01").mkdir(parents=True)
    with open(os.fsencode(root) + b"/m.01/\xff\xfe.png", "wb") as file:  # noqa: PTH123
        file.write(drawn(1))
    os.mkdir(os.fsencode(root) + b"/\xff")  # noqa: PTH102
    with open(os.fsencode(root) + b"/\xff/a.png", "wb") as file:  # noqa: PTH123
        file.write(drawn(1))

    assert counts(imported(root)) == (1, 0, 1)
