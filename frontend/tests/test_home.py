"""The home page of judges and admins."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import batches, queue
from annotations.models import Batch, BatchJudge, Judgment
from annotations.tests.factories import UserFactory

from .scenes import opened_batch


def home(client, person):
    client.force_login(person)
    return client.get(reverse("home")).text


def test_judges_see_their_batches_with_a_start_link(client, judge):
    batch = opened_batch(judge)
    text = home(client, judge)
    assert batch.name in text
    assert "Start labelling" in text
    assert reverse("grid", args=[batch.pk]) in text


def test_judges_do_not_see_batches_of_others(client, judge, other_judge):
    batch = opened_batch(other_judge)
    text = home(client, judge)
    assert batch.name not in text
    assert "You have no batches yet" in text


def test_judges_see_only_their_own_counts(client, judge, other_judge):
    batch = opened_batch(judge, other_judge)
    counters = BatchJudge.objects.filter(batch=batch)
    counters.filter(judge=judge).update(verdicts=81, skips=3, centiseconds=33600)
    counters.filter(judge=other_judge).update(verdicts=4711)
    text = home(client, judge)
    assert "<dd>81</dd>" in text
    assert "<dd>4.0</dd>" in text
    assert "4711" not in text
    assert not Judgment.objects.exists()


def set_agreement(batch, judge, **counters):
    """Set the agreement of a judge in a batch that shows agreement."""
    Batch.objects.filter(pk=batch.pk).update(shows_agreement=True)
    BatchJudge.objects.filter(batch=batch, judge=judge).update(**counters)


def test_judges_see_their_agreement_in_whole_percent(client, judge):
    batch = opened_batch(judge)
    set_agreement(batch, judge, agreement=0.93456, shared=50)
    text = home(client, judge)
    assert "<dd>93 %</dd>" in text
    assert "Agreement over 50 pictures" in text
    assert "0.93" not in text


@pytest.mark.parametrize("shared", [0, 49])
def test_agreement_over_few_pictures_is_hidden(client, judge, shared):
    set_agreement(opened_batch(judge), judge, agreement=0.5, shared=shared)
    assert "agreement with other judges" not in home(client, judge)


def test_a_batch_can_hide_agreement(client, judge):
    batch = opened_batch(judge)
    set_agreement(batch, judge, agreement=0.5, shared=500)
    Batch.objects.filter(pk=batch.pk).update(shows_agreement=False)
    assert "agreement with other judges" not in home(client, judge)


def test_remaining_pictures_have_a_deadline_and_hours_at_the_judges_pace(client, judge):
    batch = opened_batch(judge)
    deadline = timezone.now() + timedelta(days=3, minutes=5)
    Batch.objects.filter(pk=batch.pk).update(candidates_total=1900, deadline=deadline)
    counters = BatchJudge.objects.filter(batch=batch, judge=judge)
    counters.update(verdicts=100, centiseconds=40_000)
    text = home(client, judge).replace("\xa0", " ")
    assert "Up to 1800 left" in text
    assert "<dd>2.0</dd>" in text
    assert "in 3 days" in text


def test_a_draft_is_not_shown_to_its_judges(client, judge, admin):
    batch = opened_batch(judge)
    draft = batches.create(
        by=admin,
        name="Still a draft",
        entities=[batch.batchentity_set.get().entity.key],
    )
    batches.add_judges(batch=draft, usernames=[judge.username], by=admin)
    assert "Still a draft" not in home(client, judge)


def test_a_closed_batch_offers_no_work(client, judge, admin):
    batch = opened_batch(judge)
    batches.close_batch(batch=batch, by=admin)
    text = home(client, judge)
    assert "You have no open batch now" in text
    assert reverse("grid", args=[batch.pk]) not in text


def test_a_batch_with_a_held_page_comes_first(client, judge):
    opened_batch(judge)
    active_batch = opened_batch(judge)
    queue.lease(judge=judge, batch=active_batch)
    text = home(client, judge)
    assert "Continue labelling" in text
    assert text.index(reverse("grid", args=[active_batch.pk])) < text.index(
        "Your batches"
    )


def test_a_removed_judge_no_longer_sees_the_batch(client, judge, admin):
    batch = opened_batch(judge)
    batches.remove_judge(batch=batch, username=judge.username, by=admin)
    assert batch.name not in home(client, judge)


def test_an_admin_sees_every_batch_with_its_files(client, admin, judge):
    batch = opened_batch(judge)
    text = home(client, admin)
    assert reverse("batch", args=[batch.pk]) in text
    assert f"/api/v1/truth.tsv?batch={batch.pk}" in text
    assert f"/api/v1/judgments.tsv?batch={batch.pk}" in text


def test_a_judge_sees_no_admin_pages(client, judge):
    opened_batch(judge)
    text = home(client, judge)
    assert "truth.tsv" not in text
    assert reverse("imports") not in text


def test_a_user_without_a_role_sees_a_message(client, db):
    assert "You have nothing to do here yet" in home(client, UserFactory(roles=[]))


def test_queries_do_not_grow_with_batches(client, judge, django_assert_max_num_queries):
    opened_batch(judge)
    client.force_login(judge)
    with django_assert_max_num_queries(20) as queries:
        client.get(reverse("home"))
    for _ in range(3):
        opened_batch(judge)
    with django_assert_max_num_queries(len(queries)):
        client.get(reverse("home"))
