"""What an admin lands on."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import batches, queue
from annotations.models import Batch, Import
from annotations.tests.desk import let_expire

from .scenes import opened_batch

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def test_nothing_yet_is_said(desk):
    text = desk.get(reverse("home")).text
    assert "There are no batches yet" in text
    assert "No judge holds a page now" in text
    assert "There are no imports yet" in text


def test_open_batches_are_shown_with_what_needs_a_look(desk, judge):
    batch = opened_batch(judge)
    Batch.objects.filter(pk=batch.pk).update(
        candidates_total=2000,
        judged_total=1234,
        conflicts_total=17,
        deadline=timezone.now() - timedelta(hours=2),
    )
    text = desk.get(reverse("home")).text
    assert 'value="1234"' in text
    assert "61 %" in text
    assert ">17</a></dd>" in text
    assert "overdue; the batch stays open" in text.replace("\xa0", " ")


def test_drafts_and_closed_batches_are_not_among_the_open(desk, judge, admin):
    batch = opened_batch(judge)
    batches.close_batch(batch=batch, by=admin)
    text = desk.get(reverse("home")).text
    assert "No batch is open." in text
    assert batch.name not in text


def test_who_is_at_work_is_shown_until_the_lease_is_over(desk, judge, other_judge):
    batch = opened_batch(judge, other_judge)
    let_expire(queue.lease(judge=other_judge, batch=batch))
    queue.lease(judge=judge, batch=batch)
    text = desk.get(reverse("overview"), headers=HTMX).text
    assert "jo</th>" in text
    assert "olga</th>" not in text
    assert "just now" in text


def test_workers_that_stopped_counting_are_told(desk, judge):
    opened_batch(judge)
    queue.sum_counters()
    assert "The workers are running" in desk.get(reverse("home")).text
    late = timezone.now() - timedelta(minutes=5)
    Batch.objects.update(counted_at=late)
    assert (
        "The workers have not updated the counts since"
        in desk.get(reverse("home")).text
    )


def test_it_is_asked_for_anew_without_the_page_around_it(desk, judge):
    opened_batch(judge)
    fragment = desk.get(reverse("overview"), headers=HTMX).text
    assert "<html" not in fragment
    assert 'hx-trigger="every 15s"' in fragment
    assert desk.get(reverse("overview")).url == reverse("home")


def test_it_is_for_admins_alone(client, judge, adjudicator):
    address = reverse("overview")
    assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (judge, adjudicator):
        client.force_login(person)
        assert client.get(address, headers=HTMX).status_code == 404
        assert "Working now" not in client.get(reverse("home")).text


def test_more_of_everything_costs_no_more_queries(
    desk, judge, other_judge, django_assert_max_num_queries
):
    def more():
        batch = opened_batch(judge, other_judge)
        for person in (judge, other_judge):
            queue.lease(judge=person, batch=batch)
        Import.objects.create(file_name="f")

    more()
    desk.get(reverse("home"))
    with django_assert_max_num_queries(20) as first:
        desk.get(reverse("home"))
    for _ in range(12):
        more()
    with django_assert_max_num_queries(len(first)):
        text = desk.get(reverse("home")).text
    assert "More open batches" in text
