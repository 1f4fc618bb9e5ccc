"""The pictures of an entity, with a border that shows the truth."""

import pytest
from django.urls import reverse

from annotations import adjudication
from annotations.models import Candidate, Entity
from annotations.tests.factories import CandidateFactory, EntityFactory
from annotations.tests.released import judged_batch
from frontend.views import pictures as view

pytestmark = pytest.mark.django_db


def borders_of(page):
    return [
        (picture.verdict, picture.word, picture.basis)
        for picture in page.context["framed"]
    ]


def test_each_picture_has_the_border_of_its_truth(admin_client):
    judged_batch({"m.a": "yes no broken skip"})
    entity = Entity.objects.get()
    CandidateFactory(entity=entity, rank=9)
    page = admin_client.get(reverse("pictures", args=["m.a"]))
    assert borders_of(page) == [
        ("yes", "confirmed", "unanimous"),
        ("no", "refused", "unanimous"),
        ("broken", "broken", "unanimous"),
        ("", "undecided", ""),
        ("", "in no batch", ""),
    ]
    for fragment in ("frame-of yes", "sign-no", "1 confirmed", "1 undecided"):
        assert fragment in page.text
    assert (
        reverse("pictures", args=["m.a"])
        in admin_client.get(reverse("entity", args=["m.a"])).text
    )


def test_a_ruling_decides_the_border_in_all_batches(admin_client, admin):
    batch = judged_batch({"m.a": "yes yes"})
    candidate_id = Candidate.objects.order_by("rank").first().pk
    adjudication.rule(batch=batch, candidate=candidate_id, verdict="no", by=admin)
    page = admin_client.get(reverse("pictures", args=["m.a"]))
    assert borders_of(page)[0] == ("no", "refused", "ruling")


def test_an_entity_without_judgments_or_candidates_has_a_message(admin_client):
    entity = EntityFactory()
    address = reverse("pictures", args=[entity.key])
    assert "There are no candidates yet." in admin_client.get(address).text
    CandidateFactory(entity=entity)
    assert "These pictures are in no batch yet." in admin_client.get(address).text


def test_many_pictures_are_shown_page_by_page(admin_client, monkeypatch):
    monkeypatch.setattr(view, "SHOWN", 2)
    entity = EntityFactory()
    candidates = [CandidateFactory(entity=entity, rank=n) for n in range(3)]
    address = reverse("pictures", args=[entity.key])
    first = admin_client.get(address)
    assert first.context["following"] == candidates[1].pk
    second = admin_client.get(address, {"after": candidates[1].pk})
    assert [picture.candidate for picture in second.context["framed"]] == [
        candidates[2]
    ]


def test_queries_do_not_grow_with_pictures(admin_client, django_assert_num_queries):
    judged_batch({"m.a": "yes no"})
    judged_batch({"m.b": "yes no " * 6}, seed=50, name="other")
    admin_client.get(reverse("pictures", args=["m.a"]))
    with django_assert_num_queries(6):
        admin_client.get(reverse("pictures", args=["m.a"]))
    with django_assert_num_queries(6):
        admin_client.get(reverse("pictures", args=["m.b"]))


def test_only_admins_can_open_the_pictures(client, stranger, adjudicator):
    address = reverse("pictures", args=[EntityFactory().key])
    assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert client.get(address).status_code == 404
    assert client.get(reverse("pictures", args=["m.nobody"])).status_code == 404
