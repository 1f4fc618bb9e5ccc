"""The mix of a choice, before a batch is made of it."""

import pytest

from annotations import batches
from annotations.batches import composition
from annotations.models import Batch, Entity

from .factories import CandidateFactory, EntityFactory


def shares(found, name):
    [wanted] = [each for each in found.properties if each.name == name]
    return {share.value: share.count for share in wanted.top}


@pytest.fixture
def hundred(db):
    """A hundred entities by frequency: 100, 99, … 1; every fourth is a poet."""
    made = [
        Entity(
            key=f"m.h{n}",
            frequency=100 - n,
            gender="female" if n % 2 else "",
            professions=["poet", "actor"] if n % 4 == 0 else [],
            countries=["KE"],
        )
        for n in range(100)
    ]
    return Entity.objects.bulk_create(made)


def test_the_mix_of_all(hundred):
    EntityFactory()  # nothing is known of this one
    CandidateFactory.create_batch(3, entity=hundred[0])
    CandidateFactory(entity=hundred[1], waiting=True)
    found = batches.preview(filter={})
    assert (found.entities, found.looked_at, found.candidates) == (101, 101, 3)
    assert not any((found.is_sampled, found.is_estimated, found.is_guessed))
    assert found.bottom_share == pytest.approx(0.9)
    assert (found.threshold, found.without_frequency) == (91, 1)
    assert shares(found, "profession") == {"poet": 25, "actor": 25}
    assert shares(found, "country") == {"KE": 100}
    assert shares(found, "gender") == {"female": 50}
    assert [each.without for each in found.properties] == [51, 76, 1]
    assert not Batch.objects.exists()


def test_the_mix_of_a_list_names_what_is_wrong_with_it(hundred):
    text = "m.h0\nm.none\na b\nm.h0\nm.h95"
    found = batches.preview(entities=batches.KeyList.read(text.splitlines()))
    assert (found.entities, found.bottom_share) == (2, 0.5)
    assert found.unknown.first == ["Line 2: there is no entity m.none."]
    assert (found.malformed.count, found.doubles.count) == (1, 1)


def test_the_mix_of_a_sample_is_that_of_the_batch(hundred, admin):
    sample = {"size": 20, "seed": 8}
    wanted = {"rank_from": 51}
    found = batches.preview(sample=sample, filter=wanted)
    batch = batches.create(by=admin, name="b", sample=sample, filter=wanted)
    chosen = batch.batchentity_set.values_list("entity__professions", flat=True)
    assert found.entities == 20
    assert found.bottom_share == 1
    assert shares(found, "profession").get("poet", 0) == sum(map(bool, chosen))


def test_nobody_is_a_mix_too(hundred):
    found = batches.preview(filter={"professions": ["clown"]})
    assert (found.entities, found.candidates, found.bottom_share) == (0, 0, None)


def test_an_empty_list_of_entities_has_a_mix(db):
    found = batches.preview(filter={})
    assert (found.entities, found.threshold, found.bottom_share) == (0, None, None)


@pytest.mark.parametrize(
    "choice",
    [
        {"filter": {}},
        {"filter": {"never_judged": True}},
        {"sample": {"size": 90, "seed": 1}},
        {"entities": [f"m.h{n}" for n in range(90)]},
    ],
)
def test_of_very_many_a_random_sample_is_looked_at_and_said_so(
    hundred, monkeypatch, choice
):
    for entity in hundred:
        CandidateFactory(entity=entity)
    monkeypatch.setattr(composition, "LOOKED_AT", 40)
    monkeypatch.setattr(composition, "COUNTED", 10)
    found = batches.preview(**choice)
    assert found.is_sampled
    assert found.is_guessed
    assert 15 <= found.looked_at <= 65
    assert found.is_estimated == ("never_judged" in str(choice))
    assert found.entities == pytest.approx(100 if "filter" in choice else 90, abs=50)
    assert found.candidates == pytest.approx(found.entities, abs=5)
    assert found == batches.preview(**choice)
