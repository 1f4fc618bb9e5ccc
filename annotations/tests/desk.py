"""The work of a judge in tests: create a batch, mark and submit pages."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from annotations import batches, judgments, queue
from annotations.consensus import Verdict
from annotations.judgments import Mark
from annotations.models import Assignment, Role

from .factories import CandidateFactory, EntityFactory, UserFactory


def batch_of(*judges, entities=1, candidates=3, **rules):
    """Create an open batch of new entities with ready candidates, for these judges."""
    admin = UserFactory(roles=[Role.ADMIN])
    new_entities = EntityFactory.create_batch(entities)
    for entity in new_entities:
        CandidateFactory.create_batch(candidates, entity=entity)
    rules = {"judges_required": 2, "order": "rank", **rules}
    batch = batches.create(
        by=admin, name="Batch", entities=[e.key for e in new_entities], **rules
    )
    batches.add_judges(batch=batch, usernames=[j.username for j in judges], by=admin)
    return batches.open_batch(batch=batch, by=admin)


def mark_of(page, position, verdict, *, mark_id=None, seconds=1.0, **fields):
    """Return a mark as a client sends it."""
    return Mark(
        id=mark_id or uuid4(),
        assignment=page.pk,
        tile=page.tile_id(position),
        verdict=Verdict(verdict) if verdict else None,
        decided_at=timezone.now(),
        seconds=seconds,
        how="key",
        **fields,
    )


def say(judge, page, position, verdict, **fields):
    """Record one mark. Return its status, or the reason if it is refused."""
    mark = mark_of(page, position, verdict, **fields)
    [outcome] = judgments.record(judge=judge, marks=[mark])
    return outcome.reason or outcome.status


def say_all(judge, page, verdict="yes"):
    """Give every tile the same verdict and submit the page."""
    marks = [mark_of(page, n, verdict) for n in range(len(page.candidates))]
    outcomes = judgments.record(judge=judge, marks=marks)
    assert {o.status for o in outcomes} == {"recorded"}, outcomes
    return queue.submit(assignment_id=page.pk, judge=judge)


def refusal_of(judge, **arguments):
    """Return why there is no page for this judge."""
    try:
        page = queue.lease(judge=judge, **arguments)
    except queue.NothingToLease as nothing:
        return nothing.reason
    raise AssertionError(f"{judge} got {page}")


def let_expire(page):
    """Move the end of a page's lease into the past."""
    past = timezone.now() - timedelta(seconds=1)
    Assignment.objects.filter(pk=page.pk).update(expires_at=past)
