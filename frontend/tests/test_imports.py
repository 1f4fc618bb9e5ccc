"""An admin uploads files and follows their imports."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Entity, Import, RefusedRow

LIST = b'/m/0abc\t"Ada"@en\n/m/0abd\t"Bea"@en\nno tab in this line\n'


def upload(client, data=LIST, **fields):
    file = SimpleUploadedFile("names.tsv", data)
    form = {"file": file, "layout": "names", **fields}
    return client.post(reverse("imports"), form)


@pytest.mark.django_db(transaction=True)
def test_a_file_is_imported_and_its_refused_rows_are_shown(
    client, admin, worker_at_hand
):
    client.force_login(admin)
    response = upload(client)
    done_import = Import.objects.get()
    assert response.url == reverse("import", args=[done_import.pk])
    text = client.get(response.url).text
    assert "Done" in text
    assert "names.tsv" in text
    assert "no tab in this line" in text
    assert f"/api/v1/imports/{done_import.pk}/refused.tsv" in text
    assert "hx-trigger" not in text
    assert set(Entity.objects.values_list("name", flat=True)) == {"Ada", "Bea"}
    assert not default_storage.exists(done_import.upload)


def test_the_page_of_a_running_import_refreshes_by_itself(client, admin):
    client.force_login(admin)
    running_import = Import.objects.create(
        state="running", file_name="x.tsv", rows_read=12
    )
    address = reverse("import", args=[running_import.pk])
    assert 'hx-trigger="every 1s"' in client.get(address).text
    fragment = client.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "<dd>12</dd>" in fragment


def test_refused_rows_are_shown_page_by_page(client, admin, monkeypatch):
    monkeypatch.setattr("frontend.views.imports.REFUSED_SHOWN", 3)
    client.force_login(admin)
    done_import = Import.objects.create(state="done", file_name="x.tsv")
    for line in range(10, 17):
        RefusedRow.objects.create(source=done_import, line=line, reason="bad", row="r")
    address, lines, query = reverse("import", args=[done_import.pk]), [], {}
    while True:
        context = client.get(address, query).context
        lines += [row.line for row in context["refused"]]
        if context["following"] is None:
            break
        query = {"after": context["following"]}
    assert lines == list(range(10, 17))


def test_a_running_import_shows_its_pace(client, admin):
    client.force_login(admin)
    start = timezone.now() - timedelta(seconds=10)
    running_import = Import.objects.create(state="running", rows_read=25_000)
    Import.objects.filter(pk=running_import.pk).update(
        created_at=start, touched_at=start + timedelta(seconds=5)
    )
    text = client.get(reverse("import", args=[running_import.pk])).text
    assert "<dd>5,000</dd>" in text
    assert "<progress" in text


def test_the_list_is_paged_and_refreshes_during_an_import(client, admin, monkeypatch):
    monkeypatch.setattr("frontend.views.imports.SHOWN", 2)
    client.force_login(admin)
    assert "There are no imports yet." in client.get(reverse("imports")).text
    for n in range(3):
        Import.objects.create(state="done", file_name=f"file{n}")
    response = client.get(reverse("imports"))
    assert "file0" not in response.text
    assert "every 3s" not in response.text
    older_page = client.get(reverse("imports"), {"before": response.context["before"]})
    assert "file0" in older_page.text
    Import.objects.create(state="running", file_name="now")
    fragment = client.get(reverse("imports"), headers={"HX-Request": "true"}).text
    assert "every 3s" in fragment
    assert "<html" not in fragment


def test_a_failed_import_shows_the_reason(client, admin):
    client.force_login(admin)
    failed_import = Import.objects.create(
        state="failed", problem="The archive is damaged."
    )
    text = client.get(reverse("import", args=[failed_import.pk])).text
    assert "The archive is damaged." in text
    assert "hx-trigger" not in text


def test_a_form_without_a_file_is_shown_again(client, admin):
    client.force_login(admin)
    response = client.post(reverse("imports"), {"layout": "names"})
    assert response.status_code == 200
    assert "This field is required." in response.text
    assert not Import.objects.exists()


def test_an_oversized_file_is_refused_by_its_length(client, admin, settings):
    settings.UPLOAD_MAX_BYTES = 10
    client.force_login(admin)
    response = upload(client, b"x" * 200_000)
    assert response.status_code == 413
    assert "manage.py import_candidates" in response.text
    assert not Import.objects.exists()


def test_a_form_from_another_site_is_refused(admin):
    strict_client = Client(enforce_csrf_checks=True)
    strict_client.force_login(admin)
    assert upload(strict_client).status_code == 403
    assert not Import.objects.exists()


def test_judges_cannot_open_imports(client, judge):
    client.force_login(judge)
    hidden_import = Import.objects.create(state="done")
    assert client.get(reverse("imports")).status_code == 404
    assert upload(client).status_code == 404
    assert client.get(reverse("import", args=[hidden_import.pk])).status_code == 404


def test_an_unknown_import_is_not_found(client, admin):
    client.force_login(admin)
    assert client.get(reverse("import", args=[4711])).status_code == 404
