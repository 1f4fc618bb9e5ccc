"""The composition of a choice, before the batch is created."""

import pytest

from annotations import batches
from annotations.batches import composition
from annotations.models import Batch, Entity

from .factories import CandidateFactory, EntityFactory


def counts_of(composition, name):
    """Return the counts of a property's most frequent values."""
    [values] = [p.top for p in composition.properties if p.name == name]
    return {share.value: share.count for share in values}


@pytest.fixture
def hundred(db):
    """A hundred entities with the frequencies 100, 99, … 1; every fourth is a poet."""
    entities = [
        Entity(
            key=f"m.h{n}",
            frequency=100 - n,
            gender="female" if n % 2 else "",
            professions=["poet", "actor"] if n % 4 == 0 else [],
            countries=["KE"],
        )
        for n in range(100)
    ]
    return Entity.objects.bulk_create(entities)


def test_the_composition_of_all_entities(hundred):
    EntityFactory()  # without any property
    CandidateFactory.create_batch(3, entity=hundred[0])
    CandidateFactory(entity=hundred[1], waiting=True)
    result = batches.preview(filter={})
    assert (result.entities, result.looked_at, result.candidates) == (101, 101, 3)
    assert not any((result.is_sampled, result.is_estimated, result.is_guessed))
    assert result.bottom_share == pytest.approx(0.9)
    assert (result.threshold, result.without_frequency) == (91, 1)
    assert counts_of(result, "profession") == {"poet": 25, "actor": 25}
    assert counts_of(result, "country") == {"KE": 100}
    assert counts_of(result, "gender") == {"female": 50}
    assert [p.without for p in result.properties] == [51, 76, 1]
    assert not Batch.objects.exists()


def test_the_composition_of_a_list_names_its_problems(hundred):
    text = "m.h0\nm.none\na b\nm.h0\nm.h95"
    result = batches.preview(entities=batches.KeyList.read(text.splitlines()))
    assert (result.entities, result.bottom_share) == (2, 0.5)
    assert result.unknown.first == ["Line 2: there is no entity m.none."]
    assert (result.malformed.count, result.doubles.count) == (1, 1)


def test_the_composition_of_a_sample_is_that_of_the_batch(hundred, admin):
    sample = {"size": 20, "seed": 8}
    conditions = {"rank_from": 51}
    result = batches.preview(sample=sample, filter=conditions)
    batch = batches.create(by=admin, name="b", sample=sample, filter=conditions)
    professions = batch.batchentity_set.values_list("entity__professions", flat=True)
    assert result.entities == 20
    assert result.bottom_share == 1
    assert counts_of(result, "profession").get("poet", 0) == sum(map(bool, professions))


def test_an_empty_choice_has_a_composition(hundred):
    result = batches.preview(filter={"professions": ["clown"]})
    assert (result.entities, result.candidates, result.bottom_share) == (0, 0, None)


def test_an_empty_table_has_a_composition(db):
    result = batches.preview(filter={})
    assert (result.entities, result.threshold, result.bottom_share) == (0, None, None)


@pytest.mark.parametrize(
    "choice",
    [
        {"filter": {}},
        {"filter": {"never_judged": True}},
        {"sample": {"size": 90, "seed": 1}},
        {"entities": [f"m.h{n}" for n in range(90)]},
    ],
)
def test_of_many_entities_a_random_sample_is_read(hundred, monkeypatch, choice):
    for entity in hundred:
        CandidateFactory(entity=entity)
    monkeypatch.setattr(composition, "LOOKED_AT", 40)
    monkeypatch.setattr(composition, "COUNTED", 10)
    result = batches.preview(**choice)
    assert result.is_sampled
    assert result.is_guessed
    assert 15 <= result.looked_at <= 65
    assert result.is_estimated == ("never_judged" in str(choice))
    assert result.entities == pytest.approx(100 if "filter" in choice else 90, abs=50)
    assert result.candidates == pytest.approx(result.entities, abs=5)
    assert result == batches.preview(**choice)
