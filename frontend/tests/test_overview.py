"""The admin's home page."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from annotations import batches, queue
from annotations.models import Batch, Import
from annotations.tests.desk import let_expire

from .scenes import opened_batch

HTMX = {"HX-Request": "true"}


def test_an_empty_overview_has_messages(admin_client):
    text = admin_client.get(reverse("home")).text
    assert "There are no batches yet" in text
    assert "No judge holds a page now" in text
    assert "There are no imports yet" in text


def test_open_batches_are_shown_with_progress_conflicts_and_deadline(
    admin_client, judge
):
    batch = opened_batch(judge)
    Batch.objects.filter(pk=batch.pk).update(
        candidates_total=2000,
        judged_total=1234,
        conflicts_total=17,
        deadline=timezone.now() - timedelta(hours=2),
    )
    text = admin_client.get(reverse("home")).text
    assert 'value="1234"' in text
    assert "61 %" in text
    assert ">17</a></dd>" in text
    assert "overdue; the batch stays open" in text.replace("\xa0", " ")


def test_closed_batches_are_not_among_the_open_ones(admin_client, judge, admin):
    batch = opened_batch(judge)
    batches.close_batch(batch=batch, by=admin)
    text = admin_client.get(reverse("home")).text
    assert "No batch is open." in text
    assert batch.name not in text


def test_active_judges_are_shown_until_their_lease_expires(
    admin_client, judge, other_judge
):
    batch = opened_batch(judge, other_judge)
    let_expire(queue.lease(judge=other_judge, batch=batch))
    queue.lease(judge=judge, batch=batch)
    text = admin_client.get(reverse("overview"), headers=HTMX).text
    assert "jo</th>" in text
    assert "olga</th>" not in text
    assert "just now" in text


def test_workers_that_stopped_counting_are_reported(admin_client, judge):
    opened_batch(judge)
    queue.sum_counters()
    assert "The workers are running" in admin_client.get(reverse("home")).text
    last_count = timezone.now() - timedelta(minutes=5)
    Batch.objects.update(counted_at=last_count)
    assert (
        "The workers have not updated the counts since"
        in admin_client.get(reverse("home")).text
    )


def test_the_overview_refreshes_without_the_page_around_it(admin_client, judge):
    opened_batch(judge)
    fragment = admin_client.get(reverse("overview"), headers=HTMX).text
    assert "<html" not in fragment
    assert 'hx-trigger="every 15s"' in fragment
    assert admin_client.get(reverse("overview")).url == reverse("home")


def test_only_admins_can_open_the_overview(client, judge, adjudicator):
    address = reverse("overview")
    assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (judge, adjudicator):
        client.force_login(person)
        assert client.get(address, headers=HTMX).status_code == 404
        assert "Working now" not in client.get(reverse("home")).text


def test_queries_do_not_grow_with_batches_pages_and_imports(
    admin_client, judge, other_judge, django_assert_max_num_queries
):
    def add_activity():
        batch = opened_batch(judge, other_judge)
        for person in (judge, other_judge):
            queue.lease(judge=person, batch=batch)
        Import.objects.create(file_name="f")

    add_activity()
    admin_client.get(reverse("home"))
    with django_assert_max_num_queries(20) as queries:
        admin_client.get(reverse("home"))
    for _ in range(12):
        add_activity()
    with django_assert_max_num_queries(len(queries)):
        text = admin_client.get(reverse("home")).text
    assert "More open batches" in text
