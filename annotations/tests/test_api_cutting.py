"""Choosing entities and changing rules by the API."""

import pytest

from annotations import batches
from annotations.models import Batch

from .factories import CandidateFactory, EntityFactory
from .test_api_errors import assert_problem

URL = "/api/v1/batches/"
PREVIEW = f"{URL}preview/"


@pytest.fixture
def entities(db):
    made = [
        EntityFactory(frequency=f, professions=["poet"], gender="female")
        for f in (900, 50, 3)
    ]
    for entity in made:
        CandidateFactory.create_batch(2, entity=entity)
    return made


@pytest.fixture
def desk(api, admin):
    """Sends as the admin."""
    client = api(admin)

    def send(url, body, method="post"):
        return getattr(client, method)(url, body, format="json")

    return send


def test_a_filter_alone_takes_all_that_pass(desk, entities):
    wanted = {"rank_to": 2, "professions": ["poet"], "has_candidates": True}
    made = desk(URL, {"name": "b", "filter": wanted})
    assert made.status_code == 201
    shown = made.json()
    assert (shown["filter"], shown["sample"]) == (wanted, None)
    assert Batch.objects.get().batchentity_set.count() == 2


def test_no_condition_is_all(desk, entities):
    assert desk(URL, {"name": "b", "filter": {}}).json()["filter"] == {}
    assert Batch.objects.get().batchentity_set.count() == 3


def test_a_sample_may_be_drawn_within_a_filter(desk, entities):
    body = {"sample": {"size": 5, "seed": 1}, "filter": {"rank_from": 2}}
    shown = desk(URL, {"name": "b", **body}).json()
    assert shown["filter"] == {"rank_from": 2}
    assert Batch.objects.get().batchentity_set.count() == 2


def test_a_preview_tells_the_mix_and_makes_nothing(desk, entities):
    response = desk(PREVIEW, {"sample": {"size": 2}})
    assert response.status_code == 200
    mix = response.json()
    assert (mix["entities"], mix["candidates"]) == (2, 4)
    assert isinstance(mix["seed"], int)
    assert mix["properties"][1]["top"] == [{"value": "poet", "count": 2, "share": 1.0}]
    assert not Batch.objects.exists()
    body = {"name": "b", "sample": {"size": 2, "seed": mix["seed"]}, "page_size": 5}
    assert desk(PREVIEW, body).json() == mix
    assert desk(URL, body).json()["sample"]["seed"] == mix["seed"]


def test_a_preview_names_unknown_keys(desk, entities):
    mix = desk(PREVIEW, {"entities": [entities[0].key, "m.none", "a b"]}).json()
    assert mix["entities"] == 1
    assert mix["unknown"] == {
        "count": 1,
        "first": ["Entry 2: there is no entity m.none."],
    }
    assert mix["malformed"]["count"] == 1


@pytest.mark.parametrize("url", [URL, PREVIEW])
@pytest.mark.parametrize(
    ("choice", "blamed"),
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
def test_what_is_wrong_in_a_choice_is_named(desk, entities, url, choice, blamed):
    response = desk(url, {"name": "b", **choice})
    assert blamed in assert_problem(response, 400, "invalid")["errors"]


RULES = {
    "cap": 5,
    "cap_share": 0.5,
    "deadline": "2030-05-01T12:00:00Z",
    "shows_agreement": True,
    "priority": 3,
    "guidelines": "Be *kind*.",
}


def test_every_rule_is_given_shown_and_changed(desk, entities):
    body = {"name": "b", "filter": {}, **RULES}
    shown = desk(URL, body).json()
    assert RULES.items() <= shown.items()
    url = f"{URL}{shown['id']}/"
    nothing = {"cap": None, "cap_share": None, "deadline": None}
    changed = desk(url, nothing, "patch").json()
    assert nothing.items() <= changed.items()
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
def test_a_wrong_rule_is_named(desk, batch, entities, method, field, value):
    url = URL if method == "post" else f"{URL}{batch.pk}/"
    body = {field: value} | ({"name": "b", "filter": {}} if method == "post" else {})
    assert field in assert_problem(desk(url, body, method), 400, "invalid")["errors"]


def test_order_and_purpose_change_on_a_draft_only(desk, make_batch, batch):
    draft = make_batch([], is_open=False)
    body = {"order": "random", "purpose": "cleaning"}
    assert body.items() <= desk(f"{URL}{draft.pk}/", body, "patch").json().items()
    response = desk(f"{URL}{batch.pk}/", body, "patch")
    assert set(assert_problem(response, 400, "invalid")["errors"]) == set(body)
    same = {"order": batch.order}
    assert desk(f"{URL}{batch.pk}/", same, "patch").status_code == 200


def test_judges_see_the_deadline_and_no_caps(api, admin, judge, batch):
    batches.update(batch=batch, by=admin, cap=2, guidelines="New.")
    shown = api(judge).get(f"{URL}{batch.pk}/").json()
    assert (shown["deadline"], shown["guidelines_version"]) == (None, 2)
    assert not {"cap", "cap_share", "filter"} & set(shown)


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
    rest = api(admin).get(page["next"]).json()
    assert [r["version"] for r in rest["results"]] == [1]
    assert_problem(api(judge).get(url), 403, "not-allowed")
