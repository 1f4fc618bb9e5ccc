"""An entity's pictures with borders by truth."""

import pytest
from django.urls import reverse

from annotations import adjudication
from annotations.models import Candidate, Entity
from annotations.tests.factories import CandidateFactory, EntityFactory
from annotations.tests.released import judged_batch
from frontend.views import pictures as view

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def words_of(page):
    return [(each.verdict, each.word, each.basis) for each in page.context["framed"]]


def test_each_picture_has_the_border_of_its_truth(desk):
    judged_batch({"m.a": "yes no broken skip"})
    entity = Entity.objects.get()
    CandidateFactory(entity=entity, rank=9)
    page = desk.get(reverse("pictures", args=["m.a"]))
    assert words_of(page) == [
        ("yes", "confirmed", "unanimous"),
        ("no", "refused", "unanimous"),
        ("broken", "broken", "unanimous"),
        ("", "undecided", ""),
        ("", "in no batch", ""),
    ]
    for told in ("frame-of yes", "sign-no", "1 confirmed", "1 undecided"):
        assert told in page.text
    assert (
        reverse("pictures", args=["m.a"])
        in desk.get(reverse("entity", args=["m.a"])).text
    )


def test_a_ruling_counts_over_all_batches(desk, adjudicator):
    batch = judged_batch({"m.a": "yes yes"})
    number = Candidate.objects.order_by("rank").first().pk
    adjudication.rule(batch=batch, candidate=number, verdict="no", by=adjudicator)
    page = desk.get(reverse("pictures", args=["m.a"]))
    assert words_of(page)[0] == ("no", "refused", "ruling")


def test_an_entity_without_judgments_or_candidates_says_so(desk):
    entity = EntityFactory()
    address = reverse("pictures", args=[entity.key])
    assert "There are no candidates yet." in desk.get(address).text
    CandidateFactory(entity=entity)
    assert "These pictures are in no batch yet." in desk.get(address).text


def test_many_pictures_come_page_by_page(desk, monkeypatch):
    monkeypatch.setattr(view, "SHOWN", 2)
    entity = EntityFactory()
    made = [CandidateFactory(entity=entity, rank=n) for n in range(3)]
    address = reverse("pictures", args=[entity.key])
    first = desk.get(address)
    assert first.context["following"] == made[1].pk
    second = desk.get(address, {"after": made[1].pk})
    assert [each.candidate for each in second.context["framed"]] == [made[2]]


def test_more_pictures_cost_no_more_queries(desk, django_assert_num_queries):
    judged_batch({"m.a": "yes no"})
    judged_batch({"m.b": "yes no " * 6}, seed=50, name="other")
    desk.get(reverse("pictures", args=["m.a"]))
    with django_assert_num_queries(6):
        desk.get(reverse("pictures", args=["m.a"]))
    with django_assert_num_queries(6):
        desk.get(reverse("pictures", args=["m.b"]))


def test_nobody_but_admins_sees_them(client, stranger, adjudicator):
    address = reverse("pictures", args=[EntityFactory().key])
    assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert client.get(address).status_code == 404
    assert client.get(reverse("pictures", args=["m.nobody"])).status_code == 404
