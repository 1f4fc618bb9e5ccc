"""Any order of leases, marks, endings and changes leaves the queue true.

Invariants: never more judgments than the maximum; one place, one judge; no place is
granted while judgments and live places meet the need; stored counters are what the
rows make; and at rest no candidate has unmet need while a judge is left who could
take it.
"""

from collections import Counter
from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotations import adjudication, batches, consensus, judgments, queue
from annotations.consensus import Rules, Verdict
from annotations.errors import LeaseLost, NotFound, PageIncomplete, TwoHeld, WrongState
from annotations.models import (
    Assignment,
    Batch,
    BatchEntity,
    BatchJudge,
    Candidate,
    Clearance,
    Conflict,
    Judgment,
    Report,
    Role,
    Ruling,
)
from annotations.queue.standings import read_rows, tally

from .desk import batch_of, let_expire, say
from .factories import CandidateFactory, UserFactory

who = st.integers(0, 3)
pick = st.integers(0, 10**6)
said = st.sampled_from(["yes", "yes", "no", "broken", "skip", None])


def needs(batch):
    """Need, judgments and live places of every member, read without the queue's code."""
    rules = Rules(batch.judges_required, batch.judges_maximum)
    found = {}
    for row in BatchEntity.objects.filter(batch=batch):
        for candidate in row.entity.candidates.filter(
            pk__lte=row.upto, state__in=["ready", "unreadable", "empty"]
        ):
            rows = list(Judgment.objects.filter(batch=batch, candidate=candidate))
            verdicts = [Verdict(r.verdict) for r in rows if r.verdict != "skip"]
            ruling = Ruling.objects.filter(
                batch=batch, candidate=candidate, reopened_at=None
            ).exists()
            reported = candidate.reports.filter(dismissed_at=None).exists()
            cleared = Clearance.objects.filter(
                batch=batch, candidate=candidate, is_audit=False
            ).exists()
            withdrawn = ruling or reported or cleared
            need = consensus.need(verdicts, rules, withdrawn=withdrawn)
            found[candidate.pk] = (
                need,
                [r.place for r in rows if r.place],
                {r.judge_id for r in rows},
            )
    return found


def active_judges(batch):
    """The numbers of those who judge it now."""
    members = BatchJudge.objects.filter(batch=batch, removed_at=None)
    return set(members.values_list("judge_id", flat=True))


def live_places(batch):
    """(candidate, judge, place) of every live page whose judge has not spoken yet."""
    now = queue.clock()
    places = []
    for page in Assignment.objects.filter(
        batch=batch, state="held", expires_at__gt=now
    ):
        spoken = set(
            Judgment.objects.filter(
                batch=batch, judge=page.judge_id, candidate__in=page.candidates
            ).values_list("candidate_id", flat=True)
        )
        places += [
            (candidate, page.judge_id, place)
            for candidate, place in zip(page.candidates, page.places, strict=True)
            if place and candidate not in spoken
        ]
    return places


