"""Every statement with the rule of truth gives the same results as `consensus`.

Each consumer of the SQL fragments is a pair: the results of its own statement, and the
results that plain Python expects.
"""

from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings

from annotations import clearance, consensus, ground_truth, sql
from annotations.adjudication.case import settled_pictures as pictures_beside_case
from annotations.consensus import Basis, Rules, Verdict
from annotations.models import JUDGEABLE, Assignment, Batch, BatchEntity, Candidate
from annotations.page.settled_pictures import choose_settled_pictures
from annotations.queue.order import set_priorities
from annotations.queue.standings import read_rows
from annotations.scoring import storage
from annotations.sql import fragments

from .factories import CandidateFactory, UserFactory
from .scored import scorer_named
from .truth_cases import JUDGES, NOON, VERDICTS, Builder, World, worlds

pytestmark = pytest.mark.django_db
SETTLED = (Basis.UNANIMOUS, Basis.RULING)


@dataclass
class Built:
    """A world in the tables."""

    world: World
    batches: list[Batch]
    candidates: list[Candidate]

    def members(self, n):
        """Yield candidate and history of every member of batch n."""
        for candidate, case in zip(self.candidates, self.world.cases, strict=True):
            if case.batches[n].is_member:
                yield candidate, case.batches[n]

    def cases(self):
        """Yield every candidate with its case."""
        return zip(self.candidates, self.world.cases, strict=True)

    def truth_by_people(self, n, history):
        """Return the truth in batch n as if nothing were cleared."""
        return consensus.truth(history.verdicts, self.world.rules[n], history.ruling)

    def truth(self, n, history):
        """Return the truth in batch n."""
        rules = self.world.rules[n]
        return consensus.truth(history.verdicts, rules, history.ruling, history.cleared)

    def memberships(self, case):
        """Yield number and history of the batches that a case is a member of."""
        return (
            (n, history) for n, history in enumerate(case.batches) if history.is_member
        )

    def is_settled_as_yes(self, case):
        """Return whether a case is settled as yes in any batch."""
        truths = [self.truth_by_people(*pair) for pair in self.memberships(case)]
        return any(
            truth.basis in SETTLED and truth.verdict is Verdict.YES for truth in truths
        )

    def is_refused(self, case):
        """Return whether a case is ruled otherwise, or judged without a yes, anywhere."""
        return any(
            history.ruling is not Verdict.YES
            if history.ruling
            else len(history.verdicts) >= self.world.rules[n].required
            and Verdict.YES not in history.verdicts
            for n, history in self.memberships(case)
        )


def rows_of(batches):
    """Return the rows of the statement of ground truth by candidate."""
    statement, parameters = ground_truth.statement([batch.pk for batch in batches])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ground_truth.WALKING)
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        assert tuple(names) == ground_truth.COLUMNS
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row["candidate_id"]: _cells(row) for row in rows}


def _cells(row):
    *cells, agreement = list(row.values())[8:]
    return (*cells, None if agreement is None else str(agreement))


def expected_cells(rules, histories):
    """Return the last seven cells of a row of ground truth over some batches."""
    latest, blind = {}, {}
    votes = [(v.minute, n, v) for n, h in enumerate(histories) for v in h.votes]
    for _, _, vote in sorted(votes, key=lambda part: part[:2]):
        if vote.verdict is not Verdict.SKIP:
            latest[vote.judge] = vote.verdict
        if vote.blind is not None:
            blind[vote.judge] = vote.blind
    rulings = [h.ruling for h in histories if h.ruling]
    cleared = [h.cleared for h in histories if h.cleared]
    truth = consensus.truth(
        list(latest.values()),
        Rules(max(part.required for part in rules), 7),
        rulings[-1] if rulings else None,
        cleared[-1] if cleared else None,
    )
    if truth.basis is Basis.CLEARED:
        blind = {}
    counts = [list(blind.values()).count(verdict) for verdict in VERDICTS]
    agreement = consensus.agreement(truth.verdict, list(blind.values()))
    formatted = None if agreement is None else f"{agreement:.4f}"
    return (truth.verdict, truth.basis, sum(counts), *counts, formatted)


def _over_all_batches(built):
    for candidate, case in built.cases():
        pairs = zip(built.world.rules, case.batches, strict=True)
        members = [(rules, history) for rules, history in pairs if history.is_member]
        yield candidate, expected_cells(*zip(*members, strict=True))


def truth_of_one_batch(built):
    """ground_truth.statement of each batch alone."""
    for n, batch in enumerate(built.batches):
        rules = [built.world.rules[n]]
        yield (
            rows_of([batch]),
            {c.pk: expected_cells(rules, [h]) for c, h in built.members(n)},
        )


def truth_of_several_batches(built):
    """ground_truth.statement of all batches; one batch twice counts like several."""
    batches = [*built.batches, built.batches[0]]
    yield rows_of(batches), {c.pk: cells for c, cells in _over_all_batches(built)}


