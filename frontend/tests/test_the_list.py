"""An admin sees the list in figures, and a batch beside it; a worker counts."""

from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.urls import reverse

from annotations import batches, tasks
from annotations.entities import figures
from annotations.tests.factories import EntityFactory
from annotations.tests.released import judged_batch, released

pytestmark = pytest.mark.django_db
ADDRESS = "/list/"


@pytest.fixture(autouse=True)
def _own_cache(settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def asked(monkeypatch):
    """The counts that a worker was asked for."""
    handed = []
    told = SimpleNamespace(delay=lambda **group: handed.append(group))
    monkeypatch.setattr(tasks, "count_list", told)
    return handed


@pytest.fixture
def desk(client, admin, asked):
    """A client of the admin."""
    client.force_login(admin)
    return client


@pytest.fixture
def batch(admin):
    actor = EntityFactory(
        gender="female", professions=["actor"], birth_date="1979", frequency=1000
    )
    EntityFactory(professions=["<b>"], countries=["Chad"], birth_date="1951")
    return batches.create(by=admin, name="Actors", entities=[actor.key])


def test_a_worker_is_asked_once_and_the_page_waits(desk, asked):
    for _ in range(2):
        text = desk.get(ADDRESS).text
        assert "A worker is counting." in text
        assert 'hx-trigger="every 2s"' in text
    assert asked == [{}]
    assert reverse("the-list") in desk.get(reverse("entities")).text


def test_an_empty_list_says_what_would_appear(desk):
    figures.compute()
    text = desk.get(ADDRESS).text
    assert "There are no entities yet." in text
    assert "hx-trigger" not in text


def test_values_are_shown_with_their_shares(desk, batch):
    figures.compute()
    page = desk.get(ADDRESS)
    professions, countries, gender, frequency = page.context["properties"]
    assert [(bar.value, bar.count, bar.share) for bar in professions.bars] == [
        ("<b>", 1, 0.5),
        ("actor", 1, 0.5),
    ]
    assert "&lt;b&gt;" in page.text
    assert (countries.known, gender.known) == (1, 1)
    assert [bar.value for bar in frequency.bars] == ["1,000 to 9,999"]
    decades = [(decade, share) for decade, share, _ in page.context["births"]]
    assert decades == [("1950", 50.0), ("1960", 0.0), ("1970", 50.0)]
    assert "In the batch" not in page.text


def test_a_batch_stands_beside_the_list(desk, batch, asked):
    figures.compute()
    beside = {"beside": f"batch-{batch.pk}"}
    assert "A worker is counting." in desk.get(ADDRESS, beside).text
    assert asked == [{"batch": batch.pk}]
    figures.compute(figures.group_of_batch(batch.pk))
    page = desk.get(ADDRESS, beside)
    bars = page.context["properties"][0].bars
    assert [(bar.value, bar.beside) for bar in bars] == [("<b>", 0.0), ("actor", 1.0)]
    assert "In the batch" in page.text
    assert desk.get(ADDRESS, {"beside": "batch-4711"}).status_code == 404
    assert desk.get(ADDRESS, {"beside": "release-4711"}).status_code == 404
    assert desk.get(ADDRESS, {"beside": "x"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_release_stands_beside_the_list(client, admin):
    """Those whom nobody confirmed are not in it."""
    made = released(judged_batch({"m.a": "yes no", "m.b": "no no"}))
    client.force_login(admin)
    tasks.count_list()
    tasks.count_list(release=made.pk)
    page = client.get(ADDRESS, {"beside": f"release-{made.pk}"})
    assert page.context["whole"].entities > page.context["beside"].entities
    assert page.context["beside"].entities == made.counts["confirmed_entities"]
    assert "For the release: the entities with a confirmed picture" in page.text
    assert f'value="release-{made.pk}" selected' in page.text


def test_only_the_most_frequent_values_are_shown(desk):
    EntityFactory(professions=[f"p{n}" for n in range(30)])
    figures.compute()
    page = desk.get(ADDRESS)
    assert len(page.context["properties"][0].bars) == 12
    assert "18 other values are not shown." in page.text


def test_it_is_counted_anew_when_asked(desk, batch, asked):
    figures.compute()
    answer = desk.post(reverse("count-anew"), {"beside": f"batch-{batch.pk}"})
    assert answer.url == f"{ADDRESS}?beside=batch-{batch.pk}"
    assert desk.post(reverse("count-anew"), {"beside": "//x"}).url == ADDRESS
    assert "A worker is counting." in desk.get(ADDRESS).text


def test_more_entities_cost_no_more_queries(desk, batch, django_assert_num_queries):
    figures.compute()
    desk.get(ADDRESS)
    with django_assert_num_queries(4):  # session, person, batches, releases
        desk.get(ADDRESS)
    EntityFactory.create_batch(20)
    with django_assert_num_queries(4):
        desk.get(ADDRESS)


def test_nobody_but_admins_sees_it(client, stranger, adjudicator, asked):
    assert client.get(ADDRESS).url.startswith(reverse("sign-in"))
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert client.get(ADDRESS).status_code == 404
        assert client.post(reverse("count-anew")).status_code == 404
    assert asked == []
