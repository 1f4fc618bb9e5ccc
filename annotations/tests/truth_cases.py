"""Random histories of candidates, and a world that writes them into the tables.

The stages would refuse some of these histories. The rule of truth must cope with all.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

from hypothesis import strategies as st

from annotations.consensus import Rules, Verdict
from annotations.models import (
    Assignment,
    Batch,
    BatchEntity,
    Clearance,
    Judgment,
    Report,
    Ruling,
)

from .factories import CandidateFactory
from .scored import score

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VERDICTS = [Verdict.YES, Verdict.NO, Verdict.BROKEN]
AUDIT = "audit"  # cleared as no, but judges are asked
JUDGES, BATCHES = 9, 3


@dataclass
class Vote:
    """One judge's judgment in one batch."""

    judge: int
    verdict: Verdict
    blind: Verdict | None
    minute: int


@dataclass
class BatchHistory:
    """Everything that one batch holds about a candidate."""

    is_member: bool
    votes: list[Vote]
    ruling: Verdict | None
    reopened_ruling: Verdict | None
    clearance: Verdict | str | None

    @property
    def verdicts(self):
        """The judges' verdicts without skips."""
        return [v.verdict for v in self.votes if v.verdict is not Verdict.SKIP]

    @property
    def cleared(self):
        """The scorer's verdict if judges are not asked."""
        return None if self.clearance == AUDIT else self.clearance


@dataclass
class Case:
    """A candidate's history: one part per batch, later batches act later."""

    batches: list[BatchHistory]
    report: str | None  # open, dismissed or none


@dataclass
class World:
    """The rules of some batches, and the candidates in them."""

    rules: list[Rules]
    cases: list[Case]


@st.composite
def votes(draw):
    """Up to seven votes, often all the same."""
    number = draw(st.sampled_from([0, 0, 1, 1, 2, 3, 4, 7]))
    judges = draw(st.permutations(range(JUDGES)))[:number]
    verdict = st.sampled_from(
        draw(st.sampled_from([[v] for v in VERDICTS] + [[*VERDICTS, Verdict.SKIP]]))
    )
    blind = st.sampled_from([*VERDICTS, None])
    return [
        Vote(judge, draw(verdict), draw(blind), draw(st.integers(0, 10_000)))
        for judge in judges
    ]


rarely = st.sampled_from([None] * 10 + VERDICTS)
histories = st.builds(
    BatchHistory,
    is_member=st.sampled_from([True, True, False]),
    votes=votes(),
    ruling=rarely,
    reopened_ruling=rarely,
    clearance=st.sampled_from([None, None, None, AUDIT, Verdict.YES, Verdict.NO]),
)
case_strategy = st.builds(
    Case,
    st.lists(histories, min_size=BATCHES, max_size=BATCHES),
    st.sampled_from([None, None, "open", "dismissed"]),
)


@st.composite
def worlds(draw):
    """Some batches with up to three candidates, each in at least one batch."""
    rules = []
    for _ in range(BATCHES):
        required = draw(st.integers(1, 4))
        rules.append(Rules(required, draw(st.integers(required, 7))))
    cases = draw(st.lists(case_strategy, min_size=1, max_size=3))
    for case in cases:
        if not any(history.is_member for history in case.batches):
            case.batches[-1].is_member = True
    return World(rules, cases)


class Builder:
    """Writes worlds straight into the tables."""

    def __init__(self, judges, admin):
        self.judges, self.admin = judges, admin

    def build(self, world):
        """Return the batches and the candidates of a world, in its order."""
        batches = [
            Batch.objects.create(
                name=f"batch {n}",
                created_by=self.admin,
                judges_required=rules.required,
                maximum=rules.maximum,
                purpose="cleaning",
                clear_beyond=0.9,
                order="uncertain",
                scorer="faces",
            )
            for n, rules in enumerate(world.rules)
        ]
        candidates = [self._candidate(case, batches) for case in world.cases]
        return batches, candidates

    def _candidate(self, case, batches):
        candidate = CandidateFactory()
        score(candidate, 0.5)
        for n, batch in enumerate(batches):
            if case.batches[n].is_member:
                self._history(
                    case.batches[n], batch, candidate, NOON + timedelta(hours=n)
                )
        if case.report:
            Report.objects.create(
                candidate=candidate,
                by=self.admin,
                reason="other",
                dismissed_at=NOON if case.report == "dismissed" else None,
            )
        return candidate

    def _history(self, history, batch, candidate, moment):
        BatchEntity.objects.create(
            batch=batch, entity=candidate.entity, upto=candidate.pk, priority=-1
        )
        self.add_votes(history.votes, batch, candidate)
        ruling = {"batch": batch, "candidate": candidate, "by": self.admin}
        if history.reopened_ruling:
            Ruling.objects.create(
                verdict=history.reopened_ruling,
                created_at=moment,
                reopened_at=moment,
                **ruling,
            )
        if history.ruling:
            Ruling.objects.create(verdict=history.ruling, created_at=moment, **ruling)
        if history.clearance:
            is_audit = history.clearance == AUDIT
            Clearance.objects.create(
                batch=batch,
                candidate=candidate,
                entity=candidate.entity,
                verdict="no" if is_audit else history.clearance,
                probability=0.99,
                lot=0.5,
                is_audit=is_audit,
                cleared_at=moment,
            )

    def add_votes(self, votes, batch, candidate):
        """Add judgments, each with a page of its own."""
        places = count(1)
        pages = Assignment.objects.bulk_create(
            Assignment(
                batch=batch,
                entity=candidate.entity,
                judge=self.judges[vote.judge],
                candidates=[],
                places=[],
                state="submitted",
                leased_at=NOON,
                expires_at=NOON,
            )
            for vote in votes
        )
        Judgment.objects.bulk_create(
            Judgment(
                batch=batch,
                candidate=candidate,
                judge=self.judges[vote.judge],
                assignment=page,
                place=None if vote.verdict is Verdict.SKIP else next(places),
                verdict=vote.verdict,
                blind_verdict=vote.blind,
                how="key",
                centiseconds=100,
                # The clocks of clients are wrong here: only the receipt counts.
                decided_at=NOON - timedelta(minutes=vote.minute),
                received_at=NOON + timedelta(minutes=vote.minute),
                client_id=uuid4(),
            )
            for vote, page in zip(votes, pages, strict=True)
        )
