"""Entities and pictures: in full for admins, without counts for their judges."""

import pytest

from annotations import images
from annotations.models import Alias, AuditEntry, Entity

from .factories import CandidateFactory, EntityFactory
from .pictures import drawn, stored
from .test_api_errors import assert_problem

URL = "/api/v1/entities/"
FOR_ADMINS = {"candidates", "frequency", "representative_sha256"}


@pytest.fixture
def entity(batch):
    return batch.batchentity_set.get().entity


def test_a_judge_lists_only_the_entities_of_their_batches(api, judge, stranger, entity):
    EntityFactory()
    lines = api(judge).get(URL).json()["results"]
    assert [line["key"] for line in lines] == [entity.key]
    assert api(stranger).get(URL).json() == {"next": None, "results": []}


def test_an_admin_lists_all_but_the_erased(api, admin, entity):
    other_entity = EntityFactory()
    Entity.objects.create(key=None, erased_at="2024-01-01T00:00Z")
    first_page = api(admin).get(f"{URL}?limit=1").json()
    second_page = api(admin).get(first_page["next"]).json()
    keys = [line["key"] for line in first_page["results"] + second_page["results"]]
    assert (keys, second_page["next"]) == ([entity.key, other_entity.key], None)


def test_an_admin_searches_by_the_start_of_key_or_name(api, admin, judge, entity):
    for n in range(3):
        EntityFactory(key=f"m.find{n}", name=f"Ada {n}")
    first_page = api(admin).get(f"{URL}?search=ADA&limit=2").json()
    second_page = api(admin).get(first_page["next"]).json()
    names = [line["name"] for line in first_page["results"] + second_page["results"]]
    assert (names, second_page["next"]) == (["Ada 0", "Ada 1", "Ada 2"], None)
    keyed = api(admin).get(f"{URL}?search=/m/find1").json()["results"]
    assert [line["key"] for line in keyed] == ["m.find1"]
    assert api(admin).get(f"{URL}?search=nobody").json()["results"] == []
    assert_problem(api(judge).get(f"{URL}?search=Ada"), 403, "not-allowed")


def test_counts_are_for_admins_only(api, admin, judge, entity):
    CandidateFactory(entity=entity, waiting=True)
    CandidateFactory(entity=entity, erased=True)
    full = api(admin).get(f"{URL}{entity.key}/").json()
    assert full["candidates"] == {
        "waiting": 1,
        "ready": 3,
        "unreadable": 0,
        "empty": 0,
    }
    details = api(judge).get(f"{URL}{entity.key}/").json()
    assert set(full) - set(details) == FOR_ADMINS
    assert not {name for name in details if isinstance(details[name], int | dict)} - {
        "representative_verified"
    }


def test_an_entity_of_other_batches_is_unknown(api, judge, stranger, entity):
    other_entity = EntityFactory()
    for client, key in ((api(judge), other_entity.key), (api(stranger), entity.key)):
        for address in ("", "representative/"):
            response = client.get(f"{URL}{key}/{address}")
            assert_problem(response, 404, "not-found")


def test_a_removed_judge_no_longer_sees_the_entities(api, judge, batch, entity):
    batch.batchjudge_set.filter(judge=judge).update(removed_at="2024-01-01T00:00Z")
    assert_problem(api(judge).get(f"{URL}{entity.key}/"), 404, "not-found")


@pytest.mark.parametrize("key", ["m.06y3r", "Zoë", "名前", "a&b=c;d", "..."])
def test_every_kind_of_key_works_in_an_address(api, admin, key):
    EntityFactory(key=key)
    [line] = api(admin).get(URL).json()["results"]
    assert line["key"] == key
    assert api(admin).get(f"{URL}{key}/").json()["key"] == key


def test_a_key_in_an_address_can_be_written_as_in_an_import_file(api, admin):
    CandidateFactory(entity__key="Zoë", image=stored(seed=3))
    client, url = api(admin), f"{URL}Zoe\u0308/"
    assert client.get(url).json()["key"] == "Zoë"
    changed = client.patch(url, {"name": "Zoë"}, format="json").json()
    assert (changed["key"], changed["name"]) == ("Zoë", "Zoë")
    assert client.get(f"{url}representative/").status_code == 200
    for no_key in ("..", "a\u200b"):
        for act in (client.get, client.patch, client.delete):
            assert_problem(act(f"{URL}{no_key}/"), 404, "not-found")


