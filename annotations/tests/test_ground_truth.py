"""The truth in SQL says what the plain rules say, for whatever judges may do."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations import consensus, ground_truth
from annotations.consensus import Basis, Rules, Verdict
from annotations.models import (
    Assignment,
    Batch,
    BatchEntity,
    Candidate,
    CandidateState,
    Clearance,
    Judgment,
    Ruling,
)

from .factories import CandidateFactory, EntityFactory, UserFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VERDICTS = [Verdict.YES, Verdict.NO, Verdict.BROKEN]


@dataclass
class Said:
    """One judge's judgment in one batch."""

    judge: int
    verdict: Verdict
    blind: Verdict | None
    minute: int


@dataclass
class Case:
    """What judges and adjudicators did with one candidate."""

    rules: list[Rules]  # by batch
    said: list[list[Said]]  # by batch
    rulings: list[Verdict | None]  # by batch, the later batch's is the later ruling
    member_of: list[bool] = field(default_factory=list)
    # By batch, the later batch's is the later clearance; "audit" is asked all the same.
    cleared: list[Verdict | str | None] = field(default_factory=list)


@st.composite
def cases(draw, batches):
    """A candidate with up to seven judges in each of some batches."""
    rules, said, rulings = [], [], []
    for _ in range(batches):
        required = draw(st.integers(1, 4))
        rules.append(Rules(required, draw(st.integers(required, 7))))
        judges = draw(st.lists(st.integers(0, 8), max_size=7, unique=True))
        said.append(
            [
                Said(
                    judge,
                    draw(st.sampled_from([*VERDICTS, Verdict.SKIP])),
                    draw(st.sampled_from([*VERDICTS, None])),
                    draw(st.integers(0, 10_000)),
                )
                for judge in judges
            ]
        )
        rulings.append(draw(st.sampled_from([None, None, None, *VERDICTS])))
    members = draw(st.lists(st.booleans(), min_size=batches, max_size=batches))
    one = st.sampled_from([None, None, "audit", Verdict.YES, Verdict.NO])
    cleared = draw(st.lists(one, min_size=batches, max_size=batches))
    members = members if any(members) else [True] * batches
    return Case(rules, said, rulings, members, cleared)


def expected(case):
    """The row's last seven cells by the plain rules."""
    latest, blind = {}, {}
    marks = [
        (said.minute, number, said)
        for number, group in enumerate(case.said)
        for said in group
        if case.member_of[number]
    ]
    for _, _, said in sorted(marks, key=lambda each: each[:2]):
        if said.verdict is not Verdict.SKIP:
            latest[said.judge] = said.verdict
        if said.blind is not None:
            blind[said.judge] = said.blind
    held = [n for n, is_member in enumerate(case.member_of) if is_member]
    required = max(case.rules[n].required for n in held)
    standing = [case.rulings[n] for n in held if case.rulings[n]]
    ruling = standing[-1] if standing else None
    clear = [c for n in held if (c := case.cleared[n]) in (Verdict.YES, Verdict.NO)]
    truth = consensus.truth(
        list(latest.values()), Rules(required, 7), ruling, clear[-1] if clear else None
    )
    if truth.basis is Basis.CLEARED:
        blind = {}
    counts = [list(blind.values()).count(verdict) for verdict in VERDICTS]
    agreement = consensus.agreement(truth.verdict, list(blind.values()))
    return (
        truth.verdict,
        truth.basis,
        sum(counts),
        *counts,
        None if agreement is None else f"{agreement:.4f}",
    )


def rows_of(batches):
    """The rows of the SELECT as dictionaries."""
    sql, parameters = ground_truth.statement([batch.pk for batch in batches])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ground_truth.WALKING)
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        assert tuple(names) == ground_truth.COLUMNS
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class World:
    """Writes cases straight into the tables: the stages would refuse some of them."""

    def __init__(self, judges, admin):
        self.judges, self.admin = judges, admin

    def build(self, number_of_batches, made):
        batches = [
            Batch.objects.create(
                name=f"batch {n}",
                created_by=self.admin,
                judges_required=made[0].rules[n].required,
                maximum=made[0].rules[n].maximum,
            )
            for n in range(number_of_batches)
        ]
        candidates = [self._candidate(case, batches) for case in made]
        return batches, candidates

    def _candidate(self, case, batches):
        candidate = CandidateFactory()
        for n, batch in enumerate(batches):
            if not case.member_of[n]:
                continue
            BatchEntity.objects.create(
                batch=batch, entity=candidate.entity, upto=candidate.pk
            )
            self._judgments(case.said[n], batch, candidate)
            if case.rulings[n]:
                Ruling.objects.create(
                    batch=batch,
                    candidate=candidate,
                    verdict=case.rulings[n],
                    by=self.admin,
                    created_at=NOON + timedelta(hours=n),
                )
            if case.cleared[n]:
                self._clear(
                    batch, candidate, case.cleared[n], NOON + timedelta(hours=n)
                )
        return candidate

    def _clear(self, batch, candidate, verdict, moment):
        is_audit = verdict == "audit"
        Clearance.objects.create(
            batch=batch,
            candidate=candidate,
            entity=candidate.entity,
            verdict="no" if is_audit else verdict,
            probability=0.99,
            lot=0.5,
            is_audit=is_audit,
            cleared_at=moment,
        )

    def _judgments(self, said, batch, candidate):
        places = count(1)
        for each in said:
            is_skip = each.verdict is Verdict.SKIP
            page = Assignment.objects.create(
                batch=batch,
                entity=candidate.entity,
                judge=self.judges[each.judge],
                candidates=[],
                places=[],
                leased_at=NOON,
                expires_at=NOON,
            )
            Judgment.objects.create(
                batch=batch,
                candidate=candidate,
                judge=self.judges[each.judge],
                assignment=page,
                place=None if is_skip else next(places),
                verdict=each.verdict,
                blind_verdict=each.blind,
                how="key",
                centiseconds=100,
                decided_at=NOON + timedelta(minutes=each.minute),
                received_at=NOON + timedelta(minutes=each.minute),
                client_id=uuid4(),
            )


