"""Twenty judges of every kind work a batch off: each candidate gets exactly its need."""

import random
from collections import Counter

import pytest

from annotations import batches, judgments, queue
from annotations.consensus import Basis, Rules, Verdict, truth
from annotations.models import BatchEntity, Candidate, Conflict, Judgment

from .desk import batch_of, let_expire, mark_of
from .factories import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

ENTITIES = 500
PICTURES = 3
REQUIRED, MAXIMUM = 2, 5
SKIPPER, LATE, LEAVERS = 0, 1, (2, 3)


class Crew:
    """Twenty judges who never correct what they said."""

    def __init__(self, batch, judges):
        self.batch, self.judges = batch, judges
        self.chance = random.Random(7)
        self.asked_for = []  # (candidate, what was known of it) at each adaptive grant

    def work_off(self):
        """Take turns in random order until nobody gets a page any more."""
        working = dict(enumerate(self.judges))
        while working:
            number = self.chance.choice(list(working))
            try:
                page = queue.lease(judge=self.judges[number], batch=self.batch)
            except queue.NothingToLease as nothing:
                assert nothing.reason in ("all-done", "held-by-others")
                if nothing.reason == "all-done":
                    del working[number]
                continue
            self.note(page)
            self.judge(number, page)
            if number in LEAVERS:
                del working[number]
                self.leave(page)
        return self

    def note(self, page):
        """Remember what stood of each candidate that got a further judge."""
        said = Judgment.objects.filter(
            batch=self.batch, candidate__in=page.candidates
        ).exclude(verdict="skip")
        verdicts = {}
        for candidate, verdict in said.values_list("candidate_id", "verdict"):
            verdicts.setdefault(candidate, []).append(Verdict(verdict))
        for given in verdicts.values():
            if len(given) >= REQUIRED:
                self.asked_for.append(given)

    def judge(self, number, page):
        judge = self.judges[number]
        tiles = range(len(page.candidates))
        if number in LEAVERS:
            tiles = tiles[: len(tiles) // 2]
        if number == LATE:
            let_expire(page)
            queue.expire_leases()
        marks = [mark_of(page, n, self.verdict(number, page, n)) for n in tiles]
        outcomes = judgments.record(judge=judge, marks=marks)
        assert {o.status for o in outcomes} <= {"recorded"}
        if number not in LEAVERS:
            queue.submit(assignment_id=page.pk, judge=judge)

    def verdict(self, number, page, position):
        if number == SKIPPER:
            return "skip"
        truth_of_it = ("yes", "no")[page.candidates[position] % 2]
        wrong = {"yes": "no", "no": "yes"}[truth_of_it]
        return wrong if self.chance.random() < 0.06 else truth_of_it

    def leave(self, page):
        judge = self.judges[page and self.judges.index(page.judge)]
        batches.remove_judge(
            batch=self.batch, username=judge.username, by=self.batch.created_by
        )


def given_and_checked(batch):
    """The verdicts by candidate; each has its need, or is stuck and listed as such."""
    rules = Rules(REQUIRED, MAXIMUM)
    given = {}
    said = Judgment.objects.filter(batch=batch).exclude(verdict="skip")
    for candidate, verdict in said.order_by("received_at").values_list(
        "candidate_id", "verdict"
    ):
        given.setdefault(candidate, []).append(Verdict(verdict))
    stuck = set(
        Conflict.objects.filter(batch=batch, is_stuck=True).values_list(
            "candidate_id", flat=True
        )
    )
    for candidate in Candidate.objects.values_list("pk", flat=True):
        verdicts = given.get(candidate, [])
        is_open = truth(verdicts, rules).basis is Basis.OPEN
        if is_open and len(verdicts) < MAXIMUM:
            assert candidate in stuck
        else:
            assert REQUIRED <= len(verdicts) <= MAXIMUM
            assert candidate not in stuck
    return given


def test_every_candidate_gets_its_need_and_stuck_ones_are_listed():
    judges = UserFactory.create_batch(20)
    batch = batch_of(
        *judges,
        entities=ENTITIES,
        candidates=PICTURES,
        judges_required=REQUIRED,
        judges_maximum=MAXIMUM,
    )
    crew = Crew(batch, judges).work_off()
    counts = Counter(map(len, given_and_checked(batch).values()))
    assert set(counts) <= {2, 3, 4, 5}
    # Whoever was asked beyond the required ones was asked about something open.
    rules = Rules(REQUIRED, MAXIMUM)
    assert all(truth(v, rules).basis is Basis.OPEN for v in crew.asked_for)
    assert len(crew.asked_for) > 50
    assert not BatchEntity.objects.filter(batch=batch, held_places__gt=0).exists()


def test_too_few_judges_leave_what_they_cannot_settle_in_the_conflicts():
    judges = UserFactory.create_batch(3)
    batch = batch_of(
        *judges, entities=5, judges_required=REQUIRED, judges_maximum=MAXIMUM
    )
    Crew(batch, judges).work_off()  # one skips everything, one leaves in mid-page
    given_and_checked(batch)
    assert Conflict.objects.filter(batch=batch, is_stuck=True).count() >= 14
