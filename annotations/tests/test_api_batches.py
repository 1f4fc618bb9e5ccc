"""Batches: created, opened, changed and closed by admins, and shown to their judges."""

import pytest

from annotations import queue
from annotations.models import Batch, BatchState

from .factories import CandidateFactory, EntityFactory, UserFactory
from .scored import scorer_named
from .test_api_errors import assert_problem

URL = "/api/v1/batches/"


@pytest.fixture
def entities(db):
    return [
        CandidateFactory(entity=EntityFactory(frequency=9)).entity for _ in range(3)
    ]


def test_a_batch_goes_from_draft_to_open_to_closed_and_back(
    api, admin, judge, entities
):
    client = api(admin)
    body = {"name": "first", "entities": [entity.key for entity in entities]}
    response = client.post(URL, body, format="json")
    assert response.status_code == 201
    batch = response.json()
    assert {
        "state": "draft",
        "judges_required": 2,
        "judges_maximum": 2,
        "page_size": 30,
        "order": "uncertain",
        "purpose": "measurement",
        "judges": [],
    }.items() <= batch.items()
    url = f"{URL}{batch['id']}/"
    response = client.post(
        f"{url}judges/", {"usernames": [judge.username]}, format="json"
    )
    assert response.json()["judges"] == [judge.username]
    assert client.post(f"{url}open/").json()["state"] == "open"
    assert client.get(f"{url}progress/").json()["candidates"] == 3
    assert client.post(f"{url}open/").json()["state"] == "open"
    assert client.post(f"{url}close/").json()["state"] == "closed"
    assert client.post(f"{url}open/").json()["state"] == "open"


def test_a_sample_is_drawn_by_its_seed(api, admin, entities):
    body = {"name": "drawn", "sample": {"size": 2, "seed": 7}}
    response = api(admin).post(URL, body, format="json")
    assert response.status_code == 201
    assert response.json()["sample"] == {
        "size": 2,
        "seed": 7,
        "exponent": pytest.approx(1, 1),
    }


@pytest.mark.parametrize(
    ("fields", "invalid_field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"entities": []}, "entities"),
        ({"entities": ["m.nobody"]}, "entities"),
        ({"entities": "m.1"}, "entities"),
        ({"sample": {"size": 2}}, "entities"),
        ({"judges_required": 0}, "judges_required"),
        ({"judges_required": 8}, "judges_required"),
        ({"judges_required": "2"}, "judges_required"),
        ({"judges_required": True}, "judges_required"),
        ({"judges_required": 3, "judges_maximum": 2}, "judges_maximum"),
        ({"judges_maximum": 8}, "judges_maximum"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 201}, "page_size"),
        ({"order": "best"}, "order"),
        ({"purpose": "fun"}, "purpose"),
        ({"guidelines": 5}, "guidelines"),
        ({"scorer": "oracle"}, "scorer"),
        ({"scorer": None}, "scorer"),
        ({"control_share": 0}, "control_share"),
        ({"control_share": 1.1}, "control_share"),
        ({"control_share": "half"}, "control_share"),
        ({"purpose": "cleaning", "clear_beyond": 0.5}, "clear_beyond"),
        ({"purpose": "cleaning", "clear_beyond": 1}, "clear_beyond"),
        ({"clear_beyond": 0.99}, "clear_beyond"),
        ({"audit_size": 0}, "audit_size"),
        ({"audit_size": 100_001}, "audit_size"),
        ({"state": "open"}, "state"),
        ({"traps": True}, "traps"),
    ],
)
def test_values_that_break_a_rule_are_named(
    api, admin, entities, fields, invalid_field
):
    body = {"name": "x", "entities": [entities[0].key]} | fields
    response = api(admin).post(URL, body, format="json")
    assert invalid_field in assert_problem(response, 400, "invalid")["errors"]