def truth_of_an_entity(built):
    """ground_truth.truths_of_entity."""
    for candidate, cells in _over_all_batches(built):
        truths = ground_truth.truths_of_entity(candidate.entity_id)
        yield truths, {candidate.pk: cells[:2]}


def order_by_doubt(built):
    """queue.order: only undecided candidates that judges are asked about count."""
    for n, batch in enumerate(built.batches):
        set_priorities(batch, reopens=False)
        rows = BatchEntity.objects.filter(batch=batch)
        reported_ids = {c.pk for c, case in built.cases() if case.report == "open"}
        expected = {}
        for candidate, history in built.members(n):
            is_withdrawn = candidate.pk in reported_ids or history.cleared is not None
            is_open = built.truth_by_people(n, history).basis is Basis.OPEN
            expected[candidate.entity_id] = float(is_open and not is_withdrawn)
        yield dict(rows.values_list("entity_id", "priority")), expected


def audit_of_clearance(built):
    """clearance.AUDIT_RESULT: decided candidates of the audit, and the scorer's errors."""
    for n, batch in enumerate(built.batches):
        parameters = {"batch": batch.pk, "highest_lot": 1}
        result = sql.one(clearance.AUDIT_RESULT, parameters)
        pairs = [
            (built.truth_by_people(n, h).verdict, h.cleared or Verdict.NO)
            for _, h in built.members(n)
            if h.clearance
        ]
        decided = [(people, scorer) for people, scorer in pairs if people]
        errors = sum(people != scorer for people, scorer in decided)
        yield tuple(result), (len(decided), errors)


def standings_of_the_queue(built):
    """queue.standings: votes, ruling and clearance as the queue reads them."""
    for n, batch in enumerate(built.batches):
        rows = list(
            BatchEntity.objects.filter(batch=batch).values_list("pk", flat=True)
        )
        truths = {}
        for state in read_rows(rows).values():
            for candidate, standing in state.standings.items():
                truth = standing.truth(state.rules)
                truths[candidate] = (truth, standing.is_reported)
        reported_ids = {c.pk for c, case in built.cases() if case.report == "open"}
        yield (
            truths,
            {
                c.pk: (built.truth(n, h), c.pk in reported_ids)
                for c, h in built.members(n)
            },
        )


def references_of_scorers(built):
    """scoring.storage: settled as yes, and refused."""
    entities = [candidate.entity_id for candidate in built.candidates]
    candidates = storage.read(scorer_named(), entities)
    yield (
        {
            c.id: (c.is_settled, c.is_refused)
            for group in candidates.values()
            for c in group
        },
        {
            candidate.pk: (
                built.is_settled_as_yes(case),
                built.is_refused(case) or case.report == "open",
            )
            for candidate, case in built.cases()
        },
    )


def pictures_beside_a_case(built):
    """adjudication.case: pictures settled as yes beside another of the entity."""
    for candidate, case in built.cases():
        candidate_of_case = CandidateFactory(entity=candidate.entity)
        expected = [candidate.pk] if built.is_settled_as_yes(case) else []
        yield pictures_beside_case(candidate_of_case), expected


def pictures_beside_a_page(built):
    """page.choose_settled_pictures: pictures settled as yes in batches of other judges."""
    judge = UserFactory()
    batch = Batch.objects.create(name="page", created_by=judge, judges_required=1)
    for candidate, case in built.cases():
        BatchEntity.objects.create(batch=batch, entity=candidate.entity, upto=0)
        assignment = Assignment.objects.create(
            batch=batch,
            entity=candidate.entity,
            judge=judge,
            candidates=[],
            places=[],
            leased_at=NOON,
            expires_at=NOON,
        )
        is_shown = built.is_settled_as_yes(case) and case.report != "open"
        yield choose_settled_pictures(assignment), [candidate.pk] if is_shown else []


CONSUMERS = [
    truth_of_one_batch,
    truth_of_several_batches,
    truth_of_an_entity,
    order_by_doubt,
    audit_of_clearance,
    standings_of_the_queue,
    references_of_scorers,
    pictures_beside_a_case,
    pictures_beside_a_page,
]


@pytest.fixture
def builder(admin):
    """Nine judges who can give any verdict."""
    return Builder(UserFactory.create_batch(JUDGES), admin)


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda consumer: consumer.__name__)
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(world=worlds())
def test_every_statement_follows_the_rule_of_consensus(builder, consumer, world):
    with transaction.atomic():
        built = Built(world, *builder.build(world))
        for results, expected in consumer(built):
            assert results == expected
        transaction.set_rollback(True)


def test_the_states_that_can_be_judged_are_the_same_in_sql():
    assert tuple(state.value for state in JUDGEABLE) == fragments.JUDGEABLE_STATES
