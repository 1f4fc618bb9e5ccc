"""An admin requests a release, watches it, downloads files and compares releases."""

import pytest
from django.urls import reverse

from annotations import adjudication, batches, erasure, queue, releases
from annotations.models import Release
from annotations.releases import requests
from annotations.tests.released import judged_batch, released
from frontend.views import releases as pages

pytestmark = pytest.mark.django_db(transaction=True)

TRUTH = {"m.a": "yes yes no", "m.b": "yes no broken"}


@pytest.fixture
def batch():
    return judged_batch(TRUTH)


def form_of(batch, **changes):
    """Return the form of a release of this batch."""
    data = {"name": "first", "batches": [batch.pk], "dev_entities": 1, "seed": 7}
    return data | {"distractors": 1, "purpose": "For tests"} | changes


def test_an_empty_list_has_a_message(client, admin):
    client.force_login(admin)
    text = client.get(reverse("releases")).text
    assert "There are no releases yet." in text
    assert "hx-trigger" not in text
    assert "nothing to release" in client.get(reverse("new-release")).text


def test_a_release_is_requested_and_its_files_are_offered(
    client, admin, batch, worker_at_hand
):
    client.force_login(admin)
    assert "Judged" in client.get(reverse("new-release")).text
    response = client.post(reverse("new-release"), form_of(batch))
    release = Release.objects.get()
    assert response.url == reverse("release", args=[release.pk])
    text = client.get(response.url).text
    assert release.files["truth.tsv"]["sha256"] in text
    assert (
        f"/api/v1/releases/{release.pk}/measurement.tsv"
        "?subset=random&amp;split=dev&amp;image=aligned" in text
    )
    assert "lines.tsv" not in text
    assert "hx-trigger" not in text
    assert "For tests" in text
    assert "first" in client.get(reverse("releases")).text


def test_an_error_is_shown_at_its_field(client, admin, batch):
    client.force_login(admin)
    response = client.post(reverse("new-release"), form_of(batch, dev_entities=9))
    assert "Only 2 entities have a confirmed image." in response.text
    response = client.post(reverse("new-release"), form_of(batch, batches=["x"]))
    assert response.status_code == 200
    assert not Release.objects.exists()


def test_the_preview_counts_and_links_to_undecided_candidates(
    client, admin, batch, judge
):
    client.force_login(admin)
    address = reverse("preview-release")
    fragment = client.post(
        address, {"batches": [batch.pk]}, headers={"HX-Request": "true"}
    ).text
    assert "<html" not in fragment
    assert "possible distractors" in fragment
    assert "is open" not in fragment

    second_batch = batches.create(
        by=admin, name="open one", entities=["m.a"], judges_required=1
    )
    batches.open_batch(batch=second_batch, by=admin)
    text = client.post(address, {"batches": [second_batch.pk], "name": "kept"}).text
    assert "3 candidates are undecided." in text
    assert reverse("conflicts", args=[second_batch.pk]) in text
    assert 'value="kept"' in text
    assert "required" in client.post(address, {}, headers={"HX-Request": "true"}).text


def test_the_page_of_a_running_release_refreshes_by_itself(client, admin, batch):
    client.force_login(admin)
    request = form_of(batch) | {"by": admin}
    release = releases.request(**request)
    Release.objects.update(state="running", progress=0.4)
    address = reverse("release", args=[release.pk])
    assert 'hx-trigger="every 2s"' in client.get(address).text
    fragment = client.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "40 %" in fragment
    assert "every 3s" in client.get(reverse("releases")).text


@pytest.mark.parametrize("state", ["done", "failed"])
def test_a_finished_release_reloads_the_whole_page(state, client, admin, batch):
    """Parts outside the polled fragment change too: rules, buttons and changes."""
    client.force_login(admin)
    release = releases.request(**form_of(batch), by=admin)
    Release.objects.update(state=state)
    address = reverse("release", args=[release.pk])
    response = client.get(address, headers={"HX-Request": "true"})
    assert (response["HX-Refresh"], response.content) == ("true", b"")


def test_a_failed_release_can_be_retried_or_deleted(
    client, admin, batch, worker_at_hand
):
    client.force_login(admin)
    release = releases.request(**form_of(batch), by=admin)
    Release.objects.update(state="failed", problem="It went wrong.")
    address = reverse("release", args=[release.pk])
    assert "It went wrong." in client.get(address).text
    client.post(reverse("retry-release", args=[release.pk]))
    assert "truth.tsv" in client.get(address).text
    text = client.post(reverse("delete-release", args=[release.pk]), follow=True).text
    assert "The release is done." in text
    other_release = releases.request(**form_of(batch, name="other"), by=admin)
    Release.objects.filter(pk=other_release.pk).update(state="failed")
    text = client.post(
        reverse("delete-release", args=[other_release.pk]), follow=True
    ).text
    assert "other is deleted." in text
    assert Release.objects.count() == 1


def test_changes_and_removals_are_shown(client, admin, batch):
    client.force_login(admin)
    first = released(batch)
    candidate = batch.batchentity_set.first().entity.candidates.first()
    adjudication.rule(batch=batch, candidate=candidate.pk, verdict="no", by=admin)
    second = released(batch, name="second")
    address = reverse("release", args=[second.pk])
    assert "Show changes" in client.get(address).text
    text = client.get(address, {"since": first.pk}).text
    assert "changed" in text
    assert f"changes/?since={first.pk}" in text
    assert client.get(address, {"since": 4711}).status_code == 200
    erasure.erase_entity(key="m.b", by=admin)
    assert "Removals" in client.get(address).text


def test_a_long_comparison_stops_in_time_and_links_to_the_rest(
    client, admin, batch, monkeypatch
):
    client.force_login(admin)
    first, second = released(batch), released(batch, name="second")
    address = reverse("release", args=[second.pk])
    assert (
        "There are no changes of the truth."
        in client.get(address, {"since": first.pk}).text
    )
    monkeypatch.setattr(pages, "CHANGES_SECONDS", -1)
    text = client.get(address, {"since": first.pk}).text
    assert "No change was found in a few seconds." in text
    assert "There are no changes of the truth." not in text
    assert f"changes/?since={first.pk}" in text


def test_a_preview_of_large_batches_explains_what_to_do(
    client, admin, batch, monkeypatch
):
    client.force_login(admin)
    queue.sum_counters()
    monkeypatch.setattr(requests, "CHECKED_CANDIDATES", 1)
    headers = {"HX-Request": "true"}
    data = {"batches": [batch.pk]}
    text = client.post(reverse("preview-release"), data, headers=headers).text
    assert "These batches are too large to count" in text


def test_judges_cannot_open_releases(client, judge, batch):
    release = released(batch)
    client.force_login(judge)
    for name in ("releases", "new-release", "preview-release"):
        assert client.post(reverse(name)).status_code == 404
    for name in ("release", "retry-release", "delete-release"):
        assert client.post(reverse(name, args=[release.pk])).status_code == 404


def test_an_unknown_release_is_not_found(client, admin):
    client.force_login(admin)
    assert client.get(reverse("release", args=[4711])).status_code == 404
