"""Open batches for the tests of pages."""

from uuid import uuid4

from django.utils import timezone

from annotations import batches, judgments
from annotations.consensus import Verdict
from annotations.models import Judgment
from annotations.tests.factories import CandidateFactory, EntityFactory, UserFactory
from annotations.tests.pictures import drawn, stored


def opened_batch(*judges, count=4, entities=1, by=None, unreadable=0, **rules):
    """Open a batch of entities with `count` pictures each for these judges.

    The last `unreadable` pictures of each entity are broken files.
    """
    admin = by or UserFactory(roles=["admin"])
    batch_entities = [EntityFactory(name=f"Person {n}") for n in range(entities)]
    for number, entity in enumerate(batch_entities):
        for rank in range(count):
            add_picture(entity, number * 1000 + rank, rank >= count - unreadable)
    rules.setdefault("judges_required", max(1, len(judges)))
    keys = [entity.key for entity in batch_entities]
    batch = batches.create(by=admin, name="First batch", entities=keys, **rules)
    batches.add_judges(batch=batch, usernames=[j.username for j in judges], by=admin)
    return batches.open_batch(batch=batch, by=admin)


def add_picture(entity, seed, is_unreadable=False, **fields):
    """Add a candidate to the entity, with its bytes in the store."""
    if is_unreadable:
        data = b"no picture %d" % seed
        fields["state"] = "unreadable"
    else:
        data = drawn(seed, side=64)
    return CandidateFactory(entity=entity, image=stored(data), rank=seed, **fields)


def verdicts_of(judge, batch):
    """Return the sorted verdicts of this judge."""
    return sorted(
        Judgment.objects.filter(judge=judge, batch=batch).values_list(
            "verdict", flat=True
        )
    )


def mark(judge, tile, verdict, reason="") -> None:
    """Record a verdict on a tile, as the API does."""
    assignment = int(tile.partition(".")[0])
    new_mark = judgments.Mark(
        uuid4(), assignment, tile, Verdict(verdict), timezone.now(), 1.0, "key", reason
    )
    (outcome,) = judgments.record(judge=judge, marks=[new_mark])
    assert outcome.status == "recorded"
