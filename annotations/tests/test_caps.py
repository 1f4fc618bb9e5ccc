"""Caps: how much of a batch one judge can judge."""

import pytest
from django.db import connection

from annotations import batches, queue
from annotations.models import BatchJudge
from annotations.queue.caps import smaller_cap

from .desk import batch_of, let_expire, refusal_of, say, say_all
from .factories import UserFactory
from .test_queue_concurrency import at_once


@pytest.mark.parametrize(
    ("cap", "share", "candidates", "expected"),
    [
        (None, None, 100, None),
        (7, None, 100, 7),
        (None, 0.5, 100, 50),
        (None, 0.29, 100, 29),
        (None, 0.1, 30, 3),
        (None, 1 / 3, 10, 3),
        (7, 0.5, 10, 5),
        (3, 0.5, 10, 3),
        (None, 0.01, 10, 1),
        (None, 0.5, 0, 1),
        (None, 1, 10, 10),
    ],
)
def test_the_smaller_of_number_and_share_counts(cap, share, candidates, expected):
    assert smaller_cap(cap, share, candidates) == expected


def test_the_last_page_is_as_large_as_the_cap_allows(judge, db):
    batch = batch_of(judge, candidates=10, page_size=4, judges_required=1, cap=6)
    sizes = []
    for _ in range(2):
        page = queue.lease(judge=judge, batch=batch)
        sizes.append(len(page.candidates))
        say_all(judge, page)
    assert sizes == [4, 2]
    assert refusal_of(judge, batch=batch) == "all-done"


def test_held_places_count_until_the_page_ends(judge, db):
    batch = batch_of(judge, candidates=10, page_size=4, judges_required=1, cap=6)
    first = queue.lease(judge=judge, batch=batch)
    second = queue.lease(judge=judge, batch=batch, after=first.pk)
    assert len(second.candidates) == 2
    queue.release(assignment_id=first.pk, judge=judge)
    third = queue.lease(judge=judge, batch=batch, after=second.pk)
    assert len(third.candidates) == 4
    let_expire(third)
    fourth = queue.lease(judge=judge, batch=batch, after=second.pk)
    assert len(fourth.candidates) == 4


def test_a_skip_is_no_verdict_and_leaves_the_cap_where_it_was(judge, db):
    batch = batch_of(judge, candidates=6, page_size=2, judges_required=1, cap=2)
    say_all(judge, queue.lease(judge=judge, batch=batch), "skip")
    page = queue.lease(judge=judge, batch=batch)
    assert len(page.candidates) == 2
    say(judge, page, 0, "skip")
    # The skip can still become a verdict.
    assert refusal_of(judge, batch=batch, after=page.pk) == "all-done"


def test_a_share_applies_from_the_first_lease(judge, db):
    batch = batch_of(judge, candidates=20, judges_required=1, cap_share=0.25)
    page = queue.lease(judge=judge, batch=batch)
    assert len(page.candidates) == 5
    batch.refresh_from_db()
    assert queue.cap_of(batch) == 5


def test_other_judges_continue_when_one_has_reached_the_cap(judge, other_judge, db):
    batch = batch_of(judge, other_judge, candidates=4, judges_required=1, cap=2)
    say_all(judge, queue.lease(judge=judge, batch=batch))
    assert refusal_of(judge, batch=batch) == "all-done"
    assert len(queue.lease(judge=other_judge, batch=batch).candidates) == 2


def test_a_higher_cap_allows_more_and_a_lower_one_keeps_the_page(judge, admin):
    batch = batch_of(judge, candidates=9, judges_required=1, cap=3)
    page = queue.lease(judge=judge, batch=batch)
    batches.update(batch=batch, by=admin, cap=1)
    say_all(judge, page)
    assert refusal_of(judge, batch=batch) == "all-done"
    batches.update(batch=batch, by=admin, cap=None)
    assert len(queue.lease(judge=judge, batch=batch).candidates) == 6


@pytest.mark.django_db(transaction=True)
def test_a_judge_with_many_tabs_never_exceeds_the_cap():
    judge = UserFactory()
    batch = batch_of(
        judge, entities=6, candidates=5, page_size=3, judges_required=1, cap=11
    )
    queue.sum_counters([batch.pk])

    def work(tab):
        for _ in range(12):
            try:
                page = queue.lease(judge=judge, batch=batch)
            except queue.NothingToLease:
                return
            for position in range(len(page.candidates)):
                say(judge, page, position, "yes")
            queue.submit(assignment_id=page.pk, judge=judge)

    at_once(work, range(4))
    connection.close()
    assert BatchJudge.objects.get(batch=batch, judge=judge).verdicts == 11
