"""The admin's view of a batch: list, judges, held pages, days and hours."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from annotations import queue
from annotations.models import AuditEntry, Batch, BatchJudge, JudgeDay
from annotations.tests.desk import let_expire, say
from annotations.tests.factories import UserFactory

from .scenes import opened_batch

HTMX = {"HX-Request": "true"}
TODAY = datetime.now(UTC).date()


def add_day(batch, judge, days_ago, verdicts, hours=1.0, skips=0):
    """Add one day of work of a judge."""
    return JudgeDay.objects.create(
        batch=batch,
        judge=judge,
        day=TODAY - timedelta(days=days_ago),
        verdicts=verdicts,
        skips=skips,
        centiseconds=round(hours * 360_000),
    )


def day_tables(admin_client, batch):
    """Return the tables of days by the slug of their plot."""
    address = reverse("batch-days", args=[batch.pk])
    context = admin_client.get(address, headers=HTMX).context
    return {table.slug: table for table in context["tables"]}


def test_batches_are_listed_page_by_page_and_by_state(admin_client, admin, monkeypatch):
    monkeypatch.setattr("frontend.views.batches.BATCHES_SHOWN", 2)
    for n in range(5):
        Batch.objects.create(name=f"Batch {n}", created_by=admin)
    Batch.objects.filter(name="Batch 3").update(state="open")
    address, names, query = reverse("batches"), [], {}
    while True:
        context = admin_client.get(address, query).context
        names += [batch.name for batch in context["batches"]]
        if context["before"] is None:
            break
        query = {"before": context["before"]}
    assert names == [f"Batch {n}" for n in reversed(range(5))]
    open_batches = admin_client.get(address, {"state": "open"}).context["batches"]
    assert [batch.name for batch in open_batches] == ["Batch 3"]
    assert (
        "No batch is in this state"
        in admin_client.get(address, {"state": "closed"}).text
    )
    assert "<html" not in admin_client.get(address, headers=HTMX).text


def test_each_judge_has_counts_pace_and_last_activity(admin_client, judge, other_judge):
    batch = opened_batch(judge, other_judge)
    queue.lease(judge=judge, batch=batch)
    counters = BatchJudge.objects.filter(batch=batch, judge=judge)
    counters.update(verdicts=90, skips=10, centiseconds=36_000)
    members = admin_client.get(reverse("batch", args=[batch.pk])).context["members"]
    jo, olga = members
    assert (jo.judged, jo.skipped, jo.pace, jo.held) == (90, 10, 3.6, 1)
    assert jo.hours == pytest.approx(0.1)
    assert datetime.now(UTC) - jo.seen_at < timedelta(seconds=30)
    assert (olga.pace, olga.held, olga.seen_at) == (None, 0, None)


def test_hours_left_are_calculated_at_the_judges_pace(admin_client, judge, other_judge):
    batch = opened_batch(judge, other_judge, judges_maximum=3)
    Batch.objects.filter(pk=batch.pk).update(
        candidates_total=1000, judged_total=400, open_total=30
    )
    counters = BatchJudge.objects.filter(batch=batch)
    counters.filter(judge=judge).update(verdicts=800, centiseconds=160_000)
    counters.filter(judge=other_judge).update(verdicts=200, centiseconds=140_000)
    outlook = admin_client.get(reverse("batch", args=[batch.pk])).context["outlook"]
    assert outlook.judgments == 2 * 1000 - 1000 + 30
    assert outlook.pace == 3.0
    assert outlook.hours == pytest.approx(1030 * 3 / 3600)


def test_hours_left_are_not_shown_before_the_first_verdict(admin_client, judge):
    text = admin_client.get(reverse("batch", args=[opened_batch(judge).pk])).text
    assert "Hours left appear after the first verdicts." in text


def test_an_admin_can_release_a_held_page(admin_client, judge, admin):
    batch = opened_batch(judge, judges_required=1)
    page = queue.lease(judge=judge, batch=batch)
    say(judge, page, 0, "yes")
    text = admin_client.get(reverse("batch", args=[batch.pk])).text
    address = reverse("release-page", args=[batch.pk, page.pk])
    assert address in text
    text = admin_client.post(address, follow=True).text
    assert "The page is free again." in text
    page.refresh_from_db()
    assert page.state == "released"
    row = batch.batchentity_set.get()
    assert (row.held_places, row.open_places, row.judged) == (0, 3, 1)
    entry = AuditEntry.objects.get(action="page-released")
    assert (entry.by, entry.details["judge"]) == (admin, judge.pk)
    assert address not in admin_client.get(reverse("batch", args=[batch.pk])).text
    assert "free again" in admin_client.post(address, follow=True).text
    assert AuditEntry.objects.filter(action="page-released").count() == 1


def test_a_submitted_page_or_a_page_of_another_batch_is_not_released(
    admin_client, judge
):
    batch, other_batch = opened_batch(judge, count=1), opened_batch(judge)
    page = queue.lease(judge=judge, batch=batch)
    say(judge, page, 0, "yes")
    wrong_address = reverse("release-page", args=[other_batch.pk, page.pk])
    assert admin_client.post(wrong_address).status_code == 404
    queue.submit(assignment_id=page.pk, judge=judge)
    address = reverse("release-page", args=[batch.pk, page.pk])
    assert "submitted already" in admin_client.post(address, follow=True).text


def test_expired_pages_are_not_shown_as_held(admin_client, judge):
    batch = opened_batch(judge)
    let_expire(queue.lease(judge=judge, batch=batch))
    assert admin_client.get(reverse("batch", args=[batch.pk])).context["held"] == []


def test_each_plot_has_a_table_of_days(admin_client, judge, other_judge):
    batch = opened_batch(judge, other_judge)
    add_day(batch, judge, 2, 100, hours=0.5)
    add_day(batch, other_judge, 2, 50, hours=0.5)
    add_day(batch, judge, 0, 30, hours=0.0)
    add_day(batch, judge, 400, 7)
    tables = day_tables(admin_client, batch)
    dates = [TODAY - timedelta(days=n) for n in (2, 1, 0)]
    assert tables["verdicts"].columns == ["jo", "olga"]
    assert tables["verdicts"].rows == list(
        zip(dates, [[100, 50], [0, 0], [30, 0]], strict=True)
    )
    assert tables["throughput"].rows == list(
        zip(dates, [[150.0], [None], [None]], strict=True)
    )


def test_the_least_active_of_many_judges_share_one_line(admin_client, judge):
    batch = opened_batch(judge)
    for n in range(9):
        add_day(batch, UserFactory(username=f"many{n}"), 0, 10 + n)
    columns = day_tables(admin_client, batch)["verdicts"].columns
    assert columns == [*(f"many{n}" for n in range(3, 9)), "all others"]
    [(_, cells)] = day_tables(admin_client, batch)["verdicts"].rows
    assert cells[-1] == 10 + 11 + 12


def test_a_batch_without_days_has_a_message(admin_client, judge):
    batch = opened_batch(judge)
    address = reverse("batch-days", args=[batch.pk])
    assert (
        "There are no verdicts from the last 60 days."
        in admin_client.get(address, headers=HTMX).text
    )
    assert admin_client.get(address).url == reverse("batch", args=[batch.pk])


@pytest.mark.django_db(transaction=True)
def test_the_hours_file_lists_each_day_of_work(client, admin, judge, other_judge):
    client.force_login(admin)
    batch = opened_batch(judge, other_judge)
    add_day(batch, other_judge, 0, 12, hours=0.25, skips=3)
    add_day(batch, judge, 1, 200, hours=2.0)
    add_day(batch, judge, 0, 0, hours=0.0)
    response = client.get(reverse("hours", args=[batch.pk]))
    text = b"".join(response.streaming_content).decode()
    assert response["Content-Disposition"].endswith(f'"hours-{batch.pk}.tsv"')
    assert text.splitlines() == [
        "judge\tday\tjudged\tskipped\tseconds",
        f"jo\t{TODAY - timedelta(days=1)}\t200\t0\t7200.00",
        f"olga\t{TODAY}\t12\t3\t900.00",
    ]
    api_response = client.get(f"/api/v1/batches/{batch.pk}/hours.tsv")
    assert b"".join(api_response.streaming_content).decode() == text


def test_judges_outside_the_batch_are_suggested(admin_client, judge, stranger):
    UserFactory(username="gone", is_active=False)
    batch = opened_batch(judge)
    text = admin_client.get(reverse("batch", args=[batch.pk])).text
    suggestions = text.split("<datalist", 1)[1].split("</datalist>")[0]
    assert 'value="sam"' in suggestions
    assert 'value="jo"' not in suggestions
    assert 'value="gone"' not in suggestions


def test_only_admins_can_watch_a_batch(client, judge, adjudicator):
    batch = opened_batch(judge)
    page = queue.lease(judge=judge, batch=batch)
    addresses = [
        reverse("batches"),
        reverse("batch", args=[batch.pk]),
        reverse("batch-days", args=[batch.pk]),
        reverse("hours", args=[batch.pk]),
        reverse("release-page", args=[batch.pk, page.pk]),
    ]
    for address in addresses:
        assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (judge, adjudicator):
        client.force_login(person)
        assert {client.get(address).status_code for address in addresses} == {404}
        assert client.post(addresses[-1]).status_code == 404
    page.refresh_from_db()
    assert page.state == "held"


def test_queries_do_not_grow_with_judges_pages_and_days(
    admin_client, judge, django_assert_max_num_queries
):
    batch = opened_batch(judge, entities=3)
    address = reverse("batch", args=[batch.pk])
    queue.lease(judge=judge, batch=batch)
    add_day(batch, judge, 0, 5)
    admin_client.get(address)
    with django_assert_max_num_queries(20) as queries:
        admin_client.get(address)
    for n in range(6):
        new_judge = UserFactory()
        BatchJudge.objects.create(batch=batch, judge=new_judge)
        add_day(batch, new_judge, n, 5)
    type(batch).objects.filter(pk=batch.pk).update(judges_required=7)
    queue.lease(judge=judge, batch=batch, after=queue.held_pages(judge)[0].pk)
    with django_assert_max_num_queries(len(queries)):
        admin_client.get(address)
