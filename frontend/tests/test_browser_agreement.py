"""The agreement page in a real browser: it updates itself, fits and is accessible."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotations import agreement, tasks
from annotations.tests.factories import UserFactory
from annotations.tests.test_agreement import say_pages

from .accessibility import (
    PHONE,
    SCROLLS_SIDEWAYS,
    assert_accessible,
)
from .scenes import opened_batch
from .screen import PLOT_IS_DRAWN, eventually


@pytest.fixture
def judged(transactional_db, monkeypatch):
    """A batch judged by three judges. Its report is not calculated automatically."""
    monkeypatch.setattr(tasks, "request_agreement", lambda number: None)
    judges = [UserFactory(username=f"judge-{n}") for n in range(3)]
    batch = opened_batch(*judges, entities=2, count=20)
    for judge, word in zip(
        judges, ("yn" * 10, "yn" * 9 + "yb", "yy" * 10), strict=True
    ):
        say_pages(batch, judge, word, word)
    return batch


def test_results_appear_by_themselves_and_are_drawn(opened, admin, judged):
    page = opened(admin, reverse("agreement", args=[judged.pk]))
    expect(page.get_by_text("Calculating …")).to_be_visible()
    agreement.update_report(judged.pk)
    expect(page.get_by_role("heading", name="Krippendorff’s alpha")).to_be_visible()
    eventually(lambda: page.locator("[data-plot=weeks]").evaluate(PLOT_IS_DRAWN))
    page.get_by_role("button", name="Table of weeks").click()
    expect(page.locator("#weeks-table")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits_a_phone(opened, admin, adjudicator, judged, scheme):
    empty_page = opened(
        admin, reverse("agreement", args=[judged.pk]), color_scheme=scheme
    )
    assert_accessible(empty_page)
    empty_page.close()
    agreement.update_report(judged.pk)
    for person, name in ((admin, "agreement"), (adjudicator, "reliability")):
        for options in ({}, {"viewport": PHONE}):
            address = reverse(name, args=[judged.pk])
            page = opened(person, address, color_scheme=scheme, **options)
            assert_accessible(page)
            assert not page.evaluate(SCROLLS_SIDEWAYS)
            page.close()
