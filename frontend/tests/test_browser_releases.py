"""Running releases in a real browser: the focus stays, and finished ones show everything."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotations import releases
from annotations.models import Release
from annotations.tests.released import judged_batch

TRUTH = {"m.a": "yes no broken", "m.b": "yes no"}


@pytest.fixture
def running(transactional_db):
    batch = judged_batch(TRUTH)
    release = releases.request(
        name="watched",
        batches=[batch.pk],
        dev_entities=1,
        distractors=1,
        by=batch.created_by,
    )
    Release.objects.update(state="running", progress=0.4)
    return release


def test_the_list_keeps_the_focus_when_it_is_updated(opened, admin, running):
    page = opened(admin, reverse("releases"))
    link = page.get_by_role("link", name="watched")
    link.focus()
    counts = dict.fromkeys(("entities", "yes", "open"), 1) | {"candidates": 4711}
    Release.objects.update(counts=counts)
    expect(page.get_by_role("cell", name="4,711")).to_be_visible(timeout=15_000)
    expect(link).to_be_focused()


def test_a_finished_release_shows_everything(opened, admin, running):
    page = opened(admin, reverse("release", args=[running.pk]))
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("link", name="Evaluations", exact=True)).to_have_count(0)
    assert releases.make(running.pk)
    evaluations = page.get_by_role("link", name="Evaluations", exact=True)
    expect(evaluations).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Judged: 2 judges, measurement")).to_be_visible()
    expect(page.get_by_text("Changes since an earlier release")).to_be_visible()
