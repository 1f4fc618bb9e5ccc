"""The list in figures: computed by a worker and cached for a day."""

import pytest
from django.core.cache import cache

from annotations import batches, erasure
from annotations.entities import figures
from annotations.models import Entity
from annotations.tasks import count_list

from .factories import EntityFactory


@pytest.fixture(autouse=True)
def _empty_cache(settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def people(db):
    return [
        EntityFactory(
            gender="female",
            professions=["actor", "singer", "actor"],
            countries=["France"],
            birth_date="1979-05-01",
            frequency=1000,
        ),
        EntityFactory(gender="male", professions=["actor"], birth_date="1971"),
        EntityFactory(gender="female", birth_date="unknown", frequency=999),
        EntityFactory(frequency=0),
    ]


def test_nothing_is_known_before_a_worker_has_counted(people):
    assert figures.cached() is None
    count_list()
    assert figures.cached() is not None


def test_entities_without_a_property_are_left_out_of_its_figures(people):
    result = figures.compute()
    assert result.entities == 4
    assert result.gender == figures.Figure(3, {"female": 2, "male": 1})
    assert result.professions == figures.Figure(2, {"actor": 2, "singer": 1})
    assert result.countries == figures.Figure(1, {"France": 1})
    assert result.births == figures.Figure(2, {"1970": 2})
    assert result.frequency == figures.Figure(2, {"3": 1, "4": 1})
    assert result.gender.share("female") == 2 / 3
    assert result.gender.share("other") == 0.0
    assert figures.cached() == result


def test_a_batch_has_figures_of_its_own(people, admin):
    keys = [people[1].key, people[3].key]
    batch = batches.create(by=admin, name="b", entities=keys)
    count_list(batch=batch.pk)
    result = figures.cached(figures.batch_name(batch.pk))
    assert (result.entities, result.gender.counts) == (2, {"male": 1})
    assert figures.cached() is None


def test_an_empty_list_has_figures_too(db):
    result = figures.compute()
    assert (result.entities, result.gender) == (0, figures.Figure(0, {}))
    assert result.gender.share("x") == 0.0


def test_only_one_worker_is_asked(db):
    assert figures.claim()
    assert not figures.claim()
    assert figures.claim("batch-7")
    figures.compute()
    assert figures.claim()


@pytest.mark.django_db(transaction=True)
def test_figures_leave_out_an_erased_entity(admin):
    person = EntityFactory(professions=["lighthouse keeper"])
    EntityFactory(professions=["actor"])
    figures.compute()
    erasure.erase_entity(key=person.key, by=admin)
    assert figures.cached() is None
    result = figures.compute()
    assert (result.entities, result.professions.counts) == (1, {"actor": 1})
    assert Entity.objects.count() == 2
