"""An admin finds an entity, reads its history and chooses its picture."""

from uuid import uuid4

import pytest
from django.urls import reverse

from annotations import judgments, queue
from annotations.consensus import Verdict
from annotations.judgments import Mark
from annotations.models import Alias, Comment, Entity, Ruling
from annotations.tests.desk import say
from annotations.tests.factories import CandidateFactory, EntityFactory

from .scenes import opened_batch

HTMX = {"HX-Request": "true"}


def matching_names(admin_client, **query):
    results = admin_client.get(reverse("entities"), query).context["found"]
    return [entity.name for entity in results.entities]


def page_of(admin_client, entity, **query):
    return admin_client.get(reverse("entity", args=[entity.key]), query)


def test_entities_are_found_by_the_start_of_a_key_or_name(admin_client):
    for key, name in (
        ("m.1a", "Ada Lovelace"),
        ("m.1b", "ada_b%"),
        ("m.2", "Bea"),
        ("n.3", "M.1 motorway"),
    ):
        EntityFactory(key=key, name=name)
    assert matching_names(admin_client, q="ADA") == ["Ada Lovelace", "ada_b%"]
    assert matching_names(admin_client, q="ada_") == ["ada_b%"]
    assert matching_names(admin_client, q="/m/1") == ["Ada Lovelace", "ada_b%"]
    assert matching_names(admin_client, q="m.1") == [
        "Ada Lovelace",
        "ada_b%",
        "M.1 motorway",
    ]
    assert matching_names(admin_client, q="lovelace") == []
    text = admin_client.get(reverse("entities"), {"q": "<x>"}).text
    assert "No key or name begins with “&lt;x&gt;”" in text


@pytest.mark.parametrize("text", ["", "person"])
def test_every_entity_is_listed_once_page_by_page(admin_client, text, monkeypatch):
    monkeypatch.setattr("frontend.views.entities.ENTITIES_SHOWN", 7)
    expected_ids = {EntityFactory(name=f"Person {n % 4}").pk for n in range(20)}
    listed_ids, after = [], None
    while True:
        query = {"q": text} | ({"after": after} if after else {})
        results = admin_client.get(reverse("entities"), query).context["found"]
        listed_ids += [entity.pk for entity in results.entities]
        after = results.following
        if after is None:
            break
    assert sorted(listed_ids) == sorted(expected_ids)


def test_an_empty_list_explains_what_to_do(admin_client):
    assert "There are no entities yet" in admin_client.get(reverse("entities")).text
    fragment = admin_client.get(reverse("entities"), headers=HTMX).text
    assert "<html" not in fragment


def test_an_entity_shows_its_details(admin_client):
    entity = EntityFactory(
        key="m.1",
        name="Ada",
        description="Wrote the first program",
        professions=["mathematician", "writer"],
        url="javascript:alert(1)",
        frequency=1234567,
    )
    Alias.objects.create(entity=entity, name="Augusta", language="en")
    text = page_of(admin_client, entity).text
    for detail in (
        "Wrote the first program",
        "mathematician, writer",
        "Augusta",
        "1,234,567",
    ):
        assert detail in text
    assert "javascript:" not in text
    assert "There are no candidates yet" in text


def test_candidates_are_listed_by_rank_page_by_page(admin_client, monkeypatch):
    monkeypatch.setattr("frontend.views.entities.CANDIDATES_SHOWN", 3)
    entity = EntityFactory()
    ranks = [4, None, 1, 1, None, 2, 9]
    for rank in ranks:
        CandidateFactory(entity=entity, rank=rank)
    CandidateFactory(entity=entity, rank=0, erased=True)
    listed_ranks, after = [], None
    while True:
        context = page_of(
            admin_client, entity, **({"after": after} if after else {})
        ).context
        listed_ranks += [line.candidate.rank for line in context["lines"]]
        after = context["following"]
        if after is None:
            break
    assert listed_ranks == [1, 1, 2, 4, 9, None, None]


def test_verdicts_truth_and_basis_are_shown_for_each_batch(
    admin_client, judge, other_judge, admin
):
    batch = opened_batch(judge, other_judge, count=2)
    entity = batch.batchentity_set.get().entity
    pages = {p: queue.lease(judge=p, batch=batch) for p in (judge, other_judge)}
    for person, page in pages.items():
        for n in range(2):
            verdict = "yes" if person == judge or page.candidates[n] % 2 else "no"
            assert say(person, page, n, verdict) == "recorded"
    disputed = next(c for c in pages[judge].candidates if not c % 2)
    text = page_of(admin_client, entity).text
    assert "2 yes" in text
    assert "(unanimous)" in text
    assert "1 yes, 1 no" in text
    Ruling.objects.create(
        batch=batch, candidate_id=disputed, verdict="no", note="A brother", by=admin
    )
    text = page_of(admin_client, entity).text
    assert "(ruling)" in text
    assert "A brother" in text


