"""Erased data is gone everywhere and cannot return; everything else stays."""

import io
import threading

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from annotations import batches, erasure, images, intake, queue, verification
from annotations.errors import Invalid, NotFound
from annotations.intake import tombstones
from annotations.models import (
    Alias,
    AuditEntry,
    BatchEntity,
    BatchJudge,
    Candidate,
    CandidateState,
    Clearance,
    Comment,
    Conflict,
    Embedding,
    Entity,
    Image,
    Import,
    ImportState,
    Judgment,
    JudgmentRevision,
    PendingScoring,
    QueueState,
    RefusedRow,
    Report,
    Ruling,
    Score,
    SecondLook,
    Tombstone,
)

from .desk import batch_of, say, say_all
from .factories import CandidateFactory, EntityFactory
from .imported import face, imported
from .pictures import drawn, stored
from .scored import score, scorer_named

# Files are deleted after the commit, and some tests use several connections.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pictured():
    """Return an entity with two candidates whose bytes are stored."""
    entity = EntityFactory(key="m.06y3r", name="Ann", description="d", url="u")
    Alias.objects.create(entity=entity, name="Anna", language="sv")
    for seed in (1, 2):
        CandidateFactory(entity=entity, image=stored(seed=seed))
    entity.representative = entity.candidates.first().image.sha256
    entity.save()
    return entity


def files():
    """Return the names of all stored files."""
    paths, folders = set(), [""]
    while folders:
        folder = folders.pop()
        inner, names = default_storage.listdir(folder or ".")
        folders += [f"{folder}{name}/" for name in inner]
        paths |= {f"{folder}{name}" for name in names}
    return paths


def differences():
    """Return the differences that verification finds, except totals of batches."""
    results = verification.verify(files=True)
    return [str(result) for result in results if "_total" not in result.where]


def import_picture(folder, key, *, seed, state=ImportState.DONE):
    """Import a picture from a key folder; `state` is how the import ends."""
    path = folder / f"{key}-{seed}"
    (path / key).mkdir(parents=True)
    (path / key / "0.png").write_bytes(drawn(seed))
    import_ = intake.start(
        file_name=str(path), layout="folder", with_images=True, upload="", by=None
    )
    intake.run(import_, path)
    import_.refresh_from_db()
    assert import_.state == state, import_.problem
    return import_


def test_scores_of_an_erased_entity_are_gone(pictured, admin):
    unrelated = EntityFactory()
    CandidateFactory(entity=unrelated, image=stored(seed=9))
    batch = batches.create(
        by=admin, name="Models", entities=[pictured.key, unrelated.key]
    )
    batches.open_batch(batch=batch, by=admin)
    scorer = scorer_named()
    for candidate in Candidate.objects.all():
        score(candidate, 0.99)
        vectors = {"vectors": b"face", "boxes": b""}
        Embedding.objects.create(scorer=scorer, candidate=candidate, **vectors)
        Clearance.objects.create(
            batch=batch,
            candidate=candidate,
            entity=candidate.entity,
            **{"verdict": "yes", "probability": 0.99, "lot": 0.5},
        )
    for entity in (pictured, unrelated):
        PendingScoring.objects.create(scorer=scorer, entity=entity)
    erasure.erase_entity(key=pictured.key, by=admin)
    for model in (Score, Embedding, Clearance):
        assert model.objects.get().candidate.entity == unrelated
    assert PendingScoring.objects.get().entity == unrelated
    assert differences() == []


def test_an_erased_entity_is_a_shell_without_anything_of_it(pictured, admin):
    erasure.erase_entity(key="/m/06y3r", by=admin)
    pictured.refresh_from_db()
    assert pictured.key is None
    assert pictured.erased_at is not None
    assert (pictured.name, pictured.description, pictured.url) == ("", "", "")
    assert pictured.representative is None
    assert not Alias.objects.exists()
    assert not Image.objects.exists()
    assert files() == set()
    assert pictured.candidates.count() == 2
    for candidate in pictured.candidates.all():
        assert candidate.state == CandidateState.ERASED
        assert candidate.image is None
        assert candidate.image_url == candidate.page_url == candidate.face_id == ""
    assert differences() == []


