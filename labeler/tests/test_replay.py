"""After a restore, everything erased since the backup is erased again."""

import pytest

from annotations.intake.tombstones import Kind, is_erased, key_hmac
from annotations.models import Entity, Image, Tombstone
from annotations.tests.factories import CandidateFactory, EntityFactory
from deploy.replay_erasures import replay

pytestmark = pytest.mark.django_db


def line(kind: Kind, value: str) -> str:
    return f"{kind}\t{key_hmac(kind, value).hex()}\n"


@pytest.fixture
def restored():
    """Return three people of an old backup, each with a picture."""
    people = [EntityFactory(key=f"m.person{n}") for n in range(3)]
    return [CandidateFactory(entity=person) for person in people]


def test_entities_and_pictures_with_a_tombstone_are_erased_and_the_others_stay(
    restored,
):
    first, second, third = restored
    lines = [line("entity", "m.person0"), line("image", second.image.sha256)]
    assert replay(lines) == 2
    assert set(Entity.objects.values_list("key", flat=True)) == {None, "m.person1", "m.person2"}  # fmt: skip
    assert list(Image.objects.all()) == [third.image]


def test_a_tombstone_of_an_entity_newer_than_the_backup_is_kept(restored):
    replay([line("entity", "m.newcomer")])
    assert is_erased("entity", "m.newcomer")


def test_replaying_twice_changes_nothing(restored):
    lines = [line("entity", "m.person0")]
    replay(lines)
    stones = Tombstone.objects.count()
    assert replay(lines) == 0
    assert Tombstone.objects.count() == stones
