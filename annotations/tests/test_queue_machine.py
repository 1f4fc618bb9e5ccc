"""Any order of leases, marks, endings and changes keeps the queue consistent.

Invariants: a candidate never has more judgments than the maximum. A place has one
judge. No place is granted while judgments and live places meet the need. Stored
counters equal the recounted ones. At rest, no candidate has an unmet need while a
judge could still take it.
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

from annotations import adjudication, batches, judgments, queue
from annotations.errors import LeaseLost, NotFound, PageIncomplete, TwoHeld, WrongState
from annotations.models import (
    Assignment,
    Batch,
    BatchEntity,
    Candidate,
    Conflict,
    Judgment,
    Report,
    Role,
    Ruling,
)

from .desk import batch_of, let_expire, say
from .factories import CandidateFactory, UserFactory
from .queue_invariants import (
    active_judges,
    check_conflicts,
    check_counters,
    check_judges,
    check_places,
    live_places,
    needs,
)

who = st.integers(0, 3)
pick = st.integers(0, 10**6)
verdict_or_none = st.sampled_from(["yes", "yes", "no", "broken", "skip", None])


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
    def create(self, required, more, page_size, order):
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
        held_pages = queue.held_pages(judge, self.batch)
        before, live = (
            needs(self.batch),
            Counter(c for c, _, _ in live_places(self.batch)),
        )
        try:
            page = queue.lease(
                judge=judge,
                batch=self.batch,
                after=held_pages[-1].pk if held_pages and follows else None,
            )
        except TwoHeld:
            return
        except queue.NothingToLease as nothing:
            self.check_reason(judge, nothing.reason)
            return
        if page in held_pages:
            return
        for candidate in page.candidates:
            need, places, judges = before[candidate]
            assert len(places) + live[candidate] < need
            assert judge.pk not in judges

    def check_reason(self, judge, reason):
        """Check why there is no page: nothing is free, and others hold something or not."""
        if judge.pk not in active_judges(self.batch):
            assert reason == "no-batch"
            return
        if Batch.objects.get(pk=self.batch.pk).state != "open":
            assert reason == "closed"
            return
        live = live_places(self.batch)
        own_candidates = {
            c for p in queue.held_pages(judge, self.batch) for c in p.candidates
        }
        holds = Counter(c for c, _, _ in live)
        open_needs = {
            c: need - len(places)
            for c, (need, places, judges) in needs(self.batch).items()
            if need > len(places) and judge.pk not in judges and c not in own_candidates
        }
        assert reason == ("held-by-others" if open_needs else "all-done")
        assert all(holds[c] >= open_need for c, open_need in open_needs.items())

    @rule(who=who, number=pick, position=pick, verdict=verdict_or_none)
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
        held_pages = list(Assignment.objects.filter(state="held").order_by("pk"))
        if held_pages:
            let_expire(held_pages[number % len(held_pages)])

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
        ruling = Ruling.objects.filter(candidate=candidate, reopened_at=None).first()
        if ruling:
            adjudication.reopen(ruling=ruling, by=self.admin)
            return
        with suppress(NotFound):  # a newer candidate that is not in the batch
            adjudication.rule(
                batch=self.batch, candidate=candidate.pk, verdict="yes", by=self.admin
            )

    @rule(number=pick)
    def look_at_a_conflict(self, number):
        conflict = adjudication.lease(by=self.admin, batch=self.batch)
        assert (conflict is not None) == Conflict.objects.filter(
            batch=self.batch
        ).exists()
        if conflict is None:
            return
        if conflict.is_disputed and number % 2:
            with suppress(WrongState):
                adjudication.request_second_looks(
                    batch=self.batch, candidate=conflict.candidate_id, by=self.admin
                )
        else:
            adjudication.put_off(
                batch=self.batch, candidate=conflict.candidate_id, by=self.admin
            )

    @rule(who=who, verdict=st.sampled_from(["yes", "no"]))
    def look_again(self, who, verdict):
        judge = self.judges[who]
        for look in adjudication.open_second_looks(judge)[:1]:
            fields = {"batch": look.batch, "candidate": look.candidate, "judge": judge}
            blind = Judgment.objects.get(**fields).blind_verdict
            try:
                adjudication.answer_second_look(
                    second_look_id=look.pk, judge=judge, verdict=verdict
                )
            except WrongState:  # skipped meanwhile, and others have met the need
                continue
            now = Judgment.objects.get(**fields)
            assert (now.verdict, now.blind_verdict) == (verdict, blind)

    @rule(who=who)
    def void(self, who):
        username = self.judges[who].username
        judgments.void(
            batch=self.batch, username=username, reason="a trial", by=self.admin
        )
        judgments_left = Judgment.objects.filter(
            batch=self.batch, judge=self.judges[who]
        )
        assert not judgments_left.exists()

    @rule(who=who)
    def leave(self, who):
        name = self.judges[who].username
        with suppress(NotFound):
            batches.remove_judge(batch=self.batch, username=name, by=self.admin)

    @rule()
    def all_judges_return(self):
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
        with suppress(NotFound):  # the judge left before
            batches.remove_judge(batch=self.batch, username=name, by=self.admin)
        batches.add_judges(batch=self.batch, usernames=[name], by=self.admin)

    @invariant()
    def queue_is_consistent(self):
        if hasattr(self, "batch"):
            check_places(self.batch, self.highest)
            check_counters(self.batch)
            check_judges(self.batch)
            check_conflicts(self.batch)

    def come_to_rest(self):
        """Let every judge do all work. Then no need may remain that a judge could meet."""
        self.all_judges_return()
        batches.open_batch(batch=self.batch, by=self.admin)
        Assignment.objects.filter(state="held").update(
            expires_at=queue.clock() - self.batch_age()
        )
        for _ in range(100):
            results = [self.work_off(judge) for judge in self.judges]
            if not any(results):
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
def test_any_order_of_actions_keeps_the_queue_consistent():
    run_state_machine_as_test(
        Queue,
        settings=settings(
            max_examples=16,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