@pytest.mark.parametrize(
    ("sample", "invalid_field"),
    [
        ({}, "sample.size"),
        ({"size": 0}, "sample.size"),
        ({"size": 2, "seed": -1}, "sample.seed"),
        ({"size": 2, "exponent": "1"}, "sample.exponent"),
        ({"size": 2, "colour": "red"}, "sample.colour"),
        ([], "sample"),
    ],
)
def test_wrong_values_of_a_sample_are_named(api, admin, sample, invalid_field):
    response = api(admin).post(URL, {"name": "x", "sample": sample}, format="json")
    assert invalid_field in assert_problem(response, 400, "invalid")["errors"]


def test_rules_change_while_it_runs_and_a_null_maximum_follows(api, admin, batch):
    url, client = f"{URL}{batch.pk}/", api(admin)
    response = client.patch(url, {"judges_maximum": 5}, format="json")
    assert response.json()["judges_maximum"] == 5
    body = {"judges_required": 3, "judges_maximum": None, "name": "renamed"}
    details = client.patch(url, body, format="json").json()
    assert (details["name"], details["judges_maximum"]) == ("renamed", 3)
    response = client.patch(url, {"judges_maximum": 1}, format="json")
    assert_problem(response, 400, "invalid")
    response = client.patch(url, {"order": "rank"}, format="json")
    assert_problem(response, 400, "invalid")


def test_later_candidates_are_added_only_by_refresh(api, admin, batch):
    client, url = api(admin), f"{URL}{batch.pk}/"
    entity = batch.batchentity_set.get().entity
    CandidateFactory.create_batch(2, entity=entity)
    assert client.get(f"{url}progress/").json()["candidates"] in (0, 3)
    assert client.post(f"{url}refresh/").json() == {"added": 2}
    assert client.get(f"{url}progress/").json()["candidates"] == 5
    assert client.post(f"{url}refresh/").json() == {"added": 0}


def test_a_draft_cannot_be_closed(api, admin, make_batch):
    batch = make_batch([], is_open=False)
    assert_problem(api(admin).post(f"{URL}{batch.pk}/close/"), 409, "conflict")


def test_only_active_judges_can_be_added(api, admin, adjudicator, batch):
    deactivated = UserFactory(is_active=False)
    names = ["nobody", adjudicator.username, deactivated.username]
    url = f"{URL}{batch.pk}/judges/"
    response = api(admin).post(url, {"usernames": names}, format="json")
    problem = assert_problem(response, 400, "invalid")
    assert len(problem["errors"]["usernames"]) == 3


def test_a_removed_judge_no_longer_sees_the_batch(api, admin, judge, batch):
    client, judge_client = api(admin), api(judge)
    assert judge_client.get(f"{URL}{batch.pk}/").status_code == 200
    url = f"{URL}{batch.pk}/judges/{judge.username}/"
    assert client.delete(url).status_code == 204
    assert_problem(client.delete(url), 404, "not-found")
    assert_problem(judge_client.get(f"{URL}{batch.pk}/"), 404, "not-found")
    assert judge_client.get(URL).json()["results"] == []


def test_judges_see_their_batches_without_the_admins_fields(
    api, admin, judge, other_judge, make_batch
):
    judged_batch, _ = make_batch([judge]), make_batch([other_judge])
    [line] = api(judge).get(URL).json()["results"]
    assert line["id"] == judged_batch.pk
    assert not {"judges", "sample", "seed", "priority"} & set(line)
    assert line == api(judge).get(f"{URL}{judged_batch.pk}/").json()
    assert len(api(admin).get(URL).json()["results"]) == 2


def test_a_judges_progress_contains_only_their_own_figures(
    api, judge, other_judge, batch
):
    progress = api(judge).get(f"{URL}{batch.pk}/progress/").json()
    assert set(progress) == {"judges", "counted_at"}
    assert [line["username"] for line in progress["judges"]] == [judge.username]


