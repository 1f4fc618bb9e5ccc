"""The choice of a batch's entities, the preview, and changes of its rules."""

import pytest

from annotations import batches
from annotations.models import Batch

from .factories import CandidateFactory, EntityFactory
from .test_api_errors import assert_problem

URL = "/api/v1/batches/"
PREVIEW = f"{URL}preview/"


@pytest.fixture
def entities(db):
    new_entities = [
        EntityFactory(frequency=f, professions=["poet"], gender="female")
        for f in (900, 50, 3)
    ]
    for entity in new_entities:
        CandidateFactory.create_batch(2, entity=entity)
    return new_entities


@pytest.fixture
def send(api, admin):
    """A function that sends a request as the admin."""
    client = api(admin)

    def send_json(url, body, method="post"):
        return getattr(client, method)(url, body, format="json")

    return send_json


def test_a_filter_alone_chooses_all_matching_entities(send, entities):
    conditions = {"rank_to": 2, "professions": ["poet"], "has_candidates": True}
    response = send(URL, {"name": "b", "filter": conditions})
    assert response.status_code == 201
    details = response.json()
    assert (details["filter"], details["sample"]) == (conditions, None)
    assert Batch.objects.get().batchentity_set.count() == 2


def test_an_empty_filter_chooses_all_entities(send, entities):
    assert send(URL, {"name": "b", "filter": {}}).json()["filter"] == {}
    assert Batch.objects.get().batchentity_set.count() == 3


def test_a_sample_can_be_drawn_from_a_filter(send, entities):
    body = {"sample": {"size": 5, "seed": 1}, "filter": {"rank_from": 2}}
    details = send(URL, {"name": "b", **body}).json()
    assert details["filter"] == {"rank_from": 2}
    assert Batch.objects.get().batchentity_set.count() == 2


def test_a_preview_shows_the_mix_and_creates_nothing(send, entities):
    response = send(PREVIEW, {"sample": {"size": 2}})
    assert response.status_code == 200
    mix = response.json()
    assert (mix["entities"], mix["candidates"]) == (2, 4)
    assert isinstance(mix["seed"], int)
    assert mix["properties"][1]["top"] == [{"value": "poet", "count": 2, "share": 1.0}]
    assert not Batch.objects.exists()
    body = {"name": "b", "sample": {"size": 2, "seed": mix["seed"]}, "page_size": 5}
    assert send(PREVIEW, body).json() == mix
    assert send(URL, body).json()["sample"]["seed"] == mix["seed"]


def test_a_preview_names_unknown_keys(send, entities):
    mix = send(PREVIEW, {"entities": [entities[0].key, "m.none", "a b"]}).json()
    assert mix["entities"] == 1
    assert mix["unknown"] == {
        "count": 1,
        "first": ["Entry 2: there is no entity m.none."],
    }
    assert mix["malformed"]["count"] == 1


@pytest.mark.parametrize("url", [URL, PREVIEW])
@pytest.mark.parametrize(
    ("choice", "invalid_field"),
    [
        ({}, "entities"),
        ({"entities": ["m.1"], "filter": {}}, "entities"),
        ({"filter": None}, "filter"),
        ({"filter": []}, "filter"),
        ({"filter": {"height": 1}}, "filter.height"),
        ({"filter": {"rank_from": 0}}, "filter.rank_from"),
        ({"filter": {"rank_from": "1"}}, "filter.rank_from"),
        ({"filter": {"rank_from": 3, "rank_to": 2}}, "filter.rank_to"),
        ({"filter": {"professions": "poet"}}, "filter.professions"),
        ({"filter": {"professions": [1]}}, "filter.professions.0"),
        ({"filter": {"born_to": 10_000}}, "filter.born_to"),
        ({"filter": {"never_judged": 1}}, "filter.never_judged"),
        ({"sample": {"size": 1}, "filter": {"x": 1}}, "filter.x"),
    ],
)
def test_wrong_values_of_a_choice_are_named(send, entities, url, choice, invalid_field):
    response = send(url, {"name": "b", **choice})
    assert invalid_field in assert_problem(response, 400, "invalid")["errors"]


RULES = {
    "cap": 5,
    "cap_share": 0.5,
    "deadline": "2030-05-01T12:00:00Z",
    "shows_agreement": True,
    "priority": 3,
    "guidelines": "Be *kind*.",
}


def test_every_rule_can_be_set_shown_and_changed(send, entities):
    body = {"name": "b", "filter": {}, **RULES}
    details = send(URL, body).json()
    assert RULES.items() <= details.items()
    url = f"{URL}{details['id']}/"
    no_limits = {"cap": None, "cap_share": None, "deadline": None}
    changed = send(url, no_limits, "patch").json()
    assert no_limits.items() <= changed.items()
    assert changed["shows_agreement"] is True


@pytest.mark.parametrize("method", ["post", "patch"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cap", 0),
        ("cap", "5"),
        ("cap", 2**31),
        ("cap_share", 0),
        ("cap_share", 1.01),
        ("cap_share", "0.5"),
        ("deadline", "soon"),
        ("deadline", 5),
        ("shows_agreement", 1),
        ("guidelines_version", 4),
        ("order", "best"),
    ],
)
def test_a_wrong_rule_is_named(send, batch, entities, method, field, value):
    url = URL if method == "post" else f"{URL}{batch.pk}/"
    body = {field: value} | ({"name": "b", "filter": {}} if method == "post" else {})
    assert field in assert_problem(send(url, body, method), 400, "invalid")["errors"]


def test_order_and_purpose_change_on_a_draft_only(send, make_batch, batch):
    draft = make_batch([], is_open=False)
    body = {"order": "random", "purpose": "cleaning"}
    assert body.items() <= send(f"{URL}{draft.pk}/", body, "patch").json().items()
    response = send(f"{URL}{batch.pk}/", body, "patch")
    assert set(assert_problem(response, 400, "invalid")["errors"]) == set(body)
    unchanged = {"order": batch.order}
    assert send(f"{URL}{batch.pk}/", unchanged, "patch").status_code == 200


def test_judges_see_the_deadline_and_no_caps(api, admin, judge, batch):
    batches.update(batch=batch, by=admin, cap=2, guidelines="New.")
    details = api(judge).get(f"{URL}{batch.pk}/").json()
    assert (details["deadline"], details["guidelines_version"]) == (None, 2)
    assert not {"cap", "cap_share", "filter"} & set(details)


def test_former_guidelines_are_listed_newest_first(api, admin, judge, batch):
    for text in ("one", "two", "three"):
        batches.update(batch=batch, by=admin, guidelines=text)
    url = f"{URL}{batch.pk}/guidelines/"
    page = api(admin).get(f"{url}?limit=2").json()
    assert [(r["version"], r["text"]) for r in page["results"]] == [
        (3, "two"),
        (2, "one"),
    ]
    assert page["results"][0]["replaced_by"] == admin.username
    second_page = api(admin).get(page["next"]).json()
    assert [r["version"] for r in second_page["results"]] == [1]
    assert_problem(api(judge).get(url), 403, "not-allowed")