def test_an_erased_picture_erases_every_candidate_with_it(pictured, admin):
    image = pictured.candidates.first().image
    duplicate = CandidateFactory(image=image)
    unrelated = CandidateFactory(image=stored(seed=3))
    erasure.erase_image(sha256=image.sha256.upper(), by=admin)
    duplicate.refresh_from_db()
    assert duplicate.state == CandidateState.ERASED
    unrelated.refresh_from_db()
    assert unrelated.state == CandidateState.READY
    pictured.refresh_from_db()
    assert pictured.key == "m.06y3r"
    assert pictured.representative is None
    assert pictured.candidates.filter(state=CandidateState.READY).count() == 1
    assert any(unrelated.image.sha256 in name for name in files())
    assert not any(image.sha256 in name for name in files())


def test_an_entitys_pictures_leave_other_entities_too(pictured, admin):
    image = pictured.candidates.first().image
    duplicate = CandidateFactory(image=image)
    erasure.erase_entity(key="m.06y3r", by=admin)
    duplicate.refresh_from_db()
    assert duplicate.state == CandidateState.ERASED
    assert duplicate.entity.key
    assert not Image.objects.filter(pk=image.pk).exists()


def test_zero_bytes_belong_to_no_entity(pictured, admin):
    zero_bytes = stored(b"")
    candidate = CandidateFactory(entity=pictured, image=zero_bytes, state="empty")
    stranger = CandidateFactory(image=zero_bytes, state="empty")
    erasure.erase_entity(key="m.06y3r", by=admin)
    candidate.refresh_from_db()
    stranger.refresh_from_db()
    assert candidate.state == CandidateState.ERASED
    assert stranger.state == CandidateState.EMPTY
    with pytest.raises(NotFound, match="zero bytes"):
        erasure.erase_image(sha256=zero_bytes.sha256, by=admin)


def test_judgments_of_erased_candidates_are_gone_with_their_history(
    judge, other_judge, admin, adjudicator
):
    batch = batch_of(judge, other_judge, candidates=3)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "no")
    say(judge, page, 0, "yes")
    say(judge, page, 1, "skip")
    say(judge, page, 2, "yes")
    [erased_id, skipped_id, other_id] = page.candidates
    for number in (erased_id, other_id):
        candidate = Candidate.objects.get(pk=number)
        queue.report(candidate=candidate, by=judge, reason="minor", comment="c")
        Ruling.objects.create(
            batch=batch, candidate=candidate, verdict="yes", by=adjudicator
        )
        Comment.objects.create(batch=batch, candidate=candidate, by=admin, text="c")
        fields = {"batch": batch, "candidate": candidate, "asked_by": admin}
        SecondLook.objects.create(judge=judge, argument="a", **fields)
    image = Candidate.objects.get(pk=erased_id).image
    erasure.erase_image(sha256=image.sha256, by=admin)
    models = (Judgment, JudgmentRevision, Report, Ruling, Comment, SecondLook, Conflict)
    for model in models:
        assert not model.objects.filter(candidate=erased_id).exists(), model
    assert Judgment.objects.filter(candidate=other_id).exists()
    assert Report.objects.count() == Ruling.objects.count() == 1
    member = BatchJudge.objects.get(batch=batch, judge=judge)
    assert (member.verdicts, member.skips) == (1, 1)
    erasure.erase_image(
        sha256=Candidate.objects.get(pk=skipped_id).image.sha256, by=admin
    )
    member.refresh_from_db()
    assert (member.verdicts, member.skips) == (1, 0)


