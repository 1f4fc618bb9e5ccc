"""A judge's work in the API: lease, mark, submit, repeat."""

import uuid
from datetime import UTC, datetime

import pytest

from annotations import queue
from annotations.models import Candidate, CandidateState, Judgment

from .test_api_errors import assert_problem

LEASE = "/api/v1/assignments/lease/"
MARKS = "/api/v1/judgments/"


def mark(page, number=0, verdict="yes", **fields):
    tile = page["candidates"][number]["id"]
    return {
        "id": str(uuid.uuid4()),
        "assignment": page["assignment"]["id"],
        "candidate": tile,
        "verdict": verdict,
        "decided_at": datetime.now(UTC).isoformat(),
        "seconds": 1.5,
        "how": "key",
    } | fields


def put(client, *marks):
    return client.put(MARKS, {"judgments": list(marks)}, format="json")


def test_a_page_is_leased_marked_and_submitted(api, judge, batch):
    client = api(judge)
    page = client.post(LEASE).json()
    assert set(page) == {"assignment", "entity", "candidates", "done", "total"}
    assert page["assignment"]["batch"] == batch.pk
    assert (page["done"], page["total"]) == (0, 1)
    url = f"/api/v1/assignments/{page['assignment']['id']}/"
    results = put(client, mark(page, 0), mark(page, 1, "no")).json()["results"]
    assert [result["status"] for result in results] == ["recorded", "recorded"]
    problem = assert_problem(client.post(f"{url}submit/"), 409, "incomplete")
    assert problem["missing"] == [page["candidates"][2]["id"]]
    put(client, mark(page, 2, "broken"))
    assert client.post(f"{url}submit/").json() == {"finished": True}
    assert client.post(f"{url}submit/").json() == {"finished": True}
    empty = client.post(LEASE)
    assert (empty.status_code, empty.content) == (204, b"")
    assert empty["Labeler-Reason"] == "all-done"
    details = client.get(url).json()
    assert [tile["verdict"] for tile in details["candidates"]] == [
        "yes",
        "no",
        "broken",
    ]
    assert details["assignment"]["state"] == "submitted"


def test_a_tile_has_exactly_the_fields_of_the_contract(api, judge, batch):
    [tile, *_] = api(judge).post(LEASE).json()["candidates"]
    assert set(tile) == {
        *("id", "image", "thumbnail", "image_url", "page_url", "rank", "face_id"),
        *("face", "unreadable", "erased", "reported", "verdict", "reason"),
    }
    numbers = {str(pk) for pk in Candidate.objects.values_list("pk", flat=True)}
    assert not numbers & {tile["id"], *tile["image"].split("/")}
    assert tile["image"].endswith(f"/api/v1/candidates/{tile['id']}/image/")


def test_an_unreadable_tile_has_no_picture(api, judge, batch):
    Candidate.objects.update(state=CandidateState.UNREADABLE)
    tiles = api(judge).post(LEASE).json()["candidates"]
    assert tiles
    for tile in tiles:
        assert (tile["unreadable"], tile["image"], tile["thumbnail"]) == (
            True,
            None,
            None,
        )


def test_two_pages_are_held_and_a_third_is_refused(api, judge, make_batch):
    make_batch([judge], candidates=6, page_size=2, judges_required=1)
    client = api(judge)
    first = client.post(LEASE).json()["assignment"]["id"]
    assert client.post(LEASE).json()["assignment"]["id"] == first
    second = client.post(LEASE, {"after": first}, format="json").json()
    second_id = second["assignment"]["id"]
    assert second_id != first
    response = client.post(LEASE, {"after": second_id}, format="json")
    assert_problem(response, 409, "two-held")
    lines = client.get("/api/v1/assignments/").json()["results"]
    assert [line["id"] for line in lines] == [second_id, first]


def test_an_empty_lease_says_how_long_to_wait(api, judge, other_judge, make_batch):
    make_batch([judge, other_judge], judges_required=1)
    api(other_judge).post(LEASE)
    response = api(judge).post(LEASE)
    assert response.status_code == 204
    assert response["Labeler-Reason"] == "held-by-others"
    assert int(response["Retry-After"]) > 0


