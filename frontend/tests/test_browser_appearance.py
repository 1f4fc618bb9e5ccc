"""The appearance of pages: sizes, themes and accessibility."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotations import batches, queue

from .accessibility import (
    PHONE,
    SCROLLS_DOWN,
    SCROLLS_SIDEWAYS,
    assert_accessible,
    assert_large,
)
from .scenes import mark, opened_batch
from .screen import go_to_grid, grid_of, pictures_shown, press


@pytest.fixture(params=["light", "dark"])
def theme(request):
    """The colour scheme of the system."""
    return {"color_scheme": request.param}


def test_sign_in_is_accessible_and_works(opened, judge, theme):
    judge.set_password("correct horse battery")
    judge.save()
    page = opened(None, "/", **theme)
    assert_accessible(page)
    page.get_by_label("Name").fill(judge.username)
    page.get_by_label("Password").fill("wrong")
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Password").fill("correct horse battery")
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Hello, jo")).to_be_visible()


def test_a_judges_home_is_accessible(opened, judge, theme):
    page = opened(judge, "/", **theme)
    assert_accessible(page)
    opened_batch(judge)
    page.reload()
    assert_accessible(page)
    page.locator(".account summary").click()
    assert_accessible(page)


def test_an_admins_pages_are_accessible(opened, admin, judge, theme):
    batch = opened_batch(judge)
    page = opened(admin, "/", **theme)
    assert_accessible(page)
    addresses = [
        reverse("imports"),
        reverse("new-batch"),
        reverse("batch", args=[batch.pk]),
        reverse("change-password"),
    ]
    for address in addresses:
        page.goto(address)
        assert_accessible(page)


def test_the_grid_is_accessible_in_all_its_states(opened, judge, theme):
    batch = opened_batch(judge, count=8, unreadable=1)
    page = opened(judge, grid_of(batch), **theme)
    pictures_shown(page)
    assert_accessible(page)
    press(page, "y", "n", "b", "s", "Enter")
    assert_accessible(page)
    press(page, "r")
    assert_accessible(page)
    press(page, "Escape", "?")
    assert_accessible(page)
    press(page, "Escape", "f")
    assert_accessible(page)
    for dialog in ("more", "skip", "comment", "report", "refused", "sign-in", "look"):
        page.evaluate(
            """id => { document.querySelector("dialog[open]").close();
                       document.getElementById(id).showModal(); }""",
            dialog,
        )
        assert_accessible(page)


def test_the_grid_without_a_network_is_accessible(opened, judge, theme):
    page = opened(judge, grid_of(opened_batch(judge, count=4)), **theme)
    pictures_shown(page)
    page.context.set_offline(True)
    press(page, "y", "n")
    expect(page.locator("#saving")).to_have_text("Offline · 2 waiting")
    assert_accessible(page)


def test_own_pages_are_accessible(opened, judge, theme):
    batch = opened_batch(judge, count=1)
    queue.lease(judge=judge, batch=batch)
    page = opened(judge, reverse("own-pages", args=[batch.pk]), **theme)
    expect(page.get_by_role("link", name="Person 0")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("surround", ["white", "grey", "black"])
def test_the_appearance_is_chosen_and_stays(opened, judge, surround):
    batch = opened_batch(judge, count=30)
    page = opened(judge, grid_of(batch))
    before = page.locator(".tile").first.bounding_box()["width"]
    page.locator(".account summary").click()
    page.get_by_role("button", name="Appearance").click()
    page.get_by_label("Theme").select_option("dark")
    page.get_by_label("Background").select_option(surround)
    page.get_by_label("Smallest size of a picture").fill("240")
    press(page, "Escape")
    for _ in range(2):
        root = page.locator("html")
        expect(root).to_have_attribute("data-theme", "dark")
        expect(root).to_have_attribute("data-surround", surround)
        ground = "getComputedStyle(document.body).colorScheme"
        assert page.evaluate(ground) == "dark"
        assert page.locator(".tile").first.bounding_box()["width"] > before
        assert_accessible(page)
        page.reload()
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_guidelines_are_shown_first_and_again_when_they_change(opened, judge):
    batch = opened_batch(judge, count=2, guidelines="Hats are no.")
    page = opened(judge, grid_of(batch))
    panel = page.get_by_role("region", name="Guidelines")
    expect(panel).to_contain_text("Hats are no.")
    # The guidelines do not block marking.
    press(page, "y")
    expect(page.locator(".tile").first).to_have_attribute("data-verdict", "yes")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    page.reload()
    expect(panel).to_be_hidden()
    press(page, "g")
    expect(panel).to_be_visible()
    batches.update(batch=batch, by=batch.created_by, guidelines="Hats are yes.")
    press(page, "g")
    page.reload()
    expect(panel).to_contain_text("Hats are yes.")


def test_a_break_is_proposed_after_long_work(opened, judge):
    page = opened(judge, "/")
    page.clock.install()
    go_to_grid(page, opened_batch(judge, count=2))
    for _ in range(16):
        page.clock.run_for(120_000)
        press(page, "ArrowRight")
    page.clock.run_for(16_000)
    expect(page.locator('[data-notice="pause"]')).to_contain_text("30 minutes")


def test_the_end_of_a_batch_is_accessible(opened, judge, theme):
    batch = opened_batch(judge, count=1)
    assignment = queue.lease(judge=judge, batch=batch)
    mark(judge, assignment.tile_id(0), "yes")
    queue.submit(assignment_id=assignment.pk, judge=judge)
    page = opened(judge, grid_of(batch), **theme)
    expect(page.get_by_role("heading", name="All done")).to_be_focused()
    assert_accessible(page)


def test_thirty_pictures_fit_on_a_desktop_without_scrolling(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=30)))
    pictures_shown(page)
    assert not page.evaluate(SCROLLS_DOWN)
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    box = page.locator(".tile").first.bounding_box()
    assert min(box["width"], box["height"]) >= 140


@pytest.mark.parametrize("size", [PHONE, {"width": 720, "height": 450}])
def test_small_windows_never_scroll_sideways(opened, judge, admin, size):
    batch = opened_batch(judge, count=30)
    page = opened(judge, grid_of(batch), viewport=size)
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    page.goto("/")
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    page = opened(admin, "/", viewport=size)
    for address in ("/", reverse("new-batch"), reverse("batch", args=[batch.pk])):
        page.goto(address)
        assert not page.evaluate(SCROLLS_SIDEWAYS), address


def test_targets_for_fingers_have_44_pixels(opened, judge):
    batch = opened_batch(judge, count=3)
    page = opened(judge, grid_of(batch), viewport=PHONE, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="More …").tap()
    assert_large(page, "#more button")
    press(page, "Escape")
    assert_large(page, ".marking button:visible, .tile, .bar button:visible")
    assert_large(page, ".guidelines button, .likeness button, .account summary")


def test_nothing_moves_while_a_page_loads(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=30)))
    pictures_shown(page)
    shifts = page.evaluate(
        """() => new Promise(done => new PerformanceObserver(list => done(
            list.getEntries().reduce((sum, e) => sum + e.value, 0)
        )).observe({type: 'layout-shift', buffered: true})
        || setTimeout(() => done(0), 500))"""
    )
    assert shifts < 0.01


def test_a_frame_is_drawn_where_the_manifest_places_it(opened, judge):
    batch = opened_batch(judge, count=1)
    batch.batchentity_set.get().entity.candidates.update(frame=[0.25, 0.25, 0.75, 0.75])
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    picture = page.locator(".tile img").bounding_box()
    frame = page.locator(".frame rect").first.bounding_box()
    centre = (frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    middle = (picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    assert centre == pytest.approx(middle, abs=2)
    picture_side = min(picture["width"], picture["height"])
    assert frame["height"] == pytest.approx(picture_side / 2, rel=0.1)


def test_no_page_breaks_the_content_security_policy(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, "/")
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    go_to_grid(page, batch)
    press(page, "y", "r", "Enter", "f", "Escape", "?", "Escape")
    page.wait_for_timeout(300)
    assert [c for c in complaints if "Security" in c or "violat" in c] == []
