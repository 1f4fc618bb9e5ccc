"""The files that researchers download, and the commands that write them."""

import io
import time
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotations import export, queue
from annotations.errors import Invalid, NotFound
from annotations.models import BatchEntity, Candidate, CandidateState, Judgment

from .desk import batch_of, say, say_all
from .factories import CandidateFactory, EntityFactory

# The stream reads on its own connection, which only sees committed rows.
pytestmark = pytest.mark.django_db(transaction=True)

TRUTH_HEADER = [
    "entity_key",
    "entity_name",
    "candidate_id",
    "image_search_rank",
    "image_url",
    "page_url",
    "face_id",
    "image_sha256",
    "verdict",
    "basis",
    "judges",
    "yes",
    "no",
    "broken",
    "agreement",
]
JUDGMENTS_HEADER = [
    "entity_key",
    "candidate_id",
    "image_sha256",
    "judge",
    "verdict",
    "decided_at",
    "seconds",
    "how",
    "revision",
    "independent",
]


def read(pieces):
    """Return header and rows of a streamed file."""
    text = b"".join(pieces).decode()
    assert text.endswith("\n")
    assert "\r" not in text
    header, *rows = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    return header, [dict(zip(header, row, strict=True)) for row in rows]


def connections():
    """Return the number of sessions that stream from this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'COPY (%'"
        )
        return cursor.fetchone()[0]


def test_the_truth_of_judged_candidates_is_in_the_file(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=3)
    say_all(judge, queue.lease(judge=judge), "yes")
    page = queue.lease(judge=other_judge)
    for position, verdict in enumerate(["yes", "no", "skip"]):
        say(other_judge, page, position, verdict)
    header, rows = read(export.stream_truth([batch.pk]))
    assert header == TRUTH_HEADER
    rows_by_candidate = {int(row["candidate_id"]): row for row in rows}
    first, second, third = (
        rows_by_candidate[candidate_id] for candidate_id in page.candidates
    )
    assert (first["verdict"], first["basis"], first["judges"]) == (
        "yes",
        "unanimous",
        "2",
    )
    assert (first["yes"], first["no"], first["agreement"]) == ("2", "0", "1.0000")
    assert (second["verdict"], second["basis"], second["agreement"]) == ("", "open", "")
    assert (second["yes"], second["no"], second["broken"]) == ("1", "1", "0")
    assert (third["basis"], third["judges"]) == ("open", "1")
    candidate = Candidate.objects.select_related("entity", "image").get(
        pk=page.candidates[0]
    )
    assert first["entity_key"] == candidate.entity.key
    assert first["image_sha256"] == candidate.image.sha256
    assert first["image_search_rank"] == str(candidate.rank)


def test_a_batch_without_judgments_has_zeros_and_empty_cells(judge):
    batch = batch_of(judge, candidates=1)
    Candidate.objects.update(rank=None)
    _, [row] = read(export.stream_truth([batch.pk]))
    assert [row[n] for n in ("judges", "yes", "no", "broken")] == ["0"] * 4
    assert [row[n] for n in ("verdict", "agreement", "image_search_rank")] == [""] * 3


def test_cells_keep_their_text_and_never_have_a_separator(judge):
    batch = batch_of(judge, candidates=1)
    candidate = Candidate.objects.get()
    name = 'C:\\new\\table "quoted" \\N é 日本 \\'
    candidate.entity.name = name
    candidate.entity.save()
    candidate.page_url = "a\tb\nc\rd\\te"
    candidate.save()
    _, [row] = read(export.stream_truth([batch.pk]))
    assert row["entity_name"] == name
    assert row["page_url"] == "a b c d\\te"


def test_every_current_judgment_has_a_row_even_a_skip(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=2)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "no", seconds=2.5)
    say(judge, page, 0, "yes", seconds=1.0)
    say(judge, page, 1, "skip")
    header, rows = read(export.stream_judgments([batch.pk], names=True))
    assert header == JUDGMENTS_HEADER
    rows_by_candidate = {int(row["candidate_id"]): row for row in rows}
    yes, skip = (rows_by_candidate[candidate_id] for candidate_id in page.candidates)
    assert (yes["judge"], yes["verdict"], yes["revision"]) == ("jo", "yes", "1")
    assert (yes["seconds"], yes["how"], yes["independent"]) == ("1.00", "key", "yes")
    assert (skip["verdict"], skip["independent"], skip["revision"]) == ("skip", "", "0")
    assert yes["decided_at"].endswith("Z")
    judgment = Judgment.objects.get(candidate_id=page.candidates[0])
    assert datetime.fromisoformat(yes["decided_at"]) == judgment.decided_at


def test_a_judgment_taken_back_has_no_row(judge):
    batch = batch_of(judge, candidates=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "no")
    say(judge, page, 0, None)
    _, rows = read(export.stream_judgments([batch.pk], names=True))
    assert rows == []
    say(judge, page, 0, "yes")
    _, [row] = read(export.stream_judgments([batch.pk], names=True))
    assert row["revision"] == "1"


def test_judges_have_stable_pseudonyms_unless_named(judge):
    batch = batch_of(judge, candidates=2)
    say_all(judge, queue.lease(judge=judge))
    _, rows = read(export.stream_judgments([batch.pk], names=False))
    assert {row["judge"] for row in rows} == {judge.pseudonym}
    assert judge.username not in judge.pseudonym


def test_erased_candidates_have_no_row(judge):
    batch = batch_of(judge, candidates=2)
    say_all(judge, queue.lease(judge=judge))
    erased_candidate = Candidate.objects.first()
    Candidate.objects.filter(pk=erased_candidate.pk).update(
        state=CandidateState.ERASED, image=None
    )
    _, truths = read(export.stream_truth([batch.pk]))
    _, judgments = read(export.stream_judgments([batch.pk], names=False))
    assert str(erased_candidate.pk) not in {
        row["candidate_id"] for row in truths + judgments
    }
    assert len(truths) == len(judgments) == 1


def test_the_stream_has_many_pieces_of_whole_rows(judge):
    batch = batch_of(judge, candidates=1)
    entity = EntityFactory(name="x" * 1000)
    CandidateFactory.create_batch(400, entity=entity)
    last = Candidate.objects.order_by("pk").last().pk
    BatchEntity.objects.create(batch=batch, entity=entity, upto=last)
    pieces = list(export.stream_truth([batch.pk]))
    assert len(pieces) > 3
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert len(read(pieces)[1]) == 401


def test_the_copy_ends_when_its_reader_goes(judge):
    batch = batch_of(judge, candidates=1)
    entity = EntityFactory(name="x" * 3000)
    CandidateFactory.create_batch(2000, entity=entity)
    last = Candidate.objects.order_by("pk").last().pk
    BatchEntity.objects.create(batch=batch, entity=entity, upto=last)
    pieces = export.stream_truth([batch.pk])
    next(pieces), next(pieces)
    assert connections() == 1
    pieces.close()
    deadline = time.monotonic() + 5
    while connections() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert connections() == 0


def test_a_failed_copy_raises_and_does_not_end_the_file_early(judge, monkeypatch):
    batch = batch_of(judge, candidates=1)
    monkeypatch.setattr(export, "JUDGMENTS", "SELECT 1 / (SELECT 0)")
    pieces = export.stream_judgments([batch.pk], names=False)
    assert next(pieces).startswith(b"entity_key")
    with pytest.raises(Exception, match="division by zero"):
        list(pieces)
    assert connections() == 0


def test_batches_must_be_named_and_exist(judge):
    with pytest.raises(Invalid):
        list(export.stream_truth([]))
    with pytest.raises(NotFound, match="4711"):
        export.stream_truth([4711])
    with pytest.raises(NotFound, match="4711"):
        export.stream_judgments([4711], names=False)


def test_the_command_writes_a_whole_file(judge, tmp_path):
    batch = batch_of(judge, candidates=3)
    target = tmp_path / "a folder" / "truth.tsv"
    target.parent.mkdir()
    call_command("export_truth", str(target), batch=[batch.pk], stderr=io.StringIO())
    assert target.read_bytes() == b"".join(export.stream_truth([batch.pk]))
    assert list(target.parent.iterdir()) == [target]


def test_the_command_writes_to_standard_output(judge):
    batch = batch_of(judge, candidates=3)
    out = io.StringIO()
    call_command("export_truth", batch=[batch.pk], stdout=out)
    assert out.getvalue().count("\n") == 4


def test_the_command_writes_pseudonyms_unless_names_are_requested(judge):
    batch = batch_of(judge, candidates=1)
    say_all(judge, queue.lease(judge=judge))
    with_pseudonyms, with_names = io.StringIO(), io.StringIO()
    call_command("export_judgments", batch=[batch.pk], stdout=with_pseudonyms)
    call_command("export_judgments", batch=[batch.pk], names=True, stdout=with_names)
    assert "\tjo\t" not in with_pseudonyms.getvalue()
    assert "\tjo\t" in with_names.getvalue()


def test_a_failed_export_leaves_the_old_file(judge, tmp_path, monkeypatch):
    batch = batch_of(judge, candidates=1)
    target = tmp_path / "judgments.tsv"
    target.write_text("old")
    monkeypatch.setattr(export, "JUDGMENTS", "SELECT 1 / (SELECT 0)")
    with pytest.raises(Exception, match="division by zero"):
        call_command(
            "export_judgments", str(target), batch=[batch.pk], stderr=io.StringIO()
        )
    assert target.read_text() == "old"
    assert list(tmp_path.glob(".judgments*")) == []


def test_commands_report_errors_in_a_sentence(db, tmp_path):
    with pytest.raises(CommandError, match="no batch 4711"):
        call_command("export_truth", batch=[4711])
