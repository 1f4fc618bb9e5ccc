"""A verdict is independent only if its judge cannot have seen a sign of other votes."""

import pytest

from annotations import adjudication, batches, erasure, page, people, queue
from annotations.models import Candidate, Judgment, Role, Unblinding, User

from .desk import batch_of, say, say_all
from .factories import CandidateFactory, UserFactory
from .pictures import stored

pytestmark = pytest.mark.django_db

FORMER = [[Role.ADJUDICATOR], [Role.ADMIN], [Role.ADJUDICATOR, Role.JUDGE]]


def is_independent(judge, batch):
    """Return whether this judge's verdict on the only candidate of a batch is."""
    judgment = Judgment.objects.get(judge=judge, batch=batch)
    return judgment.blind_verdict == judgment.verdict


def another_batch(key, *judges, **rules):
    """Return another open batch with all candidates of this entity."""
    admin = UserFactory(roles=[Role.ADMIN])
    batch = batches.create(by=admin, name="Another", entities=[key], **rules)
    batches.add_judges(batch=batch, usernames=[j.username for j in judges], by=admin)
    return batches.open_batch(batch=batch, by=admin)


@pytest.fixture
def settled(judge):
    """Return a batch of the judge and a later picture, which two others settled as yes.

    It is a candidate of the batch of the two others, and can join that of the judge.
    """
    batch = batch_of(judge, candidates=1, judges_required=1, page_size=1)
    entity = Candidate.objects.get().entity
    candidate = CandidateFactory(entity=entity, image=stored(seed=1))
    others = UserFactory.create_batch(2)
    elsewhere = another_batch(entity.key, *others, judges_required=2, page_size=9)
    for other in others:
        say_all(other, queue.lease(judge=other, batch=elsewhere))
    return batch, candidate


def judge_after_refresh(judge, batch, candidate):
    """Add new candidates to the batch, and let the judge mark this one."""
    batches.refresh(batch=batch, by=batch.created_by)
    while True:
        assignment = queue.lease(judge=judge, batch=batch)
        say_all(judge, assignment)
        if candidate.pk in assignment.candidates:
            return Judgment.objects.get(judge=judge, candidate=candidate)


def test_a_picture_shown_as_settled_is_never_judged_independently(judge, settled):
    batch, candidate = settled
    assignment = queue.lease(judge=judge, batch=batch)
    assert list(page.build_page(assignment, is_leased_now=True).settled) == [0]
    judgment = judge_after_refresh(judge, batch, candidate)
    assert (judgment.verdict, judgment.blind_verdict) == ("yes", None)


def test_a_settled_picture_that_was_not_shown_is_judged_independently(judge, settled):
    batch, candidate = settled
    judgment = judge_after_refresh(judge, batch, candidate)
    assert judgment.blind_verdict == "yes"


def test_reading_a_page_shows_no_settled_picture_for_the_first_time(judge, settled):
    batch, candidate = settled
    assignment = queue.lease(judge=judge, batch=batch)
    assert list(page.build_page(assignment).settled) == []
    assert page.settled_picture(assignment, 0) is None
    assert not Unblinding.objects.exists()
    assert judge_after_refresh(judge, batch, candidate).blind_verdict == "yes"


@pytest.mark.parametrize("roles", FORMER)
def test_a_former_adjudicator_or_admin_is_not_independent(judge, other_judge, roles):
    former = UserFactory(roles=roles)
    batch = batch_of(judge, other_judge, candidates=1, judges_required=3)
    former = people.change(user=former, by=None, roles=[Role.JUDGE])
    batches.add_judges(batch=batch, usernames=[former.username], by=batch.created_by)
    say(former, queue.lease(judge=former, batch=batch), 0, "yes")
    assert not is_independent(former, batch)


def test_a_former_adjudicator_is_independent_on_later_candidates(judge):
    former = UserFactory(roles=[Role.ADJUDICATOR])
    batch_of(judge, candidates=1)
    former = people.change(user=former, by=None, roles=[Role.JUDGE])
    batch = batch_of(former, candidates=1)
    say(former, queue.lease(judge=former, batch=batch), 0, "yes")
    assert is_independent(former, batch)


def test_no_copy_of_a_user_forgets_the_former_role(judge):
    batch_of(judge, candidates=2)
    former = UserFactory(roles=[Role.ADMIN, Role.JUDGE])
    stale = User.objects.get(pk=former.pk)
    User.objects.filter(pk=former.pk).update(roles=[Role.JUDGE])
    stale.roles = [Role.JUDGE]
    stale.save()
    newest = Candidate.objects.order_by("pk").last().pk
    assert User.objects.get(pk=former.pk).unblinded_upto == newest


def test_a_judge_who_never_had_another_role_is_independent(judge):
    batch = batch_of(judge, candidates=1)
    people.change(user=judge, by=None, email="jo@example.org")
    say(judge, queue.lease(judge=judge), 0, "yes")
    assert is_independent(judge, batch)


@pytest.fixture
def asked(judge, other_judge, admin):
    """Return a batch whose judges differ and were asked to look again."""
    batch = batch_of(judge, other_judge, candidates=1)
    for person, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(person, queue.lease(judge=person), verdict)
    candidate = Candidate.objects.get().pk
    adjudication.request_second_looks(batch=batch, candidate=candidate, by=admin)
    return batch


def test_a_correction_after_the_request_of_a_second_look_is_not_independent(
    asked, judge
):
    say(judge, queue.pages_of(judge).get(), 0, "no")
    judgment = Judgment.objects.get(judge=judge)
    assert (judgment.verdict, judgment.blind_verdict) == ("no", "yes")


def test_a_second_look_counts_in_every_batch(asked, judge):
    key = Candidate.objects.get().entity.key
    batch = another_batch(key, judge)
    say(judge, queue.lease(judge=judge, batch=batch), 0, "yes")
    assert not is_independent(judge, batch)


def test_an_erasure_forgets_who_saw_votes(asked, admin):
    assert Unblinding.objects.count() == 2
    erasure.erase_entity(key=Candidate.objects.get().entity.key, by=admin)
    assert not Unblinding.objects.exists()
