"""Rows of ground truth: which candidates have one, and how they are read.

test_truth_rule.py compares the truth in them with `consensus`.
"""

import hashlib

import pytest
from django.db import connection, transaction

from annotations import ground_truth
from annotations.consensus import Verdict
from annotations.models import Batch, BatchEntity, Candidate, CandidateState, Ruling

from .factories import CandidateFactory, EntityFactory
from .truth_cases import NOON, Builder, Vote

pytestmark = pytest.mark.django_db


def rows_of(batches):
    """Return the rows of the statement as dictionaries."""
    sql, parameters = ground_truth.statement([batch.pk for batch in batches])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ground_truth.WALKING)
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def a_batch_of(*candidates, admin, upto=None, required=1):
    """Return a batch that contains these candidates, without counters."""
    batch = Batch.objects.create(name="b", created_by=admin, judges_required=required)
    for entity in {candidate.entity for candidate in candidates}:
        last = Candidate.objects.filter(entity=entity).order_by("pk").last()
        BatchEntity.objects.create(
            batch=batch, entity=entity, upto=last.pk if upto is None else upto
        )
    return batch


def test_waiting_and_erased_candidates_have_no_row(admin):
    entity = EntityFactory()
    ready = CandidateFactory(entity=entity)
    broken = CandidateFactory(entity=entity, unreadable=True)
    CandidateFactory(entity=entity, waiting=True)
    CandidateFactory(entity=entity, erased=True)
    batch = a_batch_of(ready, admin=admin)
    assert {row["candidate_id"] for row in rows_of([batch])} == {ready.pk, broken.pk}


def test_candidates_added_after_the_opening_have_no_row(admin):
    first = CandidateFactory()
    batch = a_batch_of(first, admin=admin)
    CandidateFactory(entity=first.entity)
    assert [row["candidate_id"] for row in rows_of([batch])] == [first.pk]


def test_a_draft_has_no_rows(admin):
    assert rows_of([a_batch_of(CandidateFactory(), admin=admin, upto=0)]) == []


def test_an_empty_image_has_its_digest(admin):
    candidate = CandidateFactory()
    candidate.image.sha256 = hashlib.sha256(b"").hexdigest()
    candidate.image.byte_size, candidate.image.format = 0, ""
    candidate.image.save()
    Candidate.objects.filter(pk=candidate.pk).update(state=CandidateState.EMPTY)
    [row] = rows_of([a_batch_of(candidate, admin=admin)])
    assert row["image_sha256"].startswith("e3b0c44298fc1c14")


def test_a_reopened_ruling_does_not_count(admin):
    candidate = CandidateFactory()
    batch = a_batch_of(candidate, admin=admin)
    Ruling.objects.create(
        batch=batch, candidate=candidate, verdict="no", by=admin, reopened_at=NOON
    )
    [row] = rows_of([batch])
    assert (row["verdict"], row["basis"]) == (None, "open")


def test_a_candidate_of_several_batches_has_one_row(admin):
    candidate = CandidateFactory()
    batches = [a_batch_of(candidate, admin=admin) for _ in range(3)]
    assert len(rows_of(batches)) == 1


def test_only_batches_that_contain_the_candidate_set_its_required_judges(admin, judge):
    candidate, other_candidate = CandidateFactory(), CandidateFactory()
    easy = a_batch_of(candidate, admin=admin, required=1)
    hard = a_batch_of(other_candidate, admin=admin, required=3)
    votes = [Vote(0, Verdict.YES, Verdict.YES, 1)]
    Builder([judge], admin).add_votes(votes, easy, candidate)
    rows = {row["candidate_id"]: row for row in rows_of([easy, hard])}
    assert rows[candidate.pk]["verdict"] == "yes"
    assert rows[other_candidate.pk]["verdict"] is None


def test_the_statement_walks_through_indexes_and_sorts_no_table(admin):
    batch = a_batch_of(CandidateFactory(), admin=admin)
    sql, parameters = ground_truth.statement([batch.pk])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ground_truth.WALKING)
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
    assert "Hash" not in plan
    assert "Gather" not in plan
