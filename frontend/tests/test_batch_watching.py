"""An admin watches a batch: list, judges, held pages, days and hours."""

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


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def day(batch, judge, days_ago, verdicts, hours=1.0, skips=0):
    return JudgeDay.objects.create(
        batch=batch,
        judge=judge,
        day=TODAY - timedelta(days=days_ago),
        verdicts=verdicts,
        skips=skips,
        centiseconds=round(hours * 360_000),
    )


def tables(desk, batch):
    address = reverse("batch-days", args=[batch.pk])
    context = desk.get(address, headers=HTMX).context
    return {table.slug: table for table in context["tables"]}


def test_all_batches_are_listed_page_by_page_and_by_state(desk, admin, monkeypatch):
    monkeypatch.setattr("frontend.views.batches.BATCHES_SHOWN", 2)
    for n in range(5):
        Batch.objects.create(name=f"Batch {n}", created_by=admin)
    Batch.objects.filter(name="Batch 3").update(state="open")
    address, seen, query = reverse("batches"), [], {}
    while True:
        context = desk.get(address, query).context
        seen += [batch.name for batch in context["batches"]]
        if context["before"] is None:
            break
        query = {"before": context["before"]}
    assert seen == [f"Batch {n}" for n in reversed(range(5))]
    opened = desk.get(address, {"state": "open"}).context["batches"]
    assert [batch.name for batch in opened] == ["Batch 3"]
    assert "No batch is in this state" in desk.get(address, {"state": "closed"}).text
    assert "<html" not in desk.get(address, headers=HTMX).text


def test_each_judge_has_numbers_pace_and_last_sign(desk, judge, other_judge):
    batch = opened_batch(judge, other_judge)
    queue.lease(judge=judge, batch=batch)
    numbers = BatchJudge.objects.filter(batch=batch, judge=judge)
    numbers.update(verdicts=90, skips=10, centiseconds=36_000)
    members = desk.get(reverse("batch", args=[batch.pk])).context["members"]
    jo, olga = members
    assert (jo.judged, jo.skipped, jo.pace, jo.held) == (90, 10, 3.6, 1)
    assert jo.hours == pytest.approx(0.1)
    assert datetime.now(UTC) - jo.seen_at < timedelta(seconds=30)
    assert (olga.pace, olga.held, olga.seen_at) == (None, 0, None)


def test_hours_left_are_needs_left_at_the_judges_own_pace(desk, judge, other_judge):
    batch = opened_batch(judge, other_judge, judges_maximum=3)
    Batch.objects.filter(pk=batch.pk).update(
        candidates_total=1000, judged_total=400, open_total=30
    )
    numbers = BatchJudge.objects.filter(batch=batch)
    numbers.filter(judge=judge).update(verdicts=800, centiseconds=160_000)
    numbers.filter(judge=other_judge).update(verdicts=200, centiseconds=140_000)
    outlook = desk.get(reverse("batch", args=[batch.pk])).context["outlook"]
    assert outlook.judgments == 2 * 1000 - 1000 + 30
    assert outlook.pace == 3.0
    assert outlook.hours == pytest.approx(1030 * 3 / 3600)


def test_hours_left_are_not_told_before_anybody_judged(desk, judge):
    text = desk.get(reverse("batch", args=[opened_batch(judge).pk])).text
    assert "Hours left appear after the first verdicts." in text


def test_a_page_is_taken_from_who_holds_it(desk, judge, admin):
    batch = opened_batch(judge, judges_required=1)
    page = queue.lease(judge=judge, batch=batch)
    say(judge, page, 0, "yes")
    text = desk.get(reverse("batch", args=[batch.pk])).text
    address = reverse("release-page", args=[batch.pk, page.pk])
    assert address in text
    text = desk.post(address, follow=True).text
    assert "The page is free again." in text
    page.refresh_from_db()
    assert page.state == "released"
    row = batch.batchentity_set.get()
    assert (row.held_places, row.open_places, row.judged) == (0, 3, 1)
    entry = AuditEntry.objects.get(action="page-released")
    assert (entry.by, entry.details["judge"]) == (admin, judge.pk)
    assert address not in desk.get(reverse("batch", args=[batch.pk])).text
    assert "free again" in desk.post(address, follow=True).text
    assert AuditEntry.objects.filter(action="page-released").count() == 1


