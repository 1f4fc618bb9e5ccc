"""Imports in the API: the file is stored at once and read by a worker."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotations.models import Entity, Import
from annotations.tasks import continue_import

from .test_api_errors import assert_problem

URL = "/api/v1/imports/"
LIST = 'm.1\t"Ada"@en\nm.2\t"Grace"@en\nbroken line\n'


def file_of(text=LIST, name="names.tsv"):
    return SimpleUploadedFile(name, text.encode())


def send(client, **fields):
    return client.post(URL, {"file": file_of()} | fields, format="multipart")


@pytest.mark.django_db(transaction=True)
def test_a_file_is_stored_imported_and_reported(api, admin, enqueued):
    client = api(admin)
    response = send(client, layout="names")
    assert response.status_code == 202
    import_ = response.json()
    assert (import_["state"], enqueued) == ("pending", [import_["id"]])
    continue_import(import_["id"])
    details = client.get(f"{URL}{import_['id']}/").json()
    assert (details["state"], details["file_name"]) == ("done", "names.tsv")
    assert [
        details[f"rows_{kind}"] for kind in ("read", "added", "known", "refused")
    ] == [
        3,
        2,
        0,
        1,
    ]
    assert set(Entity.objects.values_list("key", flat=True)) == {"m.1", "m.2"}
    response = client.get(f"{URL}{import_['id']}/refused.tsv")
    lines = b"".join(response.streaming_content).decode().split("\n")
    assert response["Content-Type"] == "text/tab-separated-values; charset=utf-8"
    assert lines[0] == "line\treason\trow"
    assert lines[1].startswith("3\t")


@pytest.mark.django_db(transaction=True)
def test_the_newest_import_is_listed_first(api, admin, enqueued):
    client = api(admin)
    for _ in range(2):
        send(client, images="none")
    newest, oldest = client.get(URL).json()["results"]
    assert newest["id"] > oldest["id"]
    assert newest["images"] == "none"


@pytest.mark.parametrize(
    ("fields", "invalid_field"),
    [
        ({"file": ""}, "file"),
        ({"file": "text"}, "file"),
        ({"layout": "thumb"}, "layout"),
        ({"images": "some"}, "images"),
        ({"upload": "/etc/passwd"}, "upload"),
        ({"state": "done"}, "state"),
    ],
)
def test_wrong_fields_of_the_form_are_named(
    api, admin, enqueued, fields, invalid_field
):
    response = send(api(admin), **fields)
    problem = assert_problem(response, 400, "invalid")
    assert set(problem["errors"]) == {invalid_field}
    assert not Import.objects.exists()


def test_a_huge_upload_is_refused_before_it_is_read(api, admin, settings):
    settings.UPLOAD_MAX_BYTES = -64 * 1024
    problem = assert_problem(send(api(admin)), 413, "too-large")
    assert "import_candidates" in problem["detail"]


def test_json_is_not_accepted_as_an_upload(api, admin):
    response = api(admin).post(URL, {"file": "x"}, format="json")
    assert_problem(response, 415, "unsupported-media-type")


def test_only_admins_can_send_files(api, judge, adjudicator):
    for client in (api(judge), api(adjudicator)):
        assert_problem(send(client), 403, "not-allowed")
    assert_problem(send(api()), 401, "not-signed-in")


def test_a_judges_session_is_refused_before_the_form_is_read(judge, monkeypatch):
    client = Client(enforce_csrf_checks=True)
    client.force_login(judge)
    monkeypatch.setattr(
        "django.http.request.HttpRequest._load_post_and_files",
        lambda request: pytest.fail("the form was read"),
    )
    assert_problem(client.post(URL, {"file": file_of()}), 403, "not-allowed")


@pytest.mark.django_db(transaction=True)
def test_an_admins_session_sends_files_with_the_csrf_token(admin, enqueued):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert_problem(client.post(URL, {"file": file_of()}), 403, "not-allowed")
    client.cookies["csrftoken"] = "x" * 32
    form = {"file": file_of(), "csrfmiddlewaretoken": "x" * 32}
    assert client.post(URL, form).status_code == 202


def test_a_path_in_the_file_name_is_ignored(api, admin, enqueued, own_store):
    form = {"file": file_of(name="../../../etc/passwd")}
    response = api(admin).post(URL, form, format="multipart")
    assert response.json()["file_name"] == "passwd"
    [upload] = (path for path in own_store.rglob("*") if path.is_file())
    assert upload.parent == own_store / "imports"
    assert "passwd" not in upload.name


def test_unknown_imports_are_not_found(api, admin):
    for address in ("777/", "777/refused.tsv"):
        assert_problem(api(admin).get(f"{URL}{address}"), 404, "not-found")
