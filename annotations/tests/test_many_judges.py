"""Twenty judges finish a batch: each candidate gets exactly the judgments it needs."""

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
    """Twenty judges who never correct a verdict."""

    def __init__(self, batch, judges):
        self.batch, self.judges = batch, judges
        self.chance = random.Random(7)
        self.adaptive_grants = []  # the verdicts at each adaptive grant

    def work_off(self):
        """Take turns in random order until no judge gets a page."""
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
        """Keep the verdicts of each candidate that gets a judge beyond the required ones."""
        judgments_so_far = Judgment.objects.filter(
            batch=self.batch, candidate__in=page.candidates
        ).exclude(verdict="skip")
        verdicts = {}
        for candidate, verdict in judgments_so_far.values_list(
            "candidate_id", "verdict"
        ):
            verdicts.setdefault(candidate, []).append(Verdict(verdict))
        for verdicts_so_far in verdicts.values():
            if len(verdicts_so_far) >= REQUIRED:
                self.adaptive_grants.append(verdicts_so_far)

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
        right = ("yes", "no")[page.candidates[position] % 2]
        wrong = {"yes": "no", "no": "yes"}[right]
        return wrong if self.chance.random() < 0.06 else right

    def leave(self, page):
        judge = self.judges[page and self.judges.index(page.judge)]
        batches.remove_judge(
            batch=self.batch, username=judge.username, by=self.batch.created_by
        )


def check_verdicts(batch):
    """Return verdicts by candidate. Each has all it needs, or is listed as stuck."""
    rules = Rules(REQUIRED, MAXIMUM)
    verdicts_by_candidate = {}
    all_judgments = Judgment.objects.filter(batch=batch).exclude(verdict="skip")
    for candidate, verdict in all_judgments.order_by("received_at").values_list(
        "candidate_id", "verdict"
    ):
        verdicts_by_candidate.setdefault(candidate, []).append(Verdict(verdict))
    stuck_candidates = set(
        Conflict.objects.filter(batch=batch, is_stuck=True).values_list(
            "candidate_id", flat=True
        )
    )
    for candidate in Candidate.objects.values_list("pk", flat=True):
        verdicts = verdicts_by_candidate.get(candidate, [])
        is_open = truth(verdicts, rules).basis is Basis.OPEN
        if is_open and len(verdicts) < MAXIMUM:
            assert candidate in stuck_candidates
        else:
            assert REQUIRED <= len(verdicts) <= MAXIMUM
            assert candidate not in stuck_candidates
    return verdicts_by_candidate


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
    counts = Counter(map(len, check_verdicts(batch).values()))
    assert set(counts) <= {2, 3, 4, 5}
    # Every adaptive grant was about an open candidate.
    rules = Rules(REQUIRED, MAXIMUM)
    assert all(truth(v, rules).basis is Basis.OPEN for v in crew.adaptive_grants)
    assert len(crew.adaptive_grants) > 50
    assert not BatchEntity.objects.filter(batch=batch, held_places__gt=0).exists()


def test_candidates_that_too_few_judges_cannot_decide_are_conflicts():
    judges = UserFactory.create_batch(3)
    batch = batch_of(
        *judges, entities=5, judges_required=REQUIRED, judges_maximum=MAXIMUM
    )
    Crew(batch, judges).work_off()  # one skips everything, one leaves during a page
    check_verdicts(batch)
    assert Conflict.objects.filter(batch=batch, is_stuck=True).count() >= 14