def test_history_cannot_be_deleted_after_an_erasure_in_the_same_session(judge, admin):
    batch_of(judge, candidates=2)
    page = queue.lease(judge=judge)
    for position in (0, 1):
        say(judge, page, position, "no")
        say(judge, page, position, "yes")
    image = Candidate.objects.get(pk=page.candidates[0]).image
    erasure.erase_image(sha256=image.sha256, by=admin)
    with pytest.raises(Exception, match="never changed"):
        JudgmentRevision.objects.all().delete()


def test_the_queue_counts_the_erased_no_more(judge, other_judge, admin):
    batch_of(judge, other_judge, candidates=3)
    say_all(judge, queue.lease(judge=judge))
    page = queue.lease(judge=other_judge)
    image = Candidate.objects.get(pk=page.candidates[0]).image
    erasure.erase_image(sha256=image.sha256, by=admin)
    row = BatchEntity.objects.get()
    assert (row.total, row.held_places, row.open_places) == (2, 2, 0)
    for position in (1, 2):
        assert say(other_judge, page, position, "yes") == "recorded"
    assert say(other_judge, page, 0, "yes") == "erased"
    assert queue.submit(assignment_id=page.pk, judge=other_judge)
    row.refresh_from_db()
    assert (row.state, row.judged, row.undecided) == (QueueState.DONE, 2, 0)
    assert differences_of_counts() == []


def differences_of_counts():
    """Return the same without files, which these candidates never had."""
    results = verification.verify()
    return [str(result) for result in results if "_total" not in result.where]


def test_the_erased_cannot_return(pictured, admin, tmp_path):
    digest = pictured.candidates.first().image.sha256
    erasure.erase_entity(key="m.06y3r", by=admin)
    same_key = import_picture(tmp_path, "m.06y3r", seed=9, state="failed")
    assert (same_key.rows_added, same_key.rows_refused) == (0, 1)
    same_picture = import_picture(tmp_path, "m.other", seed=1, state="failed")
    assert (same_picture.rows_added, same_picture.rows_refused) == (0, 1)
    assert not Image.objects.filter(sha256=digest).exists()
    assert not Entity.objects.filter(key="m.06y3r").exists()


def test_tombstones_and_the_audit_contain_no_names(pictured, admin):
    digests = [c.image.sha256 for c in pictured.candidates.select_related("image")]
    erasure.erase_entity(key="m.06y3r", by=admin)
    assert tombstones.is_erased("entity", "m.06y3r")
    assert all(tombstones.is_erased("image", digest) for digest in digests)
    assert Tombstone.objects.count() == 3
    entry = AuditEntry.objects.get(action="entity-erased")
    assert entry.by == admin
    assert entry.details == {"entity": pictured.pk, "candidates": 2, "images": 2}


def test_nothing_in_the_database_holds_the_key_or_a_digest_any_more(pictured, admin):
    digest = pictured.candidates.first().image.sha256
    import_ = Import.objects.create(file_name="f")
    RefusedRow.objects.create(source=import_, line=1, reason="r", row="/m/06y3r\\tx")
    pattern = f"06y3r|{digest}"
    tables = {"annotations_entity", "annotations_image", "annotations_refusedrow"}
    assert tables <= set(tables_with(pattern))
    erasure.erase_entity(key="m.06y3r", by=admin)
    assert tables_with(pattern) == []


def tables_with(pattern):
    """Return the tables with a row that matches, except temporary ones of imports."""
    tables = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("intake_"):
                continue
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ~ %s)', [pattern]
            )
            if cursor.fetchone()[0]:
                tables.append(table)
    return tables


def test_a_new_import_of_erased_data_restores_nothing(admin):
    rows = face("m.06y3r", url="there.example/1", data=drawn(1))
    rows += face("m.06y3r", url="there.example/2", data=b"<html>")
    imported(rows)
    digest = Image.objects.first().sha256
    assert tables_with(f"06y3r|there.example|{digest}")
    erasure.erase_entity(key="m.06y3r", by=admin)
    for with_images in (True, False):
        import_ = imported(rows, "faces", with_images=with_images)
        assert (import_.rows_refused, import_.refused.count()) == (2, 2)
    assert tables_with(f"06y3r|there.example|{digest}") == []