@pytest.fixture
def world(admin):
    """Nine judges who may say anything."""
    return World(UserFactory.create_batch(9), admin)


def assert_says_the_same(world, number_of_batches, made):
    """SQL and plain rules on the same cases; the batch's rules are the first case's."""
    for case in made:
        case.rules = made[0].rules
    with transaction.atomic():
        batches, candidates = world.build(number_of_batches, made)
        rows = {row["candidate_id"]: row for row in rows_of(batches)}
        for case, candidate in zip(made, candidates, strict=True):
            row = rows.pop(candidate.pk)
            *cells, agreement = list(row.values())[8:]
            got = (*cells, None if agreement is None else str(agreement))
            assert got == expected(case), case
        assert not rows
        transaction.set_rollback(True)


FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FEW
@given(made=st.lists(cases(1), min_size=1, max_size=4))
def test_one_batch_in_sql_is_what_the_plain_rules_say(world, made):
    assert_says_the_same(world, 1, made)


@FEW
@given(made=st.lists(cases(3), min_size=1, max_size=3))
def test_several_batches_in_sql_are_what_the_plain_rules_say(world, made):
    assert_says_the_same(world, 3, made)


def a_batch_of(*candidates, admin, upto=None, required=1):
    """A batch that holds these candidates, without a queue."""
    batch = Batch.objects.create(name="b", created_by=admin, judges_required=required)
    for entity in {candidate.entity for candidate in candidates}:
        last = Candidate.objects.filter(entity=entity).order_by("pk").last()
        BatchEntity.objects.create(
            batch=batch, entity=entity, upto=last.pk if upto is None else upto
        )
    return batch


def test_candidates_that_wait_or_were_erased_have_no_row(admin):
    entity = EntityFactory()
    ready = CandidateFactory(entity=entity)
    broken = CandidateFactory(entity=entity, unreadable=True)
    CandidateFactory(entity=entity, waiting=True)
    CandidateFactory(entity=entity, erased=True)
    batch = a_batch_of(ready, admin=admin)
    assert {row["candidate_id"] for row in rows_of([batch])} == {ready.pk, broken.pk}


def test_candidates_that_came_after_the_opening_have_no_row(admin):
    first = CandidateFactory()
    batch = a_batch_of(first, admin=admin)
    CandidateFactory(entity=first.entity)
    assert [row["candidate_id"] for row in rows_of([batch])] == [first.pk]


def test_a_draft_has_no_rows(admin):
    assert rows_of([a_batch_of(CandidateFactory(), admin=admin, upto=0)]) == []


def test_zero_bytes_show_their_digest(admin, world):
    candidate = CandidateFactory()
    candidate.image.sha256 = hashlib.sha256(b"").hexdigest()
    candidate.image.byte_size, candidate.image.format = 0, ""
    candidate.image.save()
    Candidate.objects.filter(pk=candidate.pk).update(state=CandidateState.EMPTY)
    [row] = rows_of([a_batch_of(candidate, admin=admin)])
    assert row["image_sha256"].startswith("e3b0c44298fc1c14")


def test_a_reopened_ruling_rules_nothing(admin, world):
    candidate = CandidateFactory()
    batch = a_batch_of(candidate, admin=admin)
    Ruling.objects.create(
        batch=batch, candidate=candidate, verdict="no", by=admin, reopened_at=NOON
    )
    [row] = rows_of([batch])
    assert (row["verdict"], row["basis"]) == (None, "open")


def test_each_candidate_has_one_row_whatever_batches_share_it(admin):
    candidate = CandidateFactory()
    batches = [a_batch_of(candidate, admin=admin) for _ in range(3)]
    assert len(rows_of(batches)) == 1


def test_a_batch_that_lacks_the_candidate_has_no_say_in_its_judges(admin, world):
    mine, other = CandidateFactory(), CandidateFactory()
    easy = a_batch_of(mine, admin=admin, required=1)
    hard = a_batch_of(other, admin=admin, required=3)
    world._judgments([Said(0, Verdict.YES, Verdict.YES, 1)], easy, mine)
    rows = {row["candidate_id"]: row for row in rows_of([easy, hard])}
    assert rows[mine.pk]["verdict"] == "yes"
    assert rows[other.pk]["verdict"] is None


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