def test_a_judge_without_batches_gets_no_batch(api, stranger):
    assert api(stranger).post(LEASE)["Labeler-Reason"] == "no-batch"


def test_a_batch_of_other_judges_is_like_no_batch(api, stranger, batch):
    for number in (batch.pk, 987654):
        response = api(stranger).post(LEASE, {"batch": number}, format="json")
        assert response.status_code == 204
        assert response["Labeler-Reason"] == "no-batch"


def test_leasing_from_a_named_batch(api, judge, make_batch):
    make_batch([judge])
    second = make_batch([judge])
    client = api(judge)
    page = client.post(LEASE, {"batch": second.pk, "after": None}, format="json").json()
    assert page["assignment"]["batch"] == second.pk


@pytest.mark.parametrize(
    "body",
    [{"batch": "1"}, {"batch": -1}, {"after": 2**63}, {"page": 1}, {"after": 1.5}],
)
def test_a_malformed_lease_is_named(api, judge, body):
    response = api(judge).post(LEASE, body, format="json")
    problem = assert_problem(response, 400, "invalid")
    assert set(problem["errors"]) == set(body)


def test_a_page_can_be_renewed_until_it_is_released(api, judge, batch):
    client = api(judge)
    page = client.post(LEASE).json()["assignment"]
    url = f"/api/v1/assignments/{page['id']}/"
    assert client.post(f"{url}renew/").json()["expires_at"] > page["expires_at"]
    assert client.post(f"{url}release/").status_code == 204
    assert client.post(f"{url}release/").status_code == 204
    assert_problem(client.post(f"{url}renew/"), 409, "lease-lost")


def test_pages_of_others_are_unknown(api, judge, other_judge, batch):
    page = api(judge).post(LEASE).json()
    url = f"/api/v1/assignments/{page['assignment']['id']}/"
    other_client = api(other_judge)
    assert_problem(other_client.get(url), 404, "not-found")
    for act in ("renew", "release", "submit"):
        assert_problem(other_client.post(f"{url}{act}/"), 404, "not-found")
    [result] = put(other_client, mark(page)).json()["results"]
    assert (result["status"], result["reason"]) == ("refused", "not-yours")
    assert not Judgment.objects.exists()


def test_a_retry_changes_nothing_and_a_refusal_undoes_nothing(api, judge, batch):
    client = api(judge)
    page = client.post(LEASE).json()
    first = mark(page)
    stray = mark(page, candidate="7.7")
    assert [r["status"] for r in put(client, first, stray).json()["results"]] == [
        "recorded",
        "refused",
    ]
    [replayed, reused] = put(client, first, first | {"verdict": "no"}).json()["results"]
    assert replayed == {"id": first["id"], "status": "replayed"}
    assert (reused["status"], reused["reason"]) == ("refused", "id-reused")
    assert Judgment.objects.get().verdict == "yes"