def test_sent_properties_change_and_others_stay(api, admin, entity):
    Alias.objects.create(entity=entity, name="Other", language="de")
    body = {"name": "New name", "professions": ["painter"], "frequency": 12}
    details = api(admin).patch(f"{URL}{entity.key}/", body, format="json").json()
    assert body.items() <= details.items()
    assert details["description"] == entity.description
    assert details["aliases"] == [{"name": "Other", "language": "de"}]
    assert AuditEntry.objects.filter(action="entity-changed", by=admin).exists()


@pytest.mark.parametrize(
    ("fields", "invalid_field"),
    [
        ({"key": "m.other"}, "key"),
        ({"erased_at": None}, "erased_at"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"frequency": -1}, "frequency"),
        ({"frequency": 2**63}, "frequency"),
        ({"professions": "painter"}, "professions"),
        ({"professions": [5]}, "professions.0"),
        ({"representative": "x"}, "representative"),
        ({"representative": "0" * 64}, "representative"),
    ],
)
def test_values_that_break_a_rule_are_named(api, admin, entity, fields, invalid_field):
    response = api(admin).patch(f"{URL}{entity.key}/", fields, format="json")
    assert list(assert_problem(response, 400, "invalid")["errors"]) == [invalid_field]


def test_the_first_ready_picture_represents_the_entity_until_one_is_chosen(
    api, admin, judge
):
    entity = EntityFactory()
    first, second = (
        CandidateFactory(entity=entity, rank=rank, image=stored(drawn(rank)))
        for rank in (1, 2)
    )
    client, url = api(admin), f"{URL}{entity.key}/"
    details = client.get(url).json()
    assert (details["representative_verified"], details["representative_sha256"]) == (
        False,
        None,
    )
    assert b"".join(client.get(details["representative"]).streaming_content) == drawn(1)
    body = {"representative": second.image.sha256}
    details = client.patch(url, body, format="json").json()
    assert details["representative_verified"] is True
    response = client.get(details["representative"])
    assert b"".join(response.streaming_content) == drawn(2)
    assert response["Content-Type"] == "image/png"
    details = client.patch(url, {"representative": None}, format="json").json()
    assert details["representative_verified"] is False


def test_a_picture_of_another_entity_cannot_be_the_representative(api, admin, entity):
    other_candidate = CandidateFactory()
    body = {"representative": other_candidate.image.sha256}
    response = api(admin).patch(f"{URL}{entity.key}/", body, format="json")
    assert_problem(response, 400, "invalid")


def test_an_entity_without_pictures_has_no_representative(api, admin):
    entity = EntityFactory()
    url = f"{URL}{entity.key}/"
    assert api(admin).get(url).json()["representative"] is None
    assert_problem(api(admin).get(f"{url}representative/"), 404, "not-found")


@pytest.mark.django_db(transaction=True)
def test_an_erased_entity_is_gone(api, admin):
    entity = CandidateFactory(image=stored(seed=5)).entity
    client, url = api(admin), f"{URL}{entity.key}/"
    assert client.delete(url).status_code == 204
    assert_problem(client.get(url), 404, "not-found")
    assert client.delete(url).status_code == 204
    assert_problem(client.delete(f"{URL}m.never/"), 404, "not-found")
    assert client.get(URL).json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_an_erased_picture_is_gone(api, admin):
    candidate = CandidateFactory(image=stored(seed=6))
    client, digest = api(admin), candidate.image.sha256
    assert client.delete(f"/api/v1/images/{digest}/").status_code == 204
    assert client.delete(f"/api/v1/images/{digest}/").status_code == 204
    empty_digest = CandidateFactory(image=stored(b""), state="empty").image.sha256
    for never in ("0" * 64, empty_digest):
        answer = client.delete(f"/api/v1/images/{never}/")
        assert_problem(answer, 404, "not-found")
    response = client.get(f"/api/v1/candidates/?entity={candidate.entity.key}")
    assert response.json()["results"] == []
    assert_problem(
        client.get(f"/api/v1/candidates/{candidate.pk}/image/"), 404, "not-found"
    )


def test_more_entities_cost_no_more_queries(api, admin, django_assert_num_queries):
    client = api(admin)
    EntityFactory()
    with django_assert_num_queries(2):
        client.get(URL)
    EntityFactory.create_batch(20)
    with django_assert_num_queries(2):
        assert len(client.get(URL).json()["results"]) == 21


def test_the_etag_of_the_representative_differs_between_users(api, admin, judge, batch):
    entity = EntityFactory(key="m.seen")
    CandidateFactory(entity=entity, image=stored(seed=8))
    batch.batchentity_set.create(entity=entity)
    answers = [api(p).get(f"{URL}m.seen/representative/") for p in (admin, judge)]
    assert len({answer["ETag"] for answer in answers}) == 2
    assert images.representative_of(entity)[0]