def test_an_admins_progress_names_every_judge(api, admin, judge, other_judge, batch):
    queue.sum_counters()
    progress = api(admin).get(f"{URL}{batch.pk}/progress/").json()
    assert (progress["candidates"], progress["judged"], progress["open"]) == (3, 0, 0)
    assert {n["username"] for n in progress["judges"]} == {
        judge.username,
        other_judge.username,
    }
    assert progress["counted_at"]


def test_more_batches_cost_no_more_queries(
    api, admin, judge, other_judge, make_batch, django_assert_num_queries
):
    client = api(admin)
    make_batch([judge, other_judge])
    with django_assert_num_queries(4):
        client.get(URL)
    for _ in range(4):
        make_batch([judge, other_judge])
    with django_assert_num_queries(4):
        assert len(client.get(URL).json()["results"]) == 5


def test_an_unknown_batch_is_not_found(api, admin):
    for act in ("", "progress/"):
        assert_problem(api(admin).get(f"{URL}12345/{act}"), 404, "not-found")
    for act in ("open/", "close/", "refresh/"):
        assert_problem(api(admin).post(f"{URL}12345/{act}"), 404, "not-found")


def test_state_is_not_assigned_by_a_change(api, admin, batch):
    response = api(admin).patch(
        f"{URL}{batch.pk}/", {"state": "closed", "created_by": 1}, format="json"
    )
    problem = assert_problem(response, 400, "invalid")
    assert set(problem["errors"]) == {"state", "created_by"}
    batch.refresh_from_db()
    assert batch.state == BatchState.OPEN


def test_batches_are_listed_by_state(api, admin, make_batch, judge):
    opened, draft = make_batch([judge]), make_batch([judge], is_open=False)
    for state, expected in (("open", [opened.pk]), ("draft", [draft.pk])):
        lines = api(admin).get(f"/api/v1/batches/?state={state}").json()["results"]
        assert [line["id"] for line in lines] == expected
    problem = api(admin).get("/api/v1/batches/?state=gone")
    assert_problem(problem, 400, "invalid")


def test_only_admins_see_the_rules_for_scorers(api, admin, judge, entities):
    scorer_named("pixels")
    client = api(admin)
    rules = {"scorer": "pixels", "control_share": 0.1}
    rules |= {"purpose": "cleaning", "clear_beyond": 0.98, "audit_size": 400}
    body = {"name": "models", "entities": [entity.key for entity in entities]}
    batch = client.post(URL, body | rules, format="json").json()
    assert rules.items() <= batch.items()
    assert batch["clearance"] == {
        "failed_at": None,
        "cleared": 0,
        "in_audit": 0,
        "audited": 0,
        "errors_found": 0,
        "error_interval": None,
        "judgments_saved": 0,
    }
    url = f"{URL}{batch['id']}/"
    client.post(f"{url}judges/", {"usernames": [judge.username]}, format="json")
    client.post(f"{url}open/")
    details = api(judge).get(url).json()
    assert not {*rules, "clearance"} & (set(details) - {"purpose"})
    Batch.objects.update(
        cleared_total=500, audit_total=400, audited_total=100, audit_errors=0
    )
    clearance = client.get(url).json()["clearance"]
    assert clearance["judgments_saved"] == 200
    assert clearance["error_interval"] == [0, pytest.approx(0.0362, abs=1e-4)]
    response = client.patch(url, {"control_share": None}, format="json")
    assert set(assert_problem(response, 400, "invalid")["errors"]) == {"control_share"}
    changed = client.patch(url, {"clear_beyond": None}, format="json").json()
    assert (changed["clear_beyond"], changed["clearance"]) == (None, None)


def test_a_measurement_batch_cannot_have_clearance(api, admin, batch):
    response = api(admin).patch(
        f"{URL}{batch.pk}/", {"clear_beyond": 0.99}, format="json"
    )
    problem = assert_problem(response, 400, "invalid")
    assert "cleaning" in problem["errors"]["clear_beyond"][0]
