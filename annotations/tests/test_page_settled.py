"""Settled pictures beside a page never reveal votes on pictures of its judge."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations import batches, page, queue
from annotations.models import Entity, Report, Ruling
from annotations.page.settled_pictures import PICTURES_SHOWN

from .desk import batch_of, say, say_all
from .factories import CandidateFactory, UserFactory
from .pictures import stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(judge):
    """Return the judge's page of an open batch with one entity."""
    batch_of(judge, candidates=2, judges_required=1)
    return queue.lease(judge=judge)


def later_batch(*judges, count=1, **rules):
    """Return another batch, with later pictures of the same entity."""
    entity = Entity.objects.get()
    candidates = [
        CandidateFactory(entity=entity, image=stored(seed=n)) for n in range(count)
    ]
    admin = UserFactory(roles=["admin"])
    rules = {"judges_required": 2, "page_size": 100, **rules}
    batch = batches.create(by=admin, name="Later", entities=[entity.key], **rules)
    batches.add_judges(batch=batch, usernames=[j.username for j in judges], by=admin)
    return batches.open_batch(batch=batch, by=admin), candidates


def shown_beside(assignment):
    """Return what the judge sees who leases the page, or gets the held one again."""
    return [
        page.settled_picture(assignment, place)
        for place in page.build_page(assignment, is_leased_now=True).settled
    ]


def settle(batch, *judges, verdict="yes"):
    for judge in judges:
        say_all(judge, queue.lease(judge=judge, batch=batch), verdict)


def test_a_unanimous_yes_is_shown(mine):
    first, second = UserFactory.create_batch(2)
    batch, [later] = later_batch(first, second)
    settle(batch, first)
    assert shown_beside(mine) == []
    settle(batch, second)
    assert shown_beside(mine) == [later]


@pytest.mark.parametrize("verdict", ["no", "broken", "skip"])
def test_a_picture_settled_otherwise_is_not_shown(mine, verdict):
    judges = UserFactory.create_batch(2)
    batch, _ = later_batch(*judges)
    settle(batch, *judges, verdict=verdict)
    assert shown_beside(mine) == []


def test_a_disputed_picture_is_not_shown_until_it_is_ruled_yes(mine, admin):
    first, second = UserFactory.create_batch(2)
    batch, [later] = later_batch(first, second)
    settle(batch, first)
    settle(batch, second, verdict="no")
    assert shown_beside(mine) == []
    rule = {"batch": batch, "candidate": later, "by": admin}
    ruling = Ruling.objects.create(verdict="no", **rule)
    assert shown_beside(mine) == []
    ruling.delete()
    Ruling.objects.create(verdict="yes", **rule)
    assert shown_beside(mine) == [later]


def test_no_picture_of_the_page_s_own_batch_is_shown(judge, other_judge):
    batch = batch_of(judge, other_judge, candidates=2, judges_required=1, page_size=1)
    say_all(other_judge, queue.lease(judge=other_judge))
    assert shown_beside(queue.lease(judge=judge, batch=batch)) == []


def test_no_picture_is_shown_that_the_judge_has_yet_to_judge(judge, mine):
    first, second = UserFactory.create_batch(2)
    batch, [later] = later_batch(first, second, judge)
    settle(batch, first, second)
    assert shown_beside(mine) == []
    batches.remove_judge(batch=batch, username=judge.username, by=batch.created_by)
    assert shown_beside(mine) == [later]


def test_a_picture_that_the_judge_has_judged_is_shown(judge, mine):
    batch, [later] = later_batch(judge, judges_required=1)
    assignment = queue.lease(judge=judge, batch=batch)
    assert shown_beside(mine) == []
    say(judge, assignment, assignment.candidates.index(later.pk), "yes")
    assert shown_beside(mine) == [later]


def test_a_reported_or_unreadable_picture_is_not_shown(mine):
    judges = UserFactory.create_batch(2)
    batch, [first, second] = later_batch(*judges, count=2)
    settle(batch, *judges)
    Report.objects.create(candidate=first, by=judges[0], reason="other")
    second.state = "unreadable"
    second.save()
    assert shown_beside(mine) == []


def test_the_number_shown_is_limited_and_costs_no_more_queries(mine):
    page.build_page(mine, is_leased_now=True)  # fills the caches
    with CaptureQueriesContext(connection) as before:
        page.build_page(mine, is_leased_now=True)
    judges = UserFactory.create_batch(2)
    batch, later = later_batch(*judges, count=9)
    settle(batch, *judges)
    with CaptureQueriesContext(connection) as after:
        view = page.build_page(mine, is_leased_now=True)
    assert len(view.settled) == PICTURES_SHOWN < len(later)
    assert len(after) == len(before)


def test_only_the_page_s_judge_gets_a_settled_picture(api, judge, mine):
    judges = UserFactory.create_batch(2)
    batch, [later] = later_batch(*judges)
    settle(batch, *judges)
    client = api(judge)
    own_page = f"/api/v1/assignments/{mine.pk}/"
    assert client.get(own_page).json()["entity"]["settled"] == []
    leased = client.post("/api/v1/assignments/lease/", {}, format="json").json()
    [address] = leased["entity"]["settled"]
    assert client.get(own_page).json()["entity"]["settled"] == [address]
    response = client.get(address)
    assert response["Content-Type"] == "image/webp"
    assert response["Content-Security-Policy"] == "sandbox"
    assert str(later.pk) not in address
    assert later.image.sha256 not in address
    assert api(judges[0]).get(address).status_code == 404
    assert client.get(address.replace("/0/", "/1/")).status_code == 404
    batches.close_batch(batch=mine.batch, by=UserFactory(roles=["admin"]))
    queue.release_all(judge=judge)
    assert client.get(address).status_code == 404
