"""Evaluations in the API, on real releases."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotations.api.views.evaluations import EvaluationUploadViewSet
from annotations.models import Evaluation

from .factories import EvaluationFactory, ReleaseFactory
from .released import content, judged_batch, released
from .test_api_errors import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)
TRUTH = {"m.a": "yes no", "m.b": "yes no", "m.c": "yes yes"}


@pytest.fixture
def release():
    return released(judged_batch(TRUTH), dev_entities=2, distractors=2)


def address(release):
    return f"/api/v1/releases/{release.pk}/evaluations/"


def send(client, release, text, **fields):
    file = SimpleUploadedFile("mine.tsv", text.encode())
    form = {"file": file, "subset": "random", "split": "dev"} | fields
    return client.post(address(release), form, format="multipart")


def rows_of(release, name):
    return [line.split("\t") for line in content(release, name).decode().splitlines()]


def test_six_columns_on_the_development_set(api, admin, release):
    rows = rows_of(release, "measurement-random-dev-aligned.tsv")
    text = "".join(f"{r[0]}\t{r[1]}\t{r[2]}\t{r[3]}\t{r[0]}\t0.9\n" for r in rows)
    response = send(api(admin), release, text, name="perfect")
    assert response.status_code == 201
    result = response.json()
    assert result["coverage"] == {"0.95": 1.0, "0.99": 1.0}
    assert result["threshold"] == {"0.95": 0.9, "0.99": 0.9}
    assert result["curve"] == [{"threshold": 0.9, "precision": 1.0, "coverage": 1.0}]
    assert [result[k] for k in ("answered", "correct", "m")] == [2, 2, 2]
    assert [result[k] for k in ("name", "subset", "split")] == [
        "perfect",
        "random",
        "dev",
    ]
    assert result["created_by"] == "ada"


def test_three_columns_on_the_test_set_ignore_distractors(api, admin, release):
    key = rows_of(release, "key-random.tsv")
    assert len(key) == 3
    # The answers for distractors are confident and wrong, but they do not count.
    text = "".join(f"{n}\t{mid or 'm.a'}\t{0.5 if mid else 1}\n" for n, mid in key)
    result = send(api(admin), release, text, split="test").json()
    assert result["coverage"]["0.99"] == 1.0
    assert (result["m"], result["name"]) == (1, "mine.tsv")


def test_wrong_lines_are_named(api, admin, release):
    response = send(api(admin), release, "1\tm.a\thigh\n1\tm.a\t1\n1\tm.a\t1\n")
    problem = assert_problem(response, 400, "invalid")
    assert set(problem["errors"]) == {"line 1", "line 3"}
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "invalid_field"),
    [
        ({"subset": "soft"}, "subset"),
        ({"split": "train"}, "split"),
        ({"file": "text"}, "file"),
        ({"name": "n" * 101}, "name"),
        ({"seed": "1"}, "seed"),
    ],
)
def test_wrong_fields_of_the_form_are_named(api, admin, release, fields, invalid_field):
    response = send(api(admin), release, "x", **fields)
    assert set(assert_problem(response, 400, "invalid")["errors"]) == {invalid_field}


def test_a_long_file_name_is_shortened(api, admin, release):
    file = SimpleUploadedFile("n" * 150 + ".tsv", b"1\tm.a\t1\n2\tm.b\t1\n")
    response = send(api(admin), release, "", file=file)
    assert response.json()["name"] == "n" * 100


def test_sets_that_a_release_does_not_have_are_not_found(api, admin, release):
    response = send(api(admin), release, "x", subset="hard")
    assert "no embeddings" in assert_problem(response, 404, "not-found")["detail"]
    running = ReleaseFactory(state="running")
    assert_problem(send(api(admin), running, "x"), 404, "not-found")


def test_large_files_are_refused_with_the_command_to_use(
    api, admin, release, monkeypatch
):
    monkeypatch.setattr(EvaluationUploadViewSet, "limit", -64 * 1024)
    problem = assert_problem(send(api(admin), release, "x"), 413, "too-large")
    assert "manage.py evaluate" in problem["detail"]


def test_evaluations_are_listed_shown_and_deleted(api, admin, release):
    client = api(admin)
    EvaluationFactory()
    older, newer = (EvaluationFactory(release=release) for _ in range(2))
    page = client.get(address(release), {"limit": 1}).json()
    assert [row["id"] for row in page["results"]] == [newer.pk]
    assert "curve" not in page["results"][0]
    page = client.get(page["next"]).json()
    assert ([row["id"] for row in page["results"]], page["next"]) == ([older.pk], None)
    one = f"/api/v1/evaluations/{older.pk}/"
    assert client.get(one).json()["curve"][0]["threshold"] == 0.9
    assert client.delete(one).status_code == 204
    assert_problem(client.get(one), 404, "not-found")
    assert_problem(client.get("/api/v1/releases/4711/evaluations/"), 404, "not-found")


def test_strangers_are_refused(api, stranger, release):
    evaluation = EvaluationFactory(release=release)
    client = api(stranger)
    assert_problem(client.get(address(release)), 403, "not-allowed")
    assert_problem(send(client, release, "x"), 403, "not-allowed")
    for act in (client.get, client.delete):
        response = act(f"/api/v1/evaluations/{evaluation.pk}/")
        assert_problem(response, 403, "not-allowed")
