"""Admin pages in a real browser: plots, updates, keys, sizes and accessibility."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from annotations import queue
from annotations.models import Batch, Comment, Import, JudgeDay, RefusedRow
from annotations.tests.desk import say

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
def watched(judge, other_judge, admin):
    """A batch that two judges have worked on for a week, with data for all its pages."""
    batch = opened_batch(judge, other_judge, entities=2, count=3, unreadable=1)
    page = queue.lease(judge=judge, batch=batch)
    for n in range(3):
        say(judge, page, n, "yes")
    candidate = page.candidates[0]
    Comment.objects.create(batch=batch, candidate_id=candidate, by=admin, text="Hm.")
    queue.sum_counters()
    deadline = timezone.now() + timedelta(days=2)
    Batch.objects.filter(pk=batch.pk).update(deadline=deadline)
    today = datetime.now(UTC).date()
    for n in range(7):
        for person in (judge, other_judge):
            work = {"verdicts": 100 + 10 * n + person.pk % 7, "centiseconds": 300_000}
            day = today - timedelta(days=n)
            JudgeDay.objects.update_or_create(
                batch=batch, judge=person, day=day, defaults=work
            )
    return batch


@pytest.fixture
def running(admin):
    """A running import with refused rows."""
    source_file = Import.objects.create(
        state="running", file_name="faces.tsv", rows_read=500
    )
    for line in range(1, 30):
        RefusedRow.objects.create(
            source=source_file, line=line, reason="No key.", row="x\ty"
        )
    return source_file


def address_of(batch):
    return reverse("batch", args=[batch.pk])


def all_pages(batch, running):
    entity = batch.batchentity_set.first().entity
    candidate = entity.candidates.first()
    return [
        "/",
        reverse("batches"),
        address_of(batch),
        reverse("imports"),
        reverse("import", args=[running.pk]),
        reverse("entities"),
        reverse("entity", args=[entity.key]),
        reverse("candidate", args=[entity.key, candidate.pk]),
        reverse("erase-entity", args=[entity.key]),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE])
def test_every_page_is_accessible_and_fits(
    opened, admin, watched, running, theme, size
):
    page = opened(admin, "/", viewport=size, color_scheme=theme)
    assert_all_accessible(page, all_pages(watched, running))


def test_plots_draw_their_tables(opened, admin, watched):
    page = opened(admin, address_of(watched))
    plots = page.locator(".plot")
    expect(plots).to_have_count(2)
    for n in range(2):
        expect(plots.nth(n).locator("canvas")).to_be_visible()
        assert plots.nth(n).evaluate(PLOT_IS_DRAWN)
    legend = plots.first.locator(".u-legend")
    expect(legend).to_contain_text("jo")
    expect(legend).to_contain_text("olga")


def test_the_table_of_a_plot_is_opened_by_keyboard_and_stays_open(
    opened, admin, watched
):
    page = opened(admin, address_of(watched))
    button = page.get_by_role("button", name="Table of verdicts per day")
    table = page.get_by_role("region", name="Verdicts per day")
    expect(table).to_be_hidden()
    button.focus()
    press(page, "Enter")
    expect(table).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(table.get_by_role("row")).to_have_count(8)
    assert_accessible(page)
    page.evaluate("htmx.trigger('#days', 'htmx:abort')")
    page.evaluate(
        "htmx.ajax('GET', document.querySelector('#days').getAttribute('hx-get'),"
        " {target: '#days', swap: 'outerHTML'})"
    )
    expect(page.locator("#days canvas")).to_have_count(2)
    expect(table).to_be_visible()
    press(page, "Enter")
    expect(table).to_be_hidden()


def test_a_plot_follows_the_theme_and_the_window(opened, admin, watched):
    page = opened(admin, address_of(watched), color_scheme="light")
    # Drawing again replaces the canvas, so look it up each time.
    pixels = "document.querySelector('.plot canvas')?.toDataURL()"
    light = page.evaluate(pixels)
    page.emulate_media(color_scheme="dark")
    eventually(lambda: page.evaluate(pixels) not in (light, None))
    page.set_viewport_size(PHONE)
    comes_true(page, "document.querySelector('.uplot').clientWidth < 390")
    assert not page.evaluate(SCROLLS_SIDEWAYS)


def test_without_scripts_the_table_is_the_plot(opened, admin, watched):
    page = opened(admin, address_of(watched), java_script_enabled=False)
    expect(page.get_by_role("region", name="Verdicts per day")).to_be_visible()
    expect(page.get_by_role("button", name="Table of verdicts per day")).to_be_hidden()


def test_a_held_page_is_released_by_keyboard(opened, admin, judge, watched):
    assignment = queue.held_pages(judge)[0]
    page = opened(admin, address_of(watched))
    button = page.get_by_role("button", name=f"Release the page of {judge.username}")
    button.focus()
    press(page, "Enter")
    expect(page.get_by_role("status").first).to_contain_text("The page is free again")
    assignment.refresh_from_db()
    assert assignment.state == "released"


def test_a_part_that_is_out_of_date_says_so(opened, admin, watched):
    page = opened(admin, address_of(watched))
    page.route("**/*", lambda route: route.abort())
    page.evaluate("htmx.trigger('#state', 'every')")
    page.evaluate(
        "htmx.ajax('GET', location.pathname, {source: '#state', target: '#state', swap: 'outerHTML'}).catch(() => 0)"
    )
    note = page.locator("#state [data-stale]")
    expect(note).to_contain_text("Not up to date since")
    page.unroute("**/*")
    page.evaluate(
        "htmx.ajax('GET', location.pathname, {source: '#state', target: '#state', swap: 'outerHTML'})"
    )
    expect(note).to_be_hidden()


def test_a_history_opens_above_the_page_and_returns_the_focus(opened, admin, watched):
    entity = watched.batchentity_set.first().entity
    page = opened(admin, reverse("entity", args=[entity.key]))
    link = page.get_by_role("link", name="History").first
    link.focus()
    press(page, "Enter")
    dialog = page.get_by_role("dialog", name="History")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("row").nth(1)).to_be_visible()
    assert_accessible(page)
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_a_representative_is_chosen_by_keyboard(opened, admin, watched):
    entity = watched.batchentity_set.first().entity
    page = opened(admin, reverse("entity", args=[entity.key]))
    page.get_by_role("button", name="the representative").nth(1).focus()
    press(page, "Enter")
    expect(page.get_by_text("Chosen as the representative.")).to_be_visible()
    entity.refresh_from_db()
    assert entity.representative is not None


def test_entities_are_found_while_the_name_is_typed(opened, admin, watched):
    page = opened(admin, reverse("entities"))
    page.get_by_label("Key or name begins with").press_sequentially("person 1")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("link", name="Person 1")).to_be_visible()
    page.get_by_label("Key or name begins with").fill("nobody")
    expect(page.get_by_text("No key or name begins with")).to_be_visible()


def test_buttons_of_admins_are_large_enough_for_fingers(opened, admin, watched):
    page = opened(
        admin, address_of(watched), viewport=PHONE, has_touch=True, is_mobile=True
    )
    assert_large(page, "main button:visible, main .button:visible, .nav a:visible")
