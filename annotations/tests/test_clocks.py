"""A client's clock can be wrong by years: it never changes the truth."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from annotations import batches, export, judgments, queue
from annotations.entities.history import history
from annotations.models import Candidate, Judgment

from .desk import batch_of, mark_of, say

pytestmark = pytest.mark.django_db


def mark_at(page, verdict, decided_at):
    """Record a mark whose client gives this time."""
    mark = replace(mark_of(page, 0, verdict), decided_at=decided_at)
    [outcome] = judgments.record(judge=page.judge, marks=[mark])
    assert outcome.status == "recorded"


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_outside_the_lease_is_stored_as_its_start_or_the_receipt(judge, year):
    batch_of(judge)
    page = queue.lease(judge=judge)
    mark_at(page, "yes", datetime(year, 6, 1, tzinfo=UTC))
    judgment = Judgment.objects.get()
    page.refresh_from_db()
    nearest = page.leased_at if year == 1 else judgment.received_at
    assert judgment.decided_at == nearest


@pytest.mark.django_db(transaction=True)
def test_over_several_batches_the_verdict_received_last_counts(judge, admin):
    first = batch_of(judge, candidates=1, judges_required=1)
    key = Candidate.objects.get().entity.key
    rules = {"judges_required": 1, "entities": [key]}
    second = batches.create(by=admin, name="again", **rules)
    batches.add_judges(batch=second, usernames=[judge.username], by=admin)
    batches.open_batch(batch=second, by=admin)
    earlier, later = (queue.lease(judge=judge, batch=b) for b in (first, second))
    mark_at(earlier, "no", timezone.now())
    mark_at(later, "yes", timezone.now() - timedelta(days=1))
    text = b"".join(export.stream_truth([first.pk, second.pk])).decode()
    header, row = (line.split("\t") for line in text.splitlines())
    assert dict(zip(header, row, strict=True))["verdict"] == "yes"


def test_the_history_is_in_the_order_of_receipt(judge, other_judge):
    batch_of(judge, other_judge, candidates=1)
    ahead, behind = (queue.lease(judge=person) for person in (judge, other_judge))
    say(judge, ahead, 0, "yes")
    mark_at(behind, "no", datetime(1, 1, 1, tzinfo=UTC))
    events = history(Candidate.objects.get())
    assert [event.by for event in events if "marked" in event.action] == ["olga", "jo"]
