"""Imports that crash, run in slices, twice at once or by command end the same way."""

import io
import os
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, connection, connections

from annotations import intake
from annotations.errors import ImportStopped, WrongState
from annotations.intake import chunks, merging
from annotations.models import Candidate, Entity, Import, RefusedRow
from annotations.models.imports import ImportState

from .imported import counts, face, imported, states, zipped
from .pictures import drawn

together = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_chunks(monkeypatch):
    """Make chunks of a few rows, so that small files have many."""
    monkeypatch.setattr(chunks, "PICTURED_ROWS", 5)
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 5)


def begun(**fields):
    defaults = {
        "file_name": "f",
        "layout": "",
        "with_images": True,
        "upload": "",
        "by": None,
    }
    return intake.start(**{**defaults, **fields})


def rows_of(count, start=0):
    return "".join(
        face(rank=n, url=f"u{n}", data=drawn(n)) for n in range(start, count)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("packed", [bytes, zipped])
def test_slices_of_an_upload_add_up_to_the_whole(small_chunks, packed):
    data = (rows_of(30) + "bad\n" + rows_of(60, 30)).encode()
    upload = default_storage.save("imports/x", ContentFile(packed(data)))
    import_, slices = begun(upload=upload), 0
    while not intake.run_upload(import_, budget_seconds=0.000001):
        slices += 1
        import_.refresh_from_db()
        assert import_.position == import_.rows_read

    import_.refresh_from_db()
    assert slices > 5
    assert counts(import_) == (60, 0, 1)
    assert RefusedRow.objects.get().line == 31
    assert not default_storage.exists(upload)


@pytest.mark.django_db
def test_an_upload_that_is_gone_fails():
    import_ = begun(upload="imports/nothing")

    assert intake.run_upload(import_)
    import_.refresh_from_db()
    assert import_.state == ImportState.FAILED


def upload_of(text):
    upload = default_storage.save("imports/x", ContentFile(text.encode()))
    return begun(upload=upload)


@pytest.fixture
def stumbling(monkeypatch):
    """Return a function that raises errors, one by one, in the merge of a row."""
    real = merging.merge_candidates

    def stumble(url, errors):
        errors_left = iter(errors)

        def merge(rows, ids, stored):
            if any(f"\t{url}\t" in row[3] for row in rows) and (
                e := next(errors_left, None)
            ):
                raise e
            return real(rows, ids, stored)

        monkeypatch.setattr(merging, "merge_candidates", merge)

    return stumble


@pytest.mark.django_db
def test_an_import_that_crashes_again_and_again_fails_and_says_so(
    small_chunks, stumbling
):
    stumbling("u7", [TypeError("m.01")] * 9)
    import_ = upload_of(rows_of(20))
    for _ in range(3):
        assert import_.state != ImportState.FAILED
        with pytest.raises(ImportStopped, match="TypeError"):
            intake.run_upload(import_)

    import_.refresh_from_db()
    assert import_.state == ImportState.FAILED
    assert "(TypeError) after line 5, 3 times" in import_.problem
    assert "m.01" not in import_.problem
    assert intake.run_upload(import_)
    assert Candidate.objects.count() == 5
    assert not default_storage.exists(import_.upload)


@pytest.mark.django_db
def test_an_import_that_gets_on_between_crashes_ends_well(small_chunks, stumbling):
    import_ = upload_of(rows_of(20))
    for url in ("u2", "u7", "u12"):
        stumbling(url, [TypeError(), KeyError()])
        for _ in range(2):
            with pytest.raises(ImportStopped):
                intake.run_upload(import_)

    assert intake.run_upload(import_)
    import_.refresh_from_db()
    assert counts(import_) == (20, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OSError, OperationalError, InterfaceError])
def test_a_storage_or_database_that_is_away_fails_no_import(stumbling, error):
    stumbling("u7", [error()] * 9)
    import_ = upload_of(rows_of(20))
    for _ in range(9):
        with pytest.raises(error):
            intake.run_upload(import_)

    assert intake.run_upload(import_)
    import_.refresh_from_db()
    assert counts(import_) == (20, 0, 0)


