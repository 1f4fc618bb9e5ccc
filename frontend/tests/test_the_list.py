"""The list of entities in figures, compared with a batch or a release."""

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
def _local_cache(settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def count_requests(monkeypatch):
    """Return the arguments of the requested counts. No worker counts."""
    arguments = []
    task = SimpleNamespace(delay=lambda **group: arguments.append(group))
    monkeypatch.setattr(tasks, "count_list", task)
    return arguments


@pytest.fixture
def admin_client(admin_client, count_requests):
    """Return the client of an admin whose requests start no count."""
    return admin_client


@pytest.fixture
def batch(admin):
    actor = EntityFactory(
        gender="female", professions=["actor"], birth_date="1979", frequency=1000
    )
    EntityFactory(professions=["<b>"], countries=["Chad"], birth_date="1951")
    return batches.create(by=admin, name="Actors", entities=[actor.key])


def test_a_count_is_requested_once_and_the_page_waits(admin_client, count_requests):
    for _ in range(2):
        text = admin_client.get(ADDRESS).text
        assert "A worker is counting." in text
        assert 'hx-trigger="every 2s"' in text
    assert count_requests == [{}]
    assert reverse("the-list") in admin_client.get(reverse("entities")).text


def test_an_empty_list_has_a_message(admin_client):
    figures.compute()
    text = admin_client.get(ADDRESS).text
    assert "There are no entities yet." in text
    assert "hx-trigger" not in text


def test_values_are_shown_with_their_shares(admin_client, batch):
    figures.compute()
    page = admin_client.get(ADDRESS)
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


def test_a_batch_is_compared_with_the_list(admin_client, batch, count_requests):
    figures.compute()
    query = {"beside": f"batch-{batch.pk}"}
    assert "A worker is counting." in admin_client.get(ADDRESS, query).text
    assert count_requests == [{"batch": batch.pk}]
    figures.compute(figures.group_of_batch(batch.pk))
    page = admin_client.get(ADDRESS, query)
    bars = page.context["properties"][0].bars
    assert [(bar.value, bar.beside) for bar in bars] == [("<b>", 0.0), ("actor", 1.0)]
    assert "In the batch" in page.text
    assert admin_client.get(ADDRESS, {"beside": "batch-4711"}).status_code == 404
    assert admin_client.get(ADDRESS, {"beside": "release-4711"}).status_code == 404
    assert admin_client.get(ADDRESS, {"beside": "x"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_release_is_compared_with_the_list(client, admin):
    """A release does not contain entities without a confirmed picture."""
    release = released(judged_batch({"m.a": "yes no", "m.b": "no no"}))
    client.force_login(admin)
    tasks.count_list()
    tasks.count_list(release=release.pk)
    page = client.get(ADDRESS, {"beside": f"release-{release.pk}"})
    assert page.context["whole"].entities > page.context["beside"].entities
    assert page.context["beside"].entities == release.counts["confirmed_entities"]
    assert "For the release: the entities with a confirmed picture" in page.text
    assert f'value="release-{release.pk}" selected' in page.text


def test_only_the_most_frequent_values_are_shown(admin_client):
    EntityFactory(professions=[f"p{n}" for n in range(30)])
    figures.compute()
    page = admin_client.get(ADDRESS)
    assert len(page.context["properties"][0].bars) == 12
    assert "18 other values are not shown." in page.text


def test_an_admin_can_request_a_recount(admin_client, batch, count_requests):
    figures.compute()
    response = admin_client.post(
        reverse("recount-list"), {"beside": f"batch-{batch.pk}"}
    )
    assert response.url == f"{ADDRESS}?beside=batch-{batch.pk}"
    assert admin_client.post(reverse("recount-list"), {"beside": "//x"}).url == ADDRESS
    assert "A worker is counting." in admin_client.get(ADDRESS).text


def test_queries_do_not_grow_with_entities(
    admin_client, batch, django_assert_num_queries
):
    figures.compute()
    admin_client.get(ADDRESS)
    with django_assert_num_queries(4):  # session, user, batches, releases
        admin_client.get(ADDRESS)
    EntityFactory.create_batch(20)
    with django_assert_num_queries(4):
        admin_client.get(ADDRESS)


def test_only_admins_can_open_the_list(client, stranger, adjudicator, count_requests):
    assert client.get(ADDRESS).url.startswith(reverse("sign-in"))
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert client.get(ADDRESS).status_code == 404
        assert client.post(reverse("recount-list")).status_code == 404
    assert count_requests == []
