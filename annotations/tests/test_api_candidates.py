"""Candidates, and the bytes of their pictures: who gets them, and with which headers."""

import io

import PIL.Image
import pytest

from annotations import batches, queue
from annotations.images import serving
from annotations.models import AssignmentState, Candidate, CandidateState

from .factories import CandidateFactory, EntityFactory
from .pictures import drawn, stored
from .test_api_errors import assert_problem

URL = "/api/v1/candidates/"


def body_of(response):
    return b"".join(response.streaming_content)


@pytest.fixture
def entity(db):
    return EntityFactory(key="m.here")


@pytest.fixture
def page(admin, judge, entity):
    """The judge's page of one candidate with a picture."""
    CandidateFactory(entity=entity, image=stored(drawn(3)))
    batch = batches.create(by=admin, name="b", entities=[entity.key])
    batches.add_judges(batch=batch, usernames=[judge.username], by=admin)
    batches.open_batch(batch=batch, by=admin)
    return queue.lease(judge=judge)


def test_an_entitys_candidates_are_listed(api, admin, entity):
    ready = CandidateFactory(entity=entity, frame=[0, 0, 0.5, 1])
    waiting_candidate = CandidateFactory(entity=entity, waiting=True)
    CandidateFactory(entity=entity, erased=True)
    CandidateFactory()
    first, second = api(admin).get(f"{URL}?entity=m.here").json()["results"]
    assert (first["id"], second["id"]) == (ready.pk, waiting_candidate.pk)
    assert first["sha256"] == ready.image.sha256
    assert first["frame"] == [0.0, 0.0, 0.5, 1.0]
    assert first["image"].endswith(f"{URL}{ready.pk}/image/")
    assert (second["state"], second["image"], second["sha256"]) == (
        "waiting",
        None,
        None,
    )
    assert api(admin).get(f"{URL}{ready.pk}/").json() == first


@pytest.mark.parametrize("key_text", ["m.here", "/m/here", "%2Fm%2Fhere"])
def test_the_key_can_be_written_as_in_an_import_file(api, admin, entity, key_text):
    candidate = CandidateFactory(entity=entity)
    [candidate_line] = api(admin).get(f"{URL}?entity={key_text}").json()["results"]
    assert (candidate_line["id"], candidate_line["entity"]) == (candidate.pk, "m.here")


def test_a_list_needs_a_known_entity(api, admin):
    assert_problem(api(admin).get(URL), 400, "invalid")
    assert_problem(api(admin).get(f"{URL}?entity=m.nobody"), 404, "not-found")
    assert_problem(api(admin).get(f"{URL}?entity=a/b"), 404, "not-found")
    assert_problem(api(admin).get(f"{URL}?entity=%00"), 400, "invalid")


def test_more_candidates_cost_no_more_queries(
    api, admin, entity, django_assert_num_queries
):
    client = api(admin)
    for _ in range(2):
        CandidateFactory.create_batch(10, entity=entity)
        with django_assert_num_queries(4):
            client.get(f"{URL}?entity=m.here")


def test_an_admin_sees_a_picture_by_id(api, admin, entity):
    candidate = CandidateFactory(entity=entity, image=stored(drawn(1)))
    response = api(admin).get(f"{URL}{candidate.pk}/image/")
    assert body_of(response) == drawn(1)
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox"
    assert response["Cache-Control"] == "private, max-age=3600"
    assert response["Content-Disposition"] == (
        f'inline; filename="candidate-{candidate.pk}.png"'
    )
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))


def test_formats_that_browsers_do_not_show_are_converted(api, admin, entity):
    candidate = CandidateFactory(entity=entity, image=stored(drawn(2, format="BMP")))
    response = api(admin).get(f"{URL}{candidate.pk}/image/")
    assert response["Content-Type"] == "image/jpeg"
    assert PIL.Image.open(io.BytesIO(body_of(response))).format == "JPEG"


@pytest.mark.parametrize(
    ("format", "extension"), [("JPEG", "jpg"), ("BMP", "bmp"), ("TIFF", "tiff")]
)
def test_an_admin_downloads_the_original(api, admin, entity, format, extension):
    data = drawn(2, format=format)
    candidate = CandidateFactory(entity=entity, image=stored(data))
    response = api(admin).get(f"{URL}{candidate.pk}/original/")
    assert body_of(response) == data
    assert response["Content-Type"] == f"image/{format.lower()}"
    assert response["Content-Security-Policy"] == "sandbox"
    assert response["Content-Disposition"] == (
        f'attachment; filename="original-{candidate.pk}.{extension}"'
    )


def test_a_judge_never_gets_the_original(api, judge, page):
    exif = PIL.Image.Exif()
    exif[0x010F] = "Camera of somewhere"
    file = io.BytesIO()
    PIL.Image.new("RGB", (64, 48)).save(file, "JPEG", exif=exif, comment=b"Camera")
    candidate = page.candidates[0]
    Candidate.objects.filter(pk=candidate).update(image=stored(file.getvalue()))
    client = api(judge)
    body = body_of(client.get(f"{URL}{page.tile_id(0)}/image/"))
    assert b"Camera" in file.getvalue()
    assert b"Camera" not in body
    assert set(PIL.Image.open(io.BytesIO(body)).info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
    }
    assert_problem(client.get(f"{URL}{page.tile_id(0)}/original/"), 404, "not-found")
    assert_problem(client.get(f"{URL}{candidate}/original/"), 403, "not-allowed")


