"""Periodic tasks, which can run twice."""

from datetime import timedelta

import pytest
from django.utils import timezone
from knox.models import AuthToken

from annotations import queue, tasks
from annotations.models import Batch, BatchEntity

from .desk import batch_of, let_expire, say_all

pytestmark = pytest.mark.django_db


def test_expired_leases_end_without_a_request(judge):
    batch = batch_of(judge)
    page = queue.lease(judge=judge)
    let_expire(page)
    for _ in range(2):
        tasks.expire_leases()
        page.refresh_from_db()
        assert page.state == "expired"
    row = BatchEntity.objects.get(batch=batch)
    assert (row.state, row.open_places, row.held_places) == ("open", 6, 0)


def test_the_counters_of_batches_are_added_up(judge):
    batch = batch_of(judge, entities=2, judges_required=1)
    say_all(judge, queue.lease(judge=judge))
    tasks.count_batches()
    batch = Batch.objects.get(pk=batch.pk)
    assert (batch.candidates_total, batch.judged_total, batch.open_total) == (6, 3, 0)
    assert batch.counted_at is not None


def test_expired_tokens_are_deleted(judge):
    AuthToken.objects.create(judge, expiry=timedelta(days=1))
    old, _ = AuthToken.objects.create(judge, expiry=timedelta(days=1))
    AuthToken.objects.filter(pk=old.pk).update(
        expiry=timezone.now() - timedelta(days=1)
    )
    tasks.delete_expired_tokens()
    assert AuthToken.objects.count() == 1