class Queue(RuleBasedStateMachine):
    """Four judges on a small batch, doing anything in any order."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.admin = UserFactory(roles=[Role.ADMIN])
        self.judges = UserFactory.create_batch(4)

    def teardown(self):
        try:
            if hasattr(self, "batch"):
                self.come_to_rest()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @initialize(
        required=st.integers(1, 3),
        more=st.integers(0, 2),
        page_size=st.integers(1, 4),
        order=st.sampled_from(["rank", "random", "uncertain"]),
    )
    def cut(self, required, more, page_size, order):
        self.batch = batch_of(
            *self.judges,
            entities=2,
            candidates=3,
            judges_required=required,
            judges_maximum=required + more,
            page_size=page_size,
            order=order,
        )
        self.highest = required + more

    def page(self, judge, number):
        pages = list(Assignment.objects.filter(judge=judge).order_by("pk"))
        return pages[number % len(pages)] if pages else None

    @rule(who=who, follows=st.booleans())
    def lease(self, who, follows):
        judge = self.judges[who]
        held = queue.held_pages(judge, self.batch)
        before, live = (
            needs(self.batch),
            Counter(c for c, _, _ in live_places(self.batch)),
        )
        try:
            page = queue.lease(
                judge=judge,
                batch=self.batch,
                after=held[-1].pk if held and follows else None,
            )
        except TwoHeld:
            return
        except queue.NothingToLease as nothing:
            self.check_reason(judge, nothing.reason)
            return
        if page in held:
            return
        for candidate in page.candidates:
            need, places, judges = before[candidate]
            assert len(places) + live[candidate] < need
            assert judge.pk not in judges

    def check_reason(self, judge, reason):
        """204 tells the truth: nothing is free, and others hold something or not."""
        if judge.pk not in active_judges(self.batch):
            assert reason == "no-batch"
            return
        if Batch.objects.get(pk=self.batch.pk).state != "open":
            assert reason == "closed"
            return
        live = live_places(self.batch)
        own = {c for p in queue.held_pages(judge, self.batch) for c in p.candidates}
        held = Counter(c for c, _, _ in live)
        left = {
            c: need - len(places)
            for c, (need, places, judges) in needs(self.batch).items()
            if need > len(places) and judge.pk not in judges and c not in own
        }
        assert reason == ("held-by-others" if left else "all-done")
        assert all(held[c] >= missing for c, missing in left.items())

    @rule(who=who, number=pick, position=pick, verdict=said)
    def mark(self, who, number, position, verdict):
        judge = self.judges[who]
        page = self.page(judge, number)
        if page:
            say(judge, page, position % len(page.candidates), verdict)

    @rule(who=who)
    def mark_the_held_page(self, who):
        judge = self.judges[who]
        for page in queue.held_pages(judge, self.batch)[:1]:
            for position in range(len(page.candidates)):
                say(judge, page, position, "yes")

    @rule(who=who, verdict=st.sampled_from(["yes", "no"]))
    def finish_a_page(self, who, verdict):
        judge = self.judges[who]
        try:
            page = queue.lease(judge=judge, batch=self.batch)
        except queue.NothingToLease as nothing:
            self.check_reason(judge, nothing.reason)
            return
        for position in range(len(page.candidates)):
            assert say(judge, page, position, verdict) in ("recorded", "ruled")
        queue.submit(assignment_id=page.pk, judge=judge)

    @rule(who=who, number=pick)
    def submit(self, who, number):
        page = self.page(self.judges[who], number)
        if page:
            try:
                queue.submit(assignment_id=page.pk, judge=page.judge)
            except PageIncomplete as incomplete:
                fields = incomplete.fields
                assert fields["missing"] or fields["lost"]

    @rule(who=who, number=pick)
    def release(self, who, number):
        page = self.page(self.judges[who], number)
        if page:
            try:
                queue.release(assignment_id=page.pk, judge=page.judge)
            except WrongState:
                page.refresh_from_db()
                assert page.state == "submitted"

    @rule(who=who, number=pick)
    def renew(self, who, number):
        page = self.page(self.judges[who], number)
        if page:
            with suppress(LeaseLost):
                queue.renew(assignment_id=page.pk, judge=page.judge)

    @rule(number=pick)
    def time_passes(self, number):
        held = list(Assignment.objects.filter(state="held").order_by("pk"))
        if held:
            let_expire(held[number % len(held)])

    @rule()
    def expire(self):
        queue.expire_leases()

    @rule()
    def close(self):
        batches.close_batch(batch=self.batch, by=self.admin)

    @rule()
    def open_again(self):
        batches.open_batch(batch=self.batch, by=self.admin)

    @rule(required=st.integers(1, 3), more=st.integers(0, 2))
    def change_rules(self, required, more):
        self.highest = max(self.highest, required + more)
        self.batch = batches.update(
            batch=self.batch,
            by=self.admin,
            judges_required=required,
            judges_maximum=required + more,
        )

    @rule(number=pick)
    def report(self, number):
        candidates = list(Candidate.objects.order_by("pk"))
        queue.report(
            candidate=candidates[number % len(candidates)],
            by=self.judges[0],
            reason="other",
            comment="",
        )

    @precondition(lambda self: Report.objects.filter(dismissed_at=None).exists())
    @rule()
    def dismiss(self):
        report = Report.objects.filter(dismissed_at=None).first()
        queue.dismiss_report(report=report, by=self.admin)

    @rule(number=pick)
    def rule_on(self, number):
        candidates = list(Candidate.objects.order_by("pk"))
        candidate = candidates[number % len(candidates)]
        standing = Ruling.objects.filter(candidate=candidate, reopened_at=None).first()
        if standing:
            adjudication.reopen(ruling=standing, by=self.admin)
            return
        with suppress(NotFound):  # it came later and has not joined
            adjudication.rule(
                batch=self.batch, candidate=candidate.pk, verdict="yes", by=self.admin
            )

    @rule(number=pick)
    def look_at_a_conflict(self, number):
        held = adjudication.lease(by=self.admin, batch=self.batch)
        assert (held is not None) == Conflict.objects.filter(batch=self.batch).exists()
        if held is None:
            return
        if held.is_disputed and number % 2:
            with suppress(WrongState):
                adjudication.request_second_looks(
                    batch=self.batch, candidate=held.candidate_id, by=self.admin
                )
        else:
            adjudication.put_off(
                batch=self.batch, candidate=held.candidate_id, by=self.admin
            )

    @rule(who=who, verdict=st.sampled_from(["yes", "no"]))
    def look_again(self, who, verdict):
        judge = self.judges[who]
        for look in adjudication.open_second_looks(judge)[:1]:
            said = {"batch": look.batch, "candidate": look.candidate, "judge": judge}
            blind = Judgment.objects.get(**said).blind_verdict
            try:
                adjudication.answer_second_look(
                    second_look_id=look.pk, judge=judge, verdict=verdict
                )
            except WrongState:  # skipped since, and others have met the need
                continue
            now = Judgment.objects.get(**said)
            assert (now.verdict, now.blind_verdict) == (verdict, blind)

    @rule(who=who)
    def void(self, who):
        username = self.judges[who].username
        judgments.void(
            batch=self.batch, username=username, reason="a trial", by=self.admin
        )
        own = Judgment.objects.filter(batch=self.batch, judge=self.judges[who])
        assert not own.exists()

    @rule(who=who)
    def leave(self, who):
        name = self.judges[who].username
        with suppress(NotFound):
            batches.remove_judge(batch=self.batch, username=name, by=self.admin)

    @rule()
    def everybody_returns(self):
        names = [judge.username for judge in self.judges]
        batches.add_judges(batch=self.batch, usernames=names, by=self.admin)

    @rule()
    def later_import(self):
        row = BatchEntity.objects.filter(batch=self.batch).first()
        CandidateFactory(entity=row.entity)
        batches.refresh(batch=self.batch, by=self.admin)

    @rule(who=who)
    def leave_and_return(self, who):
        name = self.judges[who].username
        with suppress(NotFound):  # who left before returns all the same
            batches.remove_judge(batch=self.batch, username=name, by=self.admin)
        batches.add_judges(batch=self.batch, usernames=[name], by=self.admin)

    @invariant()
    def places_are_kept_apart(self):
        if not hasattr(self, "batch"):
            return
        places = {c: list(given) for c, (_, given, _) in needs(self.batch).items()}
        for given in places.values():
            assert len(given) <= self.highest
        for candidate, _, place in live_places(self.batch):
            assert place <= self.highest
            places.setdefault(candidate, []).append(place)
        for given in places.values():
            assert len(set(given)) == len(given)

    @invariant()
    def counters_are_true(self):
        if not hasattr(self, "batch"):
            return
        rules = Batch.objects.get(pk=self.batch.pk).rules
        rows = list(BatchEntity.objects.filter(batch=self.batch))
        readings = read_rows([row.pk for row in rows])
        for row in rows:
            counted = tally(readings[row.pk].standings.values(), rules)
            stored = {name: getattr(row, name) for name in counted.__slots__}
            assert stored == {n: getattr(counted, n) for n in counted.__slots__}
            assert row.state == counted.state
        for numbers in BatchJudge.objects.filter(batch=self.batch):
            own = Judgment.objects.filter(batch=self.batch, judge=numbers.judge_id)
            assert numbers.skips == own.filter(verdict="skip").count()
            assert numbers.verdicts == own.exclude(verdict="skip").count()

    @invariant()
    def conflicts_are_true(self):
        if not hasattr(self, "batch"):
            return
        active = active_judges(self.batch)
        batch = Batch.objects.get(pk=self.batch.pk)
        expected = {}
        for candidate, (need, places, judges) in needs(batch).items():
            row = Candidate.objects.get(pk=candidate)
            verdicts = set(
                Judgment.objects.filter(batch=batch, candidate=row)
                .exclude(verdict="skip")
                .values_list("verdict", flat=True)
            )
            kinds = (
                len(places) >= batch.judges_required and len(verdicts) > 1,
                row.reports.filter(dismissed_at=None).exists(),
                need > len(places) and judges >= active,
            )
            ruled = row.rulings.filter(batch=batch, reopened_at=None).exists()
            if any(kinds) and not ruled:
                expected[candidate] = kinds
        found = Conflict.objects.filter(batch=batch).values_list(
            "candidate_id", "is_disputed", "is_reported", "is_stuck"
        )
        assert {candidate: tuple(kinds) for candidate, *kinds in found} == expected

    def come_to_rest(self):
        """Let every judge do all there is; then nobody may be left with something."""
        self.everybody_returns()
        batches.open_batch(batch=self.batch, by=self.admin)
        Assignment.objects.filter(state="held").update(
            expires_at=queue.clock() - self.batch_age()
        )
        for _ in range(100):
            worked = [self.work_off(judge) for judge in self.judges]
            if not any(worked):
                break
        for need, places, judges in needs(self.batch).values():
            if need > len(places):
                assert judges >= {judge.pk for judge in self.judges}

    def batch_age(self):
        return queue.clock() - self.batch.created_at

    def work_off(self, judge):
        """Judge one page if there is one."""
        try:
            page = queue.lease(judge=judge, batch=self.batch)
        except queue.NothingToLease as nothing:
            assert nothing.reason == "all-done"
            return False
        for position in range(len(page.candidates)):
            assert say(judge, page, position, "no") in ("recorded", "ruled")
        queue.submit(assignment_id=page.pk, judge=judge)
        return True


@pytest.mark.django_db
@pytest.mark.timeout(600)
def test_the_queue_stays_true_whatever_happens():
    run_state_machine_as_test(
        Queue,
        settings=settings(
            max_examples=16,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
