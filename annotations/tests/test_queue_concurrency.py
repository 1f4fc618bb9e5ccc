"""Many judges at once, each on their own connection."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import Count

from annotations import batches, judgments, people, queue
from annotations.errors import PageIncomplete
from annotations.models import Assignment, BatchEntity, Judgment, Reopened

from .desk import batch_of, let_expire, mark_of, refusal_of, say, say_all
from .factories import UserFactory
from .queue_invariants import check_counters

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work, arguments):
    """Run `work(argument)` for all arguments at once, each on its own connection."""
    arguments = list(arguments)
    barrier = threading.Barrier(len(arguments))

    def run(argument):
        try:
            barrier.wait()
            return work(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(run, arguments))


def test_twenty_judges_at_once_never_share_a_place():
    judges = UserFactory.create_batch(20)
    batch = batch_of(*judges, entities=4, candidates=6, page_size=3)
    pages = at_once(lambda judge: take(judge, batch), judges)
    places = Counter()
    for page in filter(None, pages):
        places.update(zip(page.candidates, page.places, strict=True))
    assert set(places.values()) == {1}
    assert sum(places.values()) == 4 * 6 * 2
    check_counters(batch)


def take(judge, batch):
    try:
        return queue.lease(judge=judge, batch=batch)
    except queue.NothingToLease as nothing:
        assert nothing.reason in ("held-by-others", "all-done")
        return None


def test_twenty_judges_finish_a_batch_with_every_need_met_and_no_more():
    judges = UserFactory.create_batch(20)
    batch = batch_of(
        *judges,
        entities=10,
        candidates=8,
        page_size=4,
        judges_required=3,
        judges_maximum=5,
        order="uncertain",
    )
    at_once(lambda judge: work(judge, batch), judges)
    check_counters(batch)
    rows = BatchEntity.objects.filter(batch=batch)
    assert {row.state for row in rows} == {"done"}
    counts = (
        Judgment.objects.exclude(verdict="skip")
        .values("candidate")
        .annotate(n=Count("judge"))
        .values_list("n", flat=True)
    )
    assert len(counts) == 80
    assert min(counts) >= 3
    assert max(counts) <= 5


def work(judge, batch):
    """Judge to the end. Now and then release a half-done page, or let it expire."""
    chance = random.Random(judge.pk)
    waits = 0
    while waits < 200:
        try:
            page = queue.lease(judge=judge, batch=batch)
        except queue.NothingToLease as nothing:
            if nothing.reason == "all-done":
                return
            waits += 1
            connection.close()
            threading.Event().wait(0.05)
            continue
        verdicts = ["yes", "yes", "yes", "no", "skip"]
        marks = [
            mark_of(page, n, chance.choice(verdicts))
            for n in range(len(page.candidates))
        ]
        half = chance.random() < 0.2
        judgments.record(judge=judge, marks=marks[: 1 if half else None])
        if half and chance.random() < 0.5:
            let_expire(page)
        elif half:
            queue.release(assignment_id=page.pk, judge=judge)
        else:
            try:
                queue.submit(assignment_id=page.pk, judge=judge)
            except PageIncomplete as incomplete:
                assert incomplete.fields["lost"]
    raise AssertionError("The batch does not end.")


def test_two_tabs_of_one_judge_get_the_same_page():
    judge = UserFactory()
    batch = batch_of(judge, candidates=9, page_size=3)
    pages = at_once(lambda _: queue.lease(judge=judge, batch=batch), range(6))
    assert len({page.pk for page in pages}) == 1
    assert Assignment.objects.count() == 1


def test_two_tabs_sending_the_same_marks_record_each_once():
    judge = UserFactory()
    batch = batch_of(judge, candidates=5)
    page = queue.lease(judge=judge, batch=batch)
    marks = [mark_of(page, n, "yes") for n in range(5)]
    results_of_tabs = at_once(
        lambda _: judgments.record(judge=judge, marks=marks), range(4)
    )
    statuses = Counter(o.status for results in results_of_tabs for o in results)
    assert statuses == {"recorded": 5, "replayed": 15}
    check_counters(batch)


def test_late_marks_and_a_new_lease_race_for_one_place():
    for _ in range(5):
        late, quick = UserFactory.create_batch(2)
        batch = batch_of(late, quick, candidates=4, judges_required=1)
        page = queue.lease(judge=late, batch=batch)
        let_expire(page)
        marks = [mark_of(page, n, "yes") for n in range(4)]
        acts = [
            lambda marks=marks, late=late: judgments.record(judge=late, marks=marks),
            lambda quick=quick, batch=batch: take(quick, batch),
        ]
        outcomes, page_of_other = at_once(lambda act: act(), acts)
        recorded = [o for o in outcomes if o.status == "recorded"]
        new_tiles = len(page_of_other.candidates) if page_of_other else 0
        assert len(recorded) + new_tiles == 4
        check_counters(batch)


def test_submitting_in_two_tabs_at_once_is_one_submit():
    judge = UserFactory()
    batch = batch_of(judge)
    page = queue.lease(judge=judge, batch=batch)
    say_all(judge, page)
    results = at_once(
        lambda _: queue.submit(assignment_id=page.pk, judge=judge), range(4)
    )
    assert set(results) == {True}
    check_counters(batch)


def test_a_page_submitted_while_its_judge_is_removed_stays_submitted():
    judge = UserFactory()
    batch = batch_of(judge, entities=3, candidates=2, page_size=1)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)
    judgments.record(judge=judge, marks=[mark_of(first, 0, "yes")])
    is_submitted = threading.Event()

    def submit(_):
        with transaction.atomic():
            queue.submit(assignment_id=first.pk, judge=judge)
            is_submitted.set()
            wait_for_waiters()

    def remove(_):
        is_submitted.wait()
        batches.remove_judge(batch=batch, username=judge.username, by=batch.created_by)

    at_once(lambda act: act(None), [submit, remove])
    states = dict(Assignment.objects.values_list("pk", "state"))
    assert states == {first.pk: "submitted", second.pk: "released"}
    check_counters(batch)


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": []}])
def test_a_lease_during_the_end_of_its_judge_leaves_no_page(change):
    judge = UserFactory()
    batch = batch_of(judge)
    is_leased, is_gone = threading.Event(), threading.Event()

    def lease_first():
        with transaction.atomic():
            queue.lease(judge=judge)
            is_leased.set()
            wait_for_waiters()

    def go_and_let_wait():
        is_leased.wait()
        try:
            with transaction.atomic():
                people.change(user=judge, by=batch.created_by, **change)
                is_gone.set()
                wait_for_waiters()
        finally:
            is_gone.set()  # after an error, too: the test must end

    def lease_again():
        is_gone.wait()
        return refusal_of(judge)  # `judge` still has the old role in memory

    acts = [lease_first, go_and_let_wait, lease_again]
    *_, reason = at_once(lambda act: act(), acts)
    assert reason == "no-batch"
    assert Assignment.objects.get().state == "released"
    check_counters(batch)


def wait_for_waiters(number=1):
    """Wait until so many connections wait for a lock."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] >= number:
                return
            time.sleep(0.01)
    raise AssertionError("No connection waited for a lock.")


def test_renewals_and_marks_on_two_held_pages_never_deadlock():
    judge = UserFactory()
    batch = batch_of(judge, candidates=8, page_size=4)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)

    def hold_up(is_held):
        """Hold a lock as a skip does that has changed its page and will reopen the row."""
        with transaction.atomic():
            key = {"batch": batch, "judge": judge, "entity": first.entity}
            Reopened.objects.update_or_create(**key, defaults={"priority": 0})
            is_held.set()
            wait_for_waiters(4)

    def mark(is_held, page, position):
        is_held.wait()
        return say(judge, page, position, "skip")

    def renew(page):
        wait_for_waiters()
        return queue.renew(assignment_id=page.pk, judge=judge).state

    for page, position in [(first, 0), (second, 0), (second, 1), (first, 1)]:
        is_held = threading.Event()
        acts = [partial(hold_up, is_held), partial(mark, is_held, page, position)]
        acts += [
            partial(renew, renewed_page) for renewed_page in (first, second, first)
        ]
        _, *results = at_once(lambda act: act(), acts)
        assert results == ["recorded", "held", "held", "held"]
    check_counters(batch)