@pytest.mark.django_db
def test_an_ended_import_is_not_run_again(tmp_path):
    import_ = imported(rows_of(3))

    assert intake.run(import_, io.BytesIO(rows_of(9).encode()))
    assert Candidate.objects.count() == 3


@pytest.mark.django_db
def test_one_row_that_the_database_refuses_does_not_stop_the_others(monkeypatch):
    real = merging.merge_candidates

    def picky(rows, ids, stored):
        with connection.cursor() as cursor:
            if any("u7\t" in row[3] for row in rows):
                cursor.execute("SELECT 1 / 0")
        return real(rows, ids, stored)

    monkeypatch.setattr(merging, "merge_candidates", picky)
    import_ = imported(rows_of(20))

    assert counts(import_) == (19, 0, 1)
    assert "The database refuses the row" in RefusedRow.objects.get().reason


@together
def test_one_import_is_never_run_by_two_at_once():
    import_, entered, leave = begun(), threading.Event(), threading.Event()

    def slow(*_):
        entered.set()
        leave.wait(20)

    def run():
        intake.run(import_, io.BytesIO(rows_of(3).encode()), progress=slow)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    entered.wait(20)
    with pytest.raises(WrongState):
        intake.run(Import.objects.get(), io.BytesIO(rows_of(3).encode()))
    upload = Import.objects.get()
    upload.upload = default_storage.save("imports/y", ContentFile(b""))
    assert intake.run_upload(upload)
    leave.set()
    thread.join()
    assert Candidate.objects.count() == 3


@together
def test_many_imports_of_the_same_rows_at_once_make_no_doubles(small_chunks):
    files = [rows_of(40), rows_of(40), "".join(reversed(rows_of(40).splitlines(True)))]
    files.append("".join(face(f"m.{n % 9}", n, data=drawn(n)) for n in range(40)))
    files.append("".join(face(f"m.{8 - n % 9}", n, data=drawn(n)) for n in range(40)))
    problems = []

    def run(text):
        try:
            import_ = begun()
            intake.run(import_, io.BytesIO(text.encode()))
            counts(Import.objects.get(pk=import_.pk))
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[text]) for text in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not problems
    pairs = Candidate.objects.values_list("entity_id", "image_id")
    assert len(pairs) == len(set(pairs))
    assert Candidate.objects.filter(entity__key="m.01").count() == 40


