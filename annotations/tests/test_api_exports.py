"""truth.tsv and judgments.tsv over HTTP."""

import uuid
from datetime import UTC, datetime

import pytest

from annotations import judgments, queue
from annotations.consensus import Verdict

from .test_api_errors import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)


def rows_of(response):
    assert response.status_code == 200
    assert response["Content-Type"] == "text/tab-separated-values; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    text = b"".join(response.streaming_content).decode()
    return [line.split("\t") for line in text.splitlines()]


@pytest.fixture
def judged(batch, judge, other_judge):
    for person in (judge, other_judge):
        page = queue.lease(judge=person)
        tiles = [page.tile_id(n) for n in range(len(page.candidates))]
        now = datetime.now(UTC)
        marks = [
            judgments.Mark(uuid.uuid4(), page.pk, tile, Verdict.YES, now, 1.0, "key")
            for tile in tiles
        ]
        judgments.record(judge=person, marks=marks)
    return batch


def test_every_candidate_has_a_row_of_truth(api, admin, judged):
    header, *rows = rows_of(api(admin).get(f"/api/v1/truth.tsv?batch={judged.pk}"))
    assert header[:3] == ["entity_key", "entity_name", "candidate_id"]
    truth = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["basis"] for row in truth] == ["unanimous"] * 3
    assert {row["agreement"] for row in truth} == {"1.0000"}


def test_judges_have_names_unless_pseudonyms_are_requested(api, admin, judge, judged):
    url = f"/api/v1/judgments.tsv?batch={judged.pk}"
    header, *rows = rows_of(api(admin).get(url))
    column = header.index("judge")
    assert len(rows) == 6
    assert judge.username in {row[column] for row in rows}
    header, *rows = rows_of(api(admin).get(f"{url}&names=false"))
    assert judge.pseudonym in {row[column] for row in rows}
    assert judge.username not in {row[column] for row in rows}


@pytest.mark.parametrize("name", ["truth.tsv", "judgments.tsv"])
def test_the_batch_must_be_given_and_exist(api, admin, name):
    client = api(admin)
    for query in ("", "?batch=x", "?batch=", "?batch=99999999999999999999"):
        assert_problem(client.get(f"/api/v1/{name}{query}"), 400, "invalid")
    assert_problem(client.get(f"/api/v1/{name}?batch=777"), 404, "not-found")


@pytest.mark.parametrize("name", ["truth.tsv", "judgments.tsv"])
def test_the_files_are_for_admins(api, judge, adjudicator, batch, name):
    for person in (judge, adjudicator):
        response = api(person).get(f"/api/v1/{name}?batch={batch.pk}")
        assert_problem(response, 403, "not-allowed")