def test_the_history_of_a_candidate_is_complete(admin_client, judge, admin):
    batch = opened_batch(judge, count=1)
    page = queue.lease(judge=judge, batch=batch)
    [candidate] = page.candidates
    say(judge, page, 0, "yes")
    mark = Mark(
        uuid4(), page.pk, page.tile_id(0), Verdict.NO, page.leased_at, 1.0, "click", "h"
    )
    judgments.record(judge=judge, marks=[mark])
    Comment.objects.create(
        batch=batch, candidate_id=candidate, by=admin, text="Look at the ears"
    )
    entity = batch.batchentity_set.get().entity
    queue.report(
        candidate=entity.candidates.get(), by=judge, reason="minor", comment="a child"
    )
    address = reverse("candidate", args=[entity.key, candidate])
    fragment = admin_client.get(address, headers=HTMX).text
    assert "<html" not in fragment
    for sentence in (
        "marked no by click",
        "changed yes to no",
        "Look at the ears",
        "reported: shows a minor",
        "a child",
        "jo</th>",
        "ada</th>",
    ):
        assert sentence in fragment
    assert "Candidate" in admin_client.get(address).text


def test_one_button_chooses_the_representative(admin_client):
    entity = EntityFactory()
    first, second = (CandidateFactory(entity=entity, rank=n) for n in range(2))
    assert "Not chosen" in page_of(admin_client, entity).text
    address = reverse("choose-representative", args=[entity.key])
    response = admin_client.post(
        address, {"digest": str(second.image.sha256)}, follow=True
    )
    assert "This picture is now the representative." in response.text
    assert response.context["representative"] == second
    assert response.context["is_chosen"]
    response = admin_client.post(address, {"digest": ""}, follow=True)
    assert response.context["representative"] == first
    assert not response.context["is_chosen"]


def test_a_picture_of_another_entity_cannot_be_the_representative(admin_client):
    entity, other_candidate = EntityFactory(), CandidateFactory()
    address = reverse("choose-representative", args=[entity.key])
    data = {"digest": str(other_candidate.image.sha256)}
    assert (
        "no readable picture with this digest"
        in admin_client.post(address, data, follow=True).text
    )
    entity.refresh_from_db()
    assert entity.representative is None


@pytest.mark.django_db(transaction=True)
def test_an_entity_is_erased_only_when_its_key_is_typed(client, admin):
    client.force_login(admin)
    entity = EntityFactory(key="m.gone")
    address = reverse("erase-entity", args=["m.gone"])
    assert "You cannot undo this." in client.get(address).text
    assert "This is not the key." in client.post(address, {"key": "m.1"}).text
    assert Entity.objects.get(pk=entity.pk).key == "m.gone"
    response = client.post(address, {"key": "m.gone"}, follow=True)
    assert "The entity is erased." in response.text
    assert Entity.objects.get(pk=entity.pk).key is None
    assert client.get(reverse("entity", args=["m.gone"])).status_code == 404


def test_only_admins_can_open_entities(client, judge, adjudicator):
    batch = opened_batch(judge)
    entity = batch.batchentity_set.get().entity
    candidate = entity.candidates.first()
    pages = [
        reverse("entities"),
        reverse("entity", args=[entity.key]),
        reverse("candidate", args=[entity.key, candidate.pk]),
        reverse("erase-entity", args=[entity.key]),
    ]
    actions = [pages[-1], reverse("choose-representative", args=[entity.key])]
    for address in pages:
        assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (judge, adjudicator):
        client.force_login(person)
        assert {client.get(address).status_code for address in pages} == {404}
        data = {"key": entity.key, "digest": str(candidate.image.sha256)}
        assert {client.post(address, data).status_code for address in actions} == {404}
    entity.refresh_from_db()
    assert entity.key is not None
    assert entity.representative is None


def test_unknown_entities_and_candidates_are_not_found(admin_client):
    candidate, other_candidate = CandidateFactory(), CandidateFactory()
    for address in (
        reverse("entity", args=["m.none"]),
        reverse("entity", args=["a b"]),
        reverse("candidate", args=[candidate.entity.key, other_candidate.pk]),
        reverse("candidate", args=[candidate.entity.key, 4711]),
    ):
        assert admin_client.get(address).status_code == 404


def test_queries_do_not_grow_with_candidates_and_verdicts(
    admin_client, judge, django_assert_max_num_queries
):
    def judged_entity(count):
        batch = opened_batch(judge, count=count)
        page = queue.lease(judge=judge, batch=batch)
        for n in range(count):
            say(judge, page, n, "yes")
        return batch.batchentity_set.get().entity

    small_entity, large_entity = judged_entity(1), judged_entity(12)
    page_of(admin_client, small_entity)
    with django_assert_max_num_queries(20) as queries:
        page_of(admin_client, small_entity)
    with django_assert_max_num_queries(len(queries)):
        page_of(admin_client, large_entity)
    with django_assert_max_num_queries(5):
        admin_client.get(reverse("entities"))