@pytest.mark.parametrize(
    ("row", "is_forgotten"),
    [
        ("m.06y3r\\tAnn\\t3", True),
        ("/m/06y3r\\tAnn", True),
        ("3\\tm.06y3r", True),
        ("m.06y3r/1.jpg", True),
        ("m.06y3r2\\tBen", False),
        ("xm.06y3r\\tBen", False),
        ("m-06y3r", False),
    ],
)
def test_refused_rows_that_name_the_key_are_forgotten(
    row, is_forgotten, pictured, admin
):
    import_ = Import.objects.create(file_name="f")
    RefusedRow.objects.create(source=import_, line=1, reason="r", row=row)
    erasure.erase_entity(key="m.06y3r", by=admin)
    assert RefusedRow.objects.exists() is not is_forgotten


def test_odd_keys_are_no_patterns(admin):
    EntityFactory(key="a+(b)[c]$|x")
    import_ = Import.objects.create(file_name="f")
    for line, row in enumerate(["a+(b)[c]$|x\\ty", "x\\ty"]):
        RefusedRow.objects.create(source=import_, line=line, reason="r", row=row)
    erasure.erase_entity(key="a+(b)[c]$|x", by=admin)
    assert [r.row for r in RefusedRow.objects.all()] == ["x\\ty"]


def test_erasing_twice_changes_nothing(pictured, admin):
    digest = pictured.candidates.first().image.sha256
    erasure.erase_entity(key="m.06y3r", by=admin)
    erasure.erase_entity(key="m.06y3r", by=admin)
    erasure.erase_image(sha256=digest, by=admin)
    assert AuditEntry.objects.filter(action__endswith="-erased").count() == 1


def test_erasing_again_removes_files_that_a_crash_has_left(pictured, admin):
    digest = pictured.candidates.first().image.sha256
    erasure.erase_entity(key="m.06y3r", by=admin)
    images.prepare(drawn(1))
    assert any(digest in name for name in files())
    erasure.erase_image(sha256=digest, by=admin)
    assert files() == set()


def test_what_never_was_is_not_found(admin):
    with pytest.raises(NotFound):
        erasure.erase_entity(key="m.nobody", by=admin)
    with pytest.raises(NotFound):
        erasure.erase_image(sha256="0" * 64, by=admin)
    with pytest.raises(Invalid):
        erasure.erase_image(sha256="0" * 63, by=admin)
    with pytest.raises(Invalid):
        erasure.erase_entity(key="a b", by=admin)
    assert not Tombstone.objects.exists()


def test_judges_who_mark_meanwhile_neither_block_nor_bring_anything_back(
    judge, other_judge, admin
):
    batch_of(judge, other_judge, candidates=40, page_size=40)
    pages = [(j, queue.lease(judge=j)) for j in (judge, other_judge)]
    entity = Entity.objects.get()
    problems = []

    def mark(person, page):
        try:
            for position in range(len(page.candidates)):
                assert say(person, page, position, "yes") in ("recorded", "erased")
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=mark, args=pair) for pair in pages]
    for thread in threads:
        thread.start()
    erasure.erase_entity(key=entity.key, by=admin)
    for thread in threads:
        thread.join()
    assert problems == []
    assert not Judgment.objects.exists()
    row = BatchEntity.objects.get()
    assert (row.total, row.judged, row.open_places, row.held_places) == (0, 0, 0, 0)
    assert differences_of_counts() == []


def test_the_commands_erase_and_say_so(pictured):
    digest = pictured.candidates.first().image.sha256
    out = io.StringIO()
    call_command("erase_image", digest, stdout=out)
    call_command("erase_entity", "m.06y3r", stdout=out)
    assert out.getvalue().count("is erased") == 2
    assert not Image.objects.exists()
    with pytest.raises(CommandError, match="no entity"):
        call_command("erase_entity", "m.nobody")