@pytest.mark.parametrize(
    ("fields", "invalid_field"),
    [
        ({"id": "no"}, "id"),
        ({"id": 5}, "id"),
        ({"id": "{" + "0" * 32 + "}"}, "id"),
        ({"assignment": "1"}, "assignment"),
        ({"assignment": 2**63}, "assignment"),
        ({"assignment": True}, "assignment"),
        ({"candidate": 5}, "candidate"),
        ({"candidate": ""}, "candidate"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": []}, "verdict"),
        ({"decided_at": "yesterday"}, "decided_at"),
        ({"decided_at": "2024-02-30T00:00:00Z"}, "decided_at"),
        ({"decided_at": "0001-01-01T00:00:00+14:00"}, "decided_at"),
        ({"decided_at": 5}, "decided_at"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": "1"}, "seconds"),
        ({"seconds": 10**400}, "seconds"),
        ({"how": "guess"}, "how"),
        ({"how": None}, "how"),
        ({"reason": 5}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"blind": True}, "blind"),
    ],
)
def test_a_malformed_mark_is_named_by_its_index(
    api, judge, batch, fields, invalid_field
):
    client = api(judge)
    page = client.post(LEASE).json()
    response = put(client, mark(page, 0), mark(page, 1) | fields)
    problem = assert_problem(response, 400, "invalid")
    assert list(problem["errors"]) == [f"judgments.1.{invalid_field}"]
    assert not Judgment.objects.exists()


def test_every_missing_field_is_named_and_reason_is_optional(api, judge):
    response = put(api(judge), {})
    problem = assert_problem(response, 400, "invalid")
    names = ("id", "assignment", "candidate", "verdict", "decided_at", "seconds", "how")
    if "judgments.0.verdict" not in problem["errors"]:
        pytest.fail("a mark without a verdict must not take the verdict back")
    assert set(problem["errors"]) == {f"judgments.0.{name}" for name in names}


@pytest.mark.parametrize(
    "body", [{}, {"judgments": {}}, {"judgments": [1]}, {"marks": []}]
)
def test_a_body_without_a_list_of_marks_is_refused(api, judge, body):
    response = api(judge).put(MARKS, body, format="json")
    assert_problem(response, 400, "invalid")


def test_an_empty_list_is_accepted_and_too_many_marks_are_not(api, judge):
    assert put(api(judge)).json() == {"results": []}
    item = {"id": str(uuid.uuid4())}
    assert_problem(put(api(judge), *[item] * 501), 413, "too-large")


def test_only_judges_can_judge(api, admin, adjudicator):
    for person in (admin, adjudicator):
        assert_problem(put(api(person)), 403, "not-allowed")
        assert_problem(api(person).post(LEASE), 403, "not-allowed")


def test_a_reported_tile_needs_no_verdict(api, judge, batch):
    client = api(judge)
    page = client.post(LEASE).json()
    put(client, mark(page, 0), mark(page, 1))
    tile = page["candidates"][2]["id"]
    url = f"/api/v1/candidates/{tile}/reports/"
    body = {"reason": "private", "comment": "not a public person"}
    response = client.post(url, body, format="json")
    assert response.status_code == 201
    assert set(response.json()) == {"id", "reason", "comment", "created_at"}
    url = f"/api/v1/assignments/{page['assignment']['id']}/submit/"
    assert client.post(url).status_code == 200


def test_a_report_needs_a_known_reason_and_an_own_tile(api, judge, other_judge, batch):
    page = api(judge).post(LEASE).json()
    url = f"/api/v1/candidates/{page['candidates'][0]['id']}/reports/"
    response = api(judge).post(url, {"reason": "ugly"}, format="json")
    assert_problem(response, 400, "invalid")
    response = api(other_judge).post(url, {"reason": "minor"}, format="json")
    assert_problem(response, 404, "not-found")


def test_a_bigger_page_costs_no_more_queries(
    api, judge, make_batch, django_assert_max_num_queries
):
    small = make_batch([judge], candidates=2)
    big = make_batch([judge], candidates=30)
    client = api(judge)
    counts = []
    for batch in (small, big):
        with django_assert_max_num_queries(60) as queries:
            body = {"batch": batch.pk}
            assert client.post(LEASE, body, format="json").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_more_marks_cost_no_more_queries(
    api, judge, make_batch, django_assert_max_num_queries
):
    counts = []
    client = api(judge)
    for candidates in (2, 30):
        batch = make_batch([judge], candidates=candidates)
        page = client.post(LEASE, {"batch": batch.pk}, format="json").json()
        marks = [mark(page, number) for number in range(candidates)]
        with django_assert_max_num_queries(60) as queries:
            assert put(client, *marks).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_admin_can_release_a_page_of_a_judge(api, admin, judge, batch):
    page = queue.lease(judge=judge)
    held_url = f"/api/v1/batches/{batch.pk}/held/"
    [line] = api(admin).get(held_url).json()["results"]
    assert (line["id"], line["judge"]) == (page.pk, judge.username)
    assert line["entity"] == page.entity.key
    address = f"/api/v1/assignments/{page.pk}/release/"
    assert api(admin).post(address).status_code == 204
    assert api(admin).get(held_url).json() == {"next": None, "results": []}
    page.refresh_from_db()
    assert page.state == "released"
    response = api(admin).post("/api/v1/assignments/4711/release/")
    assert_problem(response, 404, "not-found")