def test_a_submitted_page_or_one_of_another_batch_is_not_released(desk, judge):
    batch, other = opened_batch(judge, count=1), opened_batch(judge)
    page = queue.lease(judge=judge, batch=batch)
    say(judge, page, 0, "yes")
    wrong = reverse("release-page", args=[other.pk, page.pk])
    assert desk.post(wrong).status_code == 404
    queue.submit(assignment_id=page.pk, judge=judge)
    address = reverse("release-page", args=[batch.pk, page.pk])
    assert "submitted already" in desk.post(address, follow=True).text


def test_expired_pages_are_not_shown_as_held(desk, judge):
    batch = opened_batch(judge)
    let_expire(queue.lease(judge=judge, batch=batch))
    assert desk.get(reverse("batch", args=[batch.pk])).context["held"] == []


def test_days_are_a_table_for_each_plot(desk, judge, other_judge):
    batch = opened_batch(judge, other_judge)
    day(batch, judge, 2, 100, hours=0.5)
    day(batch, other_judge, 2, 50, hours=0.5)
    day(batch, judge, 0, 30, hours=0.0)
    day(batch, judge, 400, 7)
    found = tables(desk, batch)
    dates = [TODAY - timedelta(days=n) for n in (2, 1, 0)]
    assert found["verdicts"].columns == ["jo", "olga"]
    assert found["verdicts"].rows == list(
        zip(dates, [[100, 50], [0, 0], [30, 0]], strict=True)
    )
    assert found["throughput"].rows == list(
        zip(dates, [[150.0], [None], [None]], strict=True)
    )


def test_of_many_judges_the_less_busy_are_one_line(desk, judge):
    batch = opened_batch(judge)
    for n in range(9):
        day(batch, UserFactory(username=f"many{n}"), 0, 10 + n)
    columns = tables(desk, batch)["verdicts"].columns
    assert columns == [*(f"many{n}" for n in range(3, 9)), "all others"]
    [(_, cells)] = tables(desk, batch)["verdicts"].rows
    assert cells[-1] == 10 + 11 + 12


def test_without_days_there_is_a_sentence(desk, judge):
    batch = opened_batch(judge)
    address = reverse("batch-days", args=[batch.pk])
    assert (
        "There are no verdicts from the last 60 days."
        in desk.get(address, headers=HTMX).text
    )
    assert desk.get(address).url == reverse("batch", args=[batch.pk])


@pytest.mark.django_db(transaction=True)
def test_hours_are_a_file_that_adds_up(client, admin, judge, other_judge):
    client.force_login(admin)
    batch = opened_batch(judge, other_judge)
    day(batch, other_judge, 0, 12, hours=0.25, skips=3)
    day(batch, judge, 1, 200, hours=2.0)
    day(batch, judge, 0, 0, hours=0.0)
    response = client.get(reverse("hours", args=[batch.pk]))
    text = b"".join(response.streaming_content).decode()
    assert response["Content-Disposition"].endswith(f'"hours-{batch.pk}.tsv"')
    assert text.splitlines() == [
        "judge\tday\tjudged\tskipped\tseconds",
        f"jo\t{TODAY - timedelta(days=1)}\t200\t0\t7200.00",
        f"olga\t{TODAY}\t12\t3\t900.00",
    ]
    api = client.get(f"/api/v1/batches/{batch.pk}/hours.tsv")
    assert b"".join(api.streaming_content).decode() == text


def test_judges_who_are_not_in_it_are_offered(desk, judge, stranger):
    UserFactory(username="gone", is_active=False)
    batch = opened_batch(judge)
    text = desk.get(reverse("batch", args=[batch.pk])).text
    offered = text.split("<datalist", 1)[1].split("</datalist>")[0]
    assert 'value="sam"' in offered
    assert 'value="jo"' not in offered
    assert 'value="gone"' not in offered


def test_nobody_but_admins_watches(client, judge, adjudicator):
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


def test_more_judges_pages_and_days_cost_no_more_queries(
    desk, judge, django_assert_max_num_queries
):
    batch = opened_batch(judge, entities=3)
    address = reverse("batch", args=[batch.pk])
    queue.lease(judge=judge, batch=batch)
    day(batch, judge, 0, 5)
    desk.get(address)
    with django_assert_max_num_queries(20) as first:
        desk.get(address)
    for n in range(6):
        more = UserFactory()
        BatchJudge.objects.create(batch=batch, judge=more)
        day(batch, more, n, 5)
    type(batch).objects.filter(pk=batch.pk).update(judges_required=7)
    queue.lease(judge=judge, batch=batch, after=queue.held_pages(judge)[0].pk)
    with django_assert_max_num_queries(len(first)):
        desk.get(address)
