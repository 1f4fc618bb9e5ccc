"""The pages of models in a real browser: plots, keys, sizes and accessibility."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotations.models import PendingScoring, Scorer
from annotations.tests.factories import FitFactory, ScoreFactory, ScorerFactory

from .accessibility import (
    PHONE,
    SCROLLS_SIDEWAYS,
    assert_accessible,
    assert_all_accessible,
    assert_large,
)
from .scenes import opened_batch
from .screen import PLOT_IS_DRAWN, comes_true, eventually, press


@pytest.fixture
def batch(judge):
    return opened_batch(judge, entities=3, count=3)


@pytest.fixture
def scorer(batch):
    """A model with two fits, a picture set aside, and an entity to score."""
    scorer_row = ScorerFactory(version="1.0")
    FitFactory(scorer=scorer_row, brier=0.048)
    FitFactory(scorer=scorer_row)
    first = batch.batchentity_set.order_by("pk").first().entity
    for n, candidate in enumerate(first.candidates.order_by("pk")):
        ScoreFactory(scorer=scorer_row, candidate=candidate, failed=n == 0)
    PendingScoring.objects.create(
        scorer=scorer_row, entity=first, problem="OSError: the store is away"
    )
    ScorerFactory(name="pixels", version="2")
    return scorer_row


def address_of(scorer):
    return reverse("model", args=[scorer.pk])


def all_pages(batch, scorer):
    entity = batch.batchentity_set.order_by("pk").first().entity
    unfitted = Scorer.objects.get(name="pixels")
    return [
        reverse("models"),
        address_of(scorer),
        address_of(unfitted),
        reverse("purge-embeddings", args=[scorer.pk]),
        reverse("batch", args=[batch.pk]),
        reverse("entity", args=[entity.key]),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE])
def test_every_page_is_accessible_and_fits(opened, admin, batch, scorer, theme, size):
    page = opened(admin, "/", viewport=size, color_scheme=theme)
    assert_all_accessible(page, all_pages(batch, scorer))


def test_the_reliability_is_drawn_with_its_diagonal(opened, admin, scorer):
    page = opened(admin, address_of(scorer))
    plot = page.locator("[data-plot=reliability]")
    expect(plot.locator("canvas")).to_be_visible()
    assert plot.evaluate(PLOT_IS_DRAWN)
    legend = plot.locator(".u-legend")
    expect(legend).to_contain_text("Share of yes")
    expect(legend).to_contain_text("perfect")
    expect(legend).not_to_contain_text("Pictures")


def test_the_value_under_the_pointer_is_told(opened, admin, scorer):
    page = opened(admin, address_of(scorer))
    box = page.locator("[data-plot=reliability] .u-over").bounding_box()
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + box["height"] / 2)
    legend = page.locator("[data-plot=reliability] .u-legend")
    expect(legend).to_contain_text("0.45")
    expect(legend).to_contain_text("0.5")


def test_its_table_is_opened_by_keyboard(opened, admin, scorer):
    page = opened(admin, address_of(scorer))
    table = page.get_by_role("region", name="Reliability")
    expect(table).to_be_hidden()
    page.get_by_role("button", name="Table of reliability").focus()
    press(page, "Enter")
    expect(table.get_by_role("row")).to_have_count(4)
    assert_accessible(page)


def test_the_plot_follows_the_theme_and_the_window(opened, admin, scorer):
    page = opened(admin, address_of(scorer), color_scheme="light")
    looks = "document.querySelector('.plot canvas')?.toDataURL()"
    light = page.evaluate(looks)
    page.emulate_media(color_scheme="dark")
    eventually(lambda: page.evaluate(looks) not in (light, None))
    page.set_viewport_size(PHONE)
    comes_true(page, "document.querySelector('.uplot').clientWidth < 390")
    assert not page.evaluate(SCROLLS_SIDEWAYS)


def test_without_scripts_the_table_is_there(opened, admin, scorer):
    page = opened(admin, address_of(scorer), java_script_enabled=False)
    expect(page.get_by_role("region", name="Reliability")).to_be_visible()


def test_a_model_is_found_paused_and_resumed_by_keyboard(opened, admin, scorer):
    page = opened(admin, "/")
    page.get_by_role("navigation", name="Pages").get_by_role(
        "link", name="Models"
    ).focus()
    press(page, "Enter")
    page.get_by_role("link", name="faces 1.0").focus()
    press(page, "Enter")
    page.get_by_role("button", name="Pause").focus()
    press(page, "Enter")
    expect(page.get_by_role("status").first).to_contain_text("The model is paused.")
    page.get_by_role("button", name="Resume").focus()
    press(page, "Enter")
    expect(page.get_by_role("status").first).to_contain_text(
        "The model is running again."
    )
    scorer.refresh_from_db()
    assert scorer.paused_at is None


def test_a_picture_is_tried_again_by_keyboard(opened, admin, scorer):
    page = opened(admin, address_of(scorer))
    page.get_by_role("button", name="Try candidate").focus()
    press(page, "Enter")
    expect(page.get_by_text("No pictures are set aside.")).to_be_visible()


def test_a_batch_hears_that_its_scoring_has_ended(opened, admin, batch, scorer):
    page = opened(admin, reverse("batch", args=[batch.pk]))
    part = page.locator("#scoring")
    expect(part).to_contain_text("2 of 3 entities are scored and up to date.")
    expect(part).to_contain_text("the store is away")
    PendingScoring.objects.all().delete()
    page.evaluate(
        "htmx.ajax('GET', document.querySelector('#scoring').getAttribute('hx-get'),"
        " {source: '#scoring', target: '#scoring', swap: 'outerHTML'})"
    )
    expect(part).to_contain_text("3 of 3 entities are scored and up to date.")


def test_fingers_find_the_buttons(opened, admin, scorer):
    page = opened(
        admin, address_of(scorer), viewport=PHONE, has_touch=True, is_mobile=True
    )
    assert_large(page, "main button:visible, main .button:visible, .nav a:visible")
