"""Migrations from 0010 on keep the data of an older database, in both directions."""

import io
import json

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from annotations import (
    adjudication,
    agreement,
    batches,
    clearance,
    erasure,
    evaluation,
    judgments,
    people,
    queue,
    releases,
    sql,
    verification,
)
from annotations.models import (
    Alias,
    Batch,
    Embedding,
    Import,
    RefusedRow,
    Release,
    Reopened,
)
from annotations.models.pending_scoring import request_scoring
from annotations.verification import counters

from .desk import say, say_all
from .factories import CandidateFactory, EntityFactory, UserFactory
from .pictures import stored
from .released import judged_batch, released
from .scored import score, scorer_named

OLD = [("annotations", "0009_releases_never_change")]
TABLES = """
SELECT tablename FROM pg_tables
WHERE schemaname = current_schema() AND tablename LIKE 'annotations\\_%'
ORDER BY tablename
"""
REPLACED_BY = """
UPDATE annotations_formerguidelines SET replaced_by_id = %s WHERE version = 2
"""
# The functions of the triggers that the models did not declare yet.
OLD_FUNCTIONS = "SELECT proname FROM pg_proc WHERE proname LIKE 'labeler\\_%'"


@pytest.fixture
def migrate(transactional_db):
    """Migrate the test's database; it returns to the newest state at the end."""

    def migrate_to(targets):
        MigrationExecutor(connection).migrate(targets)

    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield migrate_to
    migrate_to(newest)


@pytest.fixture
def stored_data(migrate, admin, judge, other_judge, monkeypatch):
    """At least one row in every table."""
    monkeypatch.setattr(counters, "LAG_SECONDS", 0)
    monkeypatch.setattr("annotations.queue.order._default_scorer", lambda: "faces")
    _release_and_erase(admin)
    batch = _conflicts(admin, judge, other_judge)
    _scores_and_clearance(admin, judge)
    agreement.update_report(batch.pk)
    people.invite(roles=["judge"], by=admin)
    source = Import.objects.create(state="done", by=admin)
    RefusedRow.objects.create(source=source, line=3, reason="No key.", row="x")
    queue.sum_counters()
    return batch


def _release_and_erase(admin):
    """Create a release, an evaluation of it and another release that is not finished."""
    batch = judged_batch(dict.fromkeys(("m.a", "m.b", "m.c"), "yes yes no"))
    release = released(batch)
    lines = [evaluation.Line("m.a", "http://a", "FaceId-0")]
    evaluation.evaluate(
        release=release,
        name="recogniser",
        subset="random",
        split="dev",
        file=io.BytesIO(b"1\tm.a\t0.9\n"),
        lines=lines,
        by=admin,
    )
    erasure.erase_entity(key="m.b", by=admin)
    pending = releases.request(
        name="second", batches=[batch.pk], dev_entities=1, distractors=0, by=admin
    )
    Release.objects.filter(pk=pending.pk).update(attempts=2)


def _conflicts(admin, judge, other_judge):
    """Create disagreement, and everything that judges and adjudicators do about it."""
    entity = EntityFactory()
    Alias.objects.create(entity=entity, name="Somebody", language="en")
    for rank in range(5):
        CandidateFactory(entity=entity, rank=rank, image=stored(seed=100 + rank))
    batch = batches.create(
        by=admin, name="Disputed", entities=[entity.key], order="rank"
    )
    usernames = [judge.username, other_judge.username]
    batches.add_judges(batch=batch, usernames=usernames, by=admin)
    batch = batches.open_batch(batch=batch, by=admin)
    for text in ("First.", "Second."):
        batches.update(batch=batch, by=admin, guidelines=text)
    say_all(judge, queue.lease(judge=judge), "yes")
    page = queue.lease(judge=other_judge)
    say(other_judge, page, 0, "yes")  # will be replaced
    say_all(other_judge, page, "no")
    with_ruling, with_review, with_report, *_ = entity.candidates.order_by("rank")
    adjudication.rule(batch=batch, candidate=with_ruling.pk, verdict="yes", by=admin)
    adjudication.comment(batch=batch, candidate=with_review.pk, text="Hm.", by=admin)
    adjudication.request_second_looks(batch=batch, candidate=with_review.pk, by=admin)
    queue.report(candidate=with_report, by=judge, reason="other", comment="")
    judgments.void(
        batch=batch, username=other_judge.username, reason="All no", by=admin
    )
    return batch


def _scores_and_clearance(admin, judge):
    entity = EntityFactory()
    for rank in range(3):
        candidate = CandidateFactory(
            entity=entity, rank=rank, image=stored(seed=200 + rank)
        )
        score(candidate, 0.99)
        Embedding.objects.create(
            scorer=scorer_named(), candidate=candidate, vectors=b"", boxes=b""
        )
    request_scoring([entity.pk])
    batch = batches.create(
        by=admin,
        name="Cleaning",
        entities=[entity.key],
        purpose="cleaning",
        clear_beyond=0.95,
        audit_size=1,
    )
    batches.add_judges(batch=batch, usernames=[judge.username], by=admin)
    batches.open_batch(batch=batch, by=admin)
    assert clearance.clear(batch) == 3
    Reopened.objects.create(batch=batch, judge=judge, entity=entity, priority=1)


def tables_with_data():
    """Return all rows as JSON by table, without what the migrations below change."""
    tables = {}
    for table in sql.column(TABLES):
        rows = sql.column(
            f"SELECT to_jsonb(t) - 'current_guidelines_id' FROM {table} t"
        )
        tables[table] = sorted(json.dumps(row, sort_keys=True) for row in rows)
    return tables


def without(tables, *names):
    return {table: rows for table, rows in tables.items() if table not in names}


def test_an_old_database_migrates_without_losses(migrate, stored_data, admin):
    successor = UserFactory()
    before = tables_with_data()
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()

    migrate(OLD)
    assert [table for table, rows in tables_with_data().items() if not rows] == []
    files = sql.value("SELECT files FROM annotations_release WHERE state = 'pending'")
    assert json.loads(files).keys() == {"round", "begun"}
    sql.run(REPLACED_BY, [successor.pk])

    migrate(newest)
    after = tables_with_data()
    changed = ("annotations_guidelinesversion", "annotations_user")
    assert without(after, *changed) == without(before, *changed)
    assert [str(difference) for difference in verification.verify(files=True)] == []
    assert sql.column(OLD_FUNCTIONS) == []
    done_release, pending = Release.objects.order_by("pk")
    assert (done_release.round, done_release.attempts) == ("", 0)
    assert (len(pending.round), pending.attempts, pending.files) == (16, 2, {})

    batch = Batch.objects.get(pk=stored_data.pk)
    assert (batch.guidelines, batch.guidelines_version) == ("Second.", 3)
    versions = batch.guidelines_versions.order_by("version")
    assert [(v.text, v.created_by) for v in versions] == [
        ("", admin),
        ("First.", admin),
        ("Second.", successor),
    ]
    assert versions[0].created_at == batch.created_at
    replaced = batch.former_guidelines.order_by("version")
    assert [(v.version, v.replaced_by) for v in replaced] == [
        (1, admin.username),
        (2, successor.username),
    ]
