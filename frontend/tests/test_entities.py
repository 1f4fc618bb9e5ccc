"""An admin finds an entity, sees all that is said of it, and chooses its picture."""

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


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def names_found(desk, **query):
    found = desk.get(reverse("entities"), query).context["found"]
    return [entity.name for entity in found.entities]


def page_of(desk, entity, **query):
    return desk.get(reverse("entity", args=[entity.key]), query)


def test_entities_are_found_by_the_beginning_of_key_or_name(desk):
    for key, name in (
        ("m.1a", "Ada Lovelace"),
        ("m.1b", "ada_b%"),
        ("m.2", "Bea"),
        ("n.3", "M.1 motorway"),
    ):
        EntityFactory(key=key, name=name)
    assert names_found(desk, q="ADA") == ["Ada Lovelace", "ada_b%"]
    assert names_found(desk, q="ada_") == ["ada_b%"]
    assert names_found(desk, q="/m/1") == ["Ada Lovelace", "ada_b%"]
    assert names_found(desk, q="m.1") == ["Ada Lovelace", "ada_b%", "M.1 motorway"]
    assert names_found(desk, q="lovelace") == []
    text = desk.get(reverse("entities"), {"q": "<x>"}).text
    assert "No key or name begins with “&lt;x&gt;”" in text


@pytest.mark.parametrize("text", ["", "person"])
def test_every_entity_is_reached_once_page_by_page(desk, text, monkeypatch):
    monkeypatch.setattr("frontend.views.entities.ENTITIES_SHOWN", 7)
    made = {EntityFactory(name=f"Person {n % 4}").pk for n in range(20)}
    seen, after = [], None
    while True:
        query = {"q": text} | ({"after": after} if after else {})
        found = desk.get(reverse("entities"), query).context["found"]
        seen += [entity.pk for entity in found.entities]
        after = found.following
        if after is None:
            break
    assert sorted(seen) == sorted(made)


def test_an_empty_list_says_what_to_do(desk):
    assert "There are no entities yet" in desk.get(reverse("entities")).text
    fragment = desk.get(reverse("entities"), headers=HTMX).text
    assert "<html" not in fragment


def test_an_entity_shows_what_is_known_of_it(desk):
    entity = EntityFactory(
        key="m.1",
        name="Ada",
        description="Wrote the first program",
        professions=["mathematician", "writer"],
        url="javascript:alert(1)",
        frequency=1234567,
    )
    Alias.objects.create(entity=entity, name="Augusta", language="en")
    text = page_of(desk, entity).text
    for shown in (
        "Wrote the first program",
        "mathematician, writer",
        "Augusta",
        "1,234,567",
    ):
        assert shown in text
    assert "javascript:" not in text
    assert "There are no candidates yet" in text


def test_candidates_come_by_rank_page_by_page(desk, monkeypatch):
    monkeypatch.setattr("frontend.views.entities.CANDIDATES_SHOWN", 3)
    entity = EntityFactory()
    ranks = [4, None, 1, 1, None, 2, 9]
    for rank in ranks:
        CandidateFactory(entity=entity, rank=rank)
    CandidateFactory(entity=entity, rank=0, erased=True)
    seen, after = [], None
    while True:
        context = page_of(desk, entity, **({"after": after} if after else {})).context
        seen += [line.candidate.rank for line in context["lines"]]
        after = context["following"]
        if after is None:
            break
    assert seen == [1, 1, 2, 4, 9, None, None]


def test_verdicts_truth_and_basis_are_shown_batch_by_batch(
    desk, judge, other_judge, admin
):
    batch = opened_batch(judge, other_judge, count=2)
    entity = batch.batchentity_set.get().entity
    pages = {p: queue.lease(judge=p, batch=batch) for p in (judge, other_judge)}
    for person, page in pages.items():
        for n in range(2):
            said = "yes" if person == judge or page.candidates[n] % 2 else "no"
            assert say(person, page, n, said) == "recorded"
    disputed = next(c for c in pages[judge].candidates if not c % 2)
    text = page_of(desk, entity).text
    assert "2 yes" in text
    assert "(unanimous)" in text
    assert "1 yes, 1 no" in text
    Ruling.objects.create(
        batch=batch, candidate_id=disputed, verdict="no", note="A brother", by=admin
    )
    text = page_of(desk, entity).text
    assert "(ruling)" in text
    assert "A brother" in text


def test_the_history_of_a_candidate_tells_everything(desk, judge, admin):
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
    fragment = desk.get(address, headers=HTMX).text
    assert "<html" not in fragment
    for told in (
        "marked no by click",
        "changed yes to no",
        "Look at the ears",
        "reported: shows a minor",
        "a child",
        "jo</th>",
        "ada</th>",
    ):
        assert told in fragment
    assert "Candidate" in desk.get(address).text


def test_a_representative_is_chosen_by_one_button(desk):
    entity = EntityFactory()
    first, second = (CandidateFactory(entity=entity, rank=n) for n in range(2))
    assert "Not chosen" in page_of(desk, entity).text
    address = reverse("choose-representative", args=[entity.key])
    response = desk.post(address, {"digest": str(second.image.sha256)}, follow=True)
    assert "This picture is now the representative." in response.text
    assert response.context["representative"] == second
    assert response.context["is_chosen"]
    response = desk.post(address, {"digest": ""}, follow=True)
    assert response.context["representative"] == first
    assert not response.context["is_chosen"]


def test_a_picture_of_somebody_else_cannot_represent(desk):
    entity, other = EntityFactory(), CandidateFactory()
    address = reverse("choose-representative", args=[entity.key])
    sent = {"digest": str(other.image.sha256)}
    assert (
        "no readable picture with this digest"
        in desk.post(address, sent, follow=True).text
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


def test_nobody_but_admins_knows_of_entities(client, judge, adjudicator):
    batch = opened_batch(judge)
    entity = batch.batchentity_set.get().entity
    candidate = entity.candidates.first()
    pages = [
        reverse("entities"),
        reverse("entity", args=[entity.key]),
        reverse("candidate", args=[entity.key, candidate.pk]),
        reverse("erase-entity", args=[entity.key]),
    ]
    acts = [pages[-1], reverse("choose-representative", args=[entity.key])]
    for address in pages:
        assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (judge, adjudicator):
        client.force_login(person)
        assert {client.get(address).status_code for address in pages} == {404}
        sent = {"key": entity.key, "digest": str(candidate.image.sha256)}
        assert {client.post(address, sent).status_code for address in acts} == {404}
    entity.refresh_from_db()
    assert entity.key is not None
    assert entity.representative is None


def test_unknown_ones_are_not_found(desk):
    one, other = CandidateFactory(), CandidateFactory()
    for address in (
        reverse("entity", args=["m.none"]),
        reverse("entity", args=["a b"]),
        reverse("candidate", args=[one.entity.key, other.pk]),
        reverse("candidate", args=[one.entity.key, 4711]),
    ):
        assert desk.get(address).status_code == 404


def test_more_candidates_and_verdicts_cost_no_more_queries(
    desk, judge, django_assert_max_num_queries
):
    def judged(count):
        batch = opened_batch(judge, count=count)
        page = queue.lease(judge=judge, batch=batch)
        for n in range(count):
            say(judge, page, n, "yes")
        return batch.batchentity_set.get().entity

    few, many = judged(1), judged(12)
    page_of(desk, few)
    with django_assert_max_num_queries(20) as first:
        page_of(desk, few)
    with django_assert_max_num_queries(len(first)):
        page_of(desk, many)
    with django_assert_max_num_queries(5):
        desk.get(reverse("entities"))