def command_line(tmp_path, *words):
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return subprocess.Popen(
        [sys.executable, django_settings.BASE_DIR / "manage.py", *map(str, words)],
        env=os.environ | {"DATABASE_URL": url, "LABELER_DATA": str(tmp_path)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@together
def test_an_import_killed_repeatedly_ends_without_duplicates(tmp_path):
    path = tmp_path / "faces.tsv"
    rows = [
        face(f"m.{n % 50}", n, f"u{n}", data=drawn(n, side=100)) for n in range(1500)
    ]
    path.write_text("".join(rows) + "bad\n")
    for kill in range(3):
        process = command_line(tmp_path, "import_candidates", path)
        give_up = time.monotonic() + 60
        while Import.objects.filter(position__gt=kill * 300).count() == 0:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < give_up
            time.sleep(0.02)
        process.kill()
        process.communicate()
        assert 0 < Candidate.objects.count() < 1500

    process = command_line(tmp_path, "import_candidates", path)
    output, _ = process.communicate(timeout=120)

    assert process.returncode == 0, output
    assert "Continuing after line" in output
    assert counts(Import.objects.get()) == (1500, 0, 1)
    assert Candidate.objects.count() == 1500
    assert Entity.objects.count() == 50
    assert set(states()) == {"ready"}
    assert (tmp_path / "refused.tsv").read_text().splitlines()[1].startswith("1501\t")


@pytest.fixture
def at(tmp_path, monkeypatch):
    """Run commands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.django_db
def test_the_commands_import_and_print_a_summary(at, capsys):
    (at / "f.tsv").write_text(rows_of(3) + "bad\n")
    (at / "n.tsv").write_text('m.01\t"Ada"@en\n')
    (at / "d" / "m.02").mkdir(parents=True)
    (at / "d" / "m.02" / "a.png").write_bytes(drawn(1))

    call_command("import_candidates", "f.tsv", "--refused", "no.tsv")
    call_command("import_candidates", "f.tsv", "--no-images")
    call_command("import_entities", "n.tsv")
    call_command("import_folder", "d")

    output = capsys.readouterr().out
    assert "4 rows read: 3 added, 0 already imported, 1 refused (see no.tsv)" in output
    assert "0 added, 3 already imported, 1 refused (see refused.tsv)" in output
    assert "layout names: 1 rows read: 1 added" in output
    assert "layout folder: 1 rows read: 1 added" in output
    assert (at / "no.tsv").read_text().startswith("line\treason\trow\n4\t")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import_candidates", "missing.tsv"], "There is no file"),
        (["import_folder", "missing"], "There is no folder"),
        (["import_candidates", "n.tsv"], "layout names. Expected: thumbnails"),
        (["import_entities", "f.tsv"], "layout faces. Expected: names"),
        (["import_candidates", "x.txt"], "Choose one of"),
        (["import_candidates", "f.tsv", "--layout", "archive"], "not a zip or tar"),
        (["import_candidates", "."], "Expected: "),
    ],
)
def test_a_command_that_cannot_read_its_file_ends_with_one_sentence(at, words, said):
    (at / "f.tsv").write_text(rows_of(1))
    (at / "n.tsv").write_text('m.01\t"Ada"@en\n')
    (at / "x.txt").write_text("hello\n")

    with pytest.raises(CommandError, match=said):
        call_command(*words)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TypeError("x"), "Unexpected error .TypeError. after line 0"),
        (OSError(28, "No space left"), "No space left.* run the same command again"),
    ],
)
def test_a_command_that_crashes_says_so_in_a_sentence(at, stumbling, error, said):
    (at / "f.tsv").write_text(rows_of(9))
    stumbling("u7", [error])

    with pytest.raises(CommandError, match=said):
        call_command("import_candidates", "f.tsv")
    call_command("import_candidates", "f.tsv")
    assert counts(Import.objects.get()) == (9, 0, 0)


@pytest.mark.django_db
def test_standard_input_is_read_and_needs_no_seek(at, monkeypatch):
    read, write = os.pipe()
    threading.Thread(
        target=lambda: open(write, "wb").write(zipped(rows_of(50).encode()))  # noqa: PTH123, SIM115
    ).start()
    monkeypatch.setattr("sys.stdin", open(read))  # noqa: PTH123, SIM115
    call_command("import_candidates", "-")

    assert Candidate.objects.count() == 50


@pytest.mark.django_db
def test_a_changed_file_starts_from_the_beginning(at, capsys, small_chunks):
    path = at / "f.tsv"
    path.write_text(rows_of(30))
    import_ = begun(file_name=str(path.resolve()))
    intake.run(import_, path, budget_seconds=0.000001)
    assert intake.unfinished(path=path, layout="", with_images=True) == import_

    os.utime(path, (time.time() + 60, time.time() + 60))
    call_command("import_candidates", str(path))

    import_.refresh_from_db()
    assert import_.state == ImportState.FAILED
    assert Candidate.objects.count() == 30
    assert "Continuing" not in capsys.readouterr().out


@pytest.mark.django_db
def test_ctrl_c_says_how_to_go_on(at, monkeypatch):
    (at / "f.tsv").write_text(rows_of(1))

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "run", interrupted)
    with pytest.raises(CommandError, match="Run the same command again") as caught:
        call_command("import_candidates", "f.tsv")
    assert caught.value.returncode == 130


@pytest.mark.django_db
def test_idle_uploads_are_those_without_a_worker():
    quiet, fresh, by_command = begun(upload="a"), begun(upload="b"), begun()
    old = "2020-01-01T00:00Z"
    Import.objects.filter(pk__in=[quiet.pk, by_command.pk]).update(touched_at=old)

    assert intake.idle_uploads() == [quiet.pk]
    assert fresh.state == ImportState.PENDING