def test_a_stand_in_is_not_kept_by_browsers(api, judge, page, monkeypatch):
    monkeypatch.setattr("annotations.images.decoding.LARGE_PIXELS", 100)
    client, address = api(judge), f"{URL}{page.tile_id(0)}/image/"
    with serving._one_rendition:
        stand_in = client.get(address)
    assert stand_in["Cache-Control"] == "no-store"
    assert "ETag" not in stand_in
    assert stand_in["Content-Type"] == "image/webp"
    rendition = client.get(address)
    assert rendition["Content-Type"] == "image/jpeg"
    assert "ETag" in rendition


def test_a_judge_sees_pictures_by_tile_only(api, judge, page):
    client, tile = api(judge), page.tile_id(0)
    rendition = client.get(f"{URL}{tile}/image/")
    assert rendition["Content-Type"] == "image/jpeg"
    assert PIL.Image.open(io.BytesIO(body_of(rendition))).format == "JPEG"
    thumbnail = client.get(f"{URL}{tile}/thumbnail/")
    assert thumbnail["Content-Type"] == "image/webp"
    assert PIL.Image.open(io.BytesIO(body_of(thumbnail))).format == "WEBP"
    for address in (f"{page.candidates[0]}/image/", f"{page.candidates[0]}/thumbnail/"):
        assert_problem(client.get(f"{URL}{address}"), 404, "not-found")
    assert_problem(client.get(f"{URL}{page.pk}.1/image/"), 404, "not-found")


def test_no_header_of_a_picture_identifies_the_candidate(api, judge, page):
    response = api(judge).get(f"{URL}{page.tile_id(0)}/image/")
    candidate = Candidate.objects.get()
    headers = " ".join(response.headers.values())
    assert candidate.image.sha256[:8] not in headers
    assert response["Content-Disposition"].endswith(
        f'"candidate-{page.tile_id(0)}.jpg"'
    )


def test_tiles_of_others_are_unknown_even_to_admins(
    api, admin, other_judge, stranger, page
):
    for person in (admin, other_judge, stranger):
        response = api(person).get(f"{URL}{page.tile_id(0)}/image/")
        assert_problem(response, 404, "not-found")


def test_tiles_work_after_submit_while_the_batch_is_open(api, admin, judge, page):
    page.state = AssignmentState.SUBMITTED
    page.save()
    address = f"{URL}{page.tile_id(0)}/image/"
    assert api(judge).get(address).status_code == 200
    batches.close_batch(batch=page.batch, by=admin)
    assert_problem(api(judge).get(address), 404, "not-found")


def test_an_etag_differs_between_users_and_avoids_downloads(api, admin, judge, page):
    client, address = api(judge), f"{URL}{page.tile_id(0)}/image/"
    etag = client.get(address)["ETag"]
    assert etag.startswith('"')
    assert etag != api(admin).get(f"{URL}{page.candidates[0]}/image/")["ETag"]
    for if_none_match in (etag, f'"x", W/"y", {etag}'):
        response = client.get(address, HTTP_IF_NONE_MATCH=if_none_match)
        assert (response.status_code, response.content) == (304, b"")
        assert response["Cache-Control"] == "private, max-age=3600"
    assert client.get(address, HTTP_IF_NONE_MATCH='"z"').status_code == 200


@pytest.mark.parametrize("address", ["image/", "thumbnail/"])
def test_unreadable_and_waiting_pictures_are_not_served(api, admin, entity, address):
    junk = stored(b"<svg onload=alert(1)>")
    unreadable = CandidateFactory(
        entity=entity, image=junk, state=CandidateState.UNREADABLE
    )
    waiting_candidate = CandidateFactory(entity=entity, waiting=True)
    response = api(admin).get(f"{URL}{unreadable.pk}/{address}")
    assert_problem(response, 404, "unreadable")
    response = api(admin).get(f"{URL}{waiting_candidate.pk}/{address}")
    assert_problem(response, 404, "not-found")


def test_a_tile_that_was_erased_answers_410(api, judge, page):
    Candidate.objects.update(state=CandidateState.ERASED, image=None)
    response = api(judge).get(f"{URL}{page.tile_id(0)}/image/")
    assert_problem(response, 410, "erased")
    response = api(judge).post(
        f"{URL}{page.tile_id(0)}/reports/", {"reason": "other"}, format="json"
    )
    assert_problem(response, 410, "erased")


def test_an_admin_reports_by_id(api, admin, entity):
    candidate = CandidateFactory(entity=entity)
    url = f"{URL}{candidate.pk}/reports/"
    response = api(admin).post(url, {"reason": "offensive"}, format="json")
    assert response.status_code == 201
    assert candidate.reports.get().by == admin
