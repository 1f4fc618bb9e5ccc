"""Label pages in a real browser: by keys, by mouse and by touch."""

import re

import pytest
from playwright.sync_api import expect

from annotations.models import AssignmentState, Judgment

from .scenes import opened_batch, verdicts_of
from .screen import (
    all_saved,
    comes_true,
    focused,
    go_to_grid,
    grid_of,
    pictures_shown,
    press,
    verdicts,
)


def test_a_whole_page_is_labelled_by_keys_alone(opened, judge):
    batch = opened_batch(judge, entities=2, count=6, order="rank")
    page = opened(judge, grid_of(batch))
    expect(page.locator("h2", has_text="Person 0")).to_be_visible()
    press(page, "1", "y", "2", "n", "3", "b")
    all_saved(page)
    assert verdicts(page) == ["yes", "yes", "no", "no", "broken", "broken"]
    press(page, "Enter")
    expect(page.locator("h2", has_text="Person 1")).to_be_visible()
    all_saved(page)
    assert verdicts_of(judge, batch) == 2 * ["broken"] + 2 * ["no"] + 2 * ["yes"]
    assert {j.how for j in Judgment.objects.all()} == {"key"}
    states = batch.assignment_set.order_by("pk").values_list("state", flat=True)
    assert list(states) == [AssignmentState.SUBMITTED, AssignmentState.HELD]
    # The listeners still work on the new page, and the focus is on its first tile.
    assert focused(page) == 0
    press(page, "n")
    all_saved(page)
    assert verdicts(page)[0] == "no"


def test_a_whole_page_is_labelled_by_mouse_alone(opened, judge):
    batch = opened_batch(judge, count=6)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    page.locator(".tile").nth(1).click()
    page.locator(".tile").nth(4).click()
    page.get_by_role("button", name="Yes 1").click()
    page.locator(".tile").nth(0).click()
    page.get_by_role("button", name="The rest is yes").click()
    expect(page.locator("[data-preview-text]")).to_contain_text("3 pictures as yes")
    assert verdicts(page) == ["yes", "no", "", "", "no", ""]
    page.get_by_role("button", name="Mark Enter").click()
    all_saved(page)
    assert verdicts(page) == ["yes", "no", "yes", "yes", "no", "yes"]
    page.locator("#submit").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    hows = sorted(Judgment.objects.values_list("how", flat=True))
    assert hows == 3 * ["click"] + 3 * ["fill"]


def test_a_page_is_labelled_by_touch(opened, judge):
    batch = opened_batch(judge, count=2)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = opened(judge, grid_of(batch), is_mobile=True, **phone)
    page.locator('[data-brush="yes"]').tap()
    page.locator(".tile").nth(0).tap()
    page.locator('[data-brush="no"]').tap()
    page.locator(".tile").nth(1).tap()
    all_saved(page)
    page.locator("#submit").tap()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert verdicts_of(judge, batch) == ["no", "yes"]


def test_enter_goes_to_the_first_unmarked_tile_and_says_how_many(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=4)))
    press(page, "y", "ArrowRight", "y", "Enter")
    assert focused(page) == 1
    expect(page.locator("#said")).to_have_text("2 pictures have no verdict yet.")


def test_arrows_home_and_end_move_the_focus(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=30)))
    columns = int(page.locator(".tiles").get_attribute("data-columns"))
    assert focused(page) == 0
    for key, place in [
        ("ArrowRight", 1),
        ("ArrowDown", 1 + columns),
        ("ArrowLeft", columns),
        ("ArrowUp", 0),
        ("ArrowUp", 0),
        ("End", 29),
        ("ArrowRight", 29),
        ("Home", 0),
    ]:
        press(page, key)
        assert focused(page) == place, key
    assert page.locator('.tile[tabindex="0"]').count() == 1


def test_tab_leads_to_the_links_of_the_tile_and_on(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=3)))
    press(page, "Tab")
    expect(page.locator('.tile >> nth=0 >> [data-link="source"]')).to_be_focused()
    press(page, "Tab")
    expect(page.locator('.tile >> nth=0 >> [data-link="full"]')).to_be_focused()
    press(page, "Tab")
    assert focused(page) == -1
    expect(page.locator(".likeness button")).to_be_focused()
    press(page, "Tab")
    expect(page.locator('[data-brush="yes"]')).to_be_focused()


@pytest.mark.parametrize("keys", ["u", "Control+z"])
def test_undo_takes_marks_of_this_page_back_one_by_one(opened, judge, keys):
    batch = opened_batch(judge, count=3)
    page = opened(judge, grid_of(batch))
    press(page, "y", "n", keys)
    all_saved(page)
    assert verdicts(page) == ["yes", "", ""]
    assert focused(page) == 1
    assert verdicts_of(judge, batch) == ["yes"]
    press(page, "Home", "n", keys)
    all_saved(page)
    assert verdicts(page) == ["yes", "", ""]
    assert verdicts_of(judge, batch) == ["yes"]


def test_a_fill_is_undone_as_one(opened, judge):
    batch = opened_batch(judge, count=4)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    press(page, "n", "r", "Enter")
    all_saved(page)
    assert verdicts(page) == ["no", "yes", "yes", "yes"]
    press(page, "u")
    all_saved(page)
    assert verdicts(page) == ["no", "", "", ""]
    assert verdicts_of(judge, batch) == ["no"]


def test_the_rest_can_be_no_and_is_nothing_before_it_is_confirmed(opened, judge):
    batch = opened_batch(judge, count=4)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    press(page, "t")
    expect(page.locator("[data-preview-text]")).to_contain_text("4 pictures as no")
    press(page, "Escape")
    expect(page.locator(".preview")).to_be_hidden()
    assert verdicts(page) == ["", "", "", ""]
    assert verdicts_of(judge, batch) == []
    press(page, "r", "n", "Enter")
    all_saved(page)
    assert verdicts_of(judge, batch) == 4 * ["no"]


def test_a_fill_marks_broken_files_as_broken(opened, judge):
    batch = opened_batch(judge, count=3, unreadable=1)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    press(page, "r", "Enter")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["broken", "yes", "yes"]
    broken = page.locator('.tile[data-verdict="broken"]')
    assert broken.get_attribute("data-unreadable") == ""


def test_broken_files_are_proposed_as_broken_and_confirmed(opened, judge):
    batch = opened_batch(judge, count=3, unreadable=1)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    last = page.locator(".tile").nth(2)
    expect(last).to_have_attribute("data-proposed", "broken")
    expect(last).to_have_attribute("aria-label", re.compile("proposed broken"))
    press(page, "y", "n")
    assert verdicts(page) == ["yes", "no", ""]
    press(page, "Enter")
    expect(page.locator("[data-preview-text]")).to_have_text(
        "Mark 1 broken file as broken?"
    )
    press(page, "Enter")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["broken", "no", "yes"]


def test_a_fill_leaves_pictures_that_were_not_seen(opened, judge):
    batch = opened_batch(judge, count=60)
    small = {"width": 390, "height": 844}
    page = opened(judge, grid_of(batch), viewport=small)
    page.locator('[data-act="close-guidelines"]').click()
    page.evaluate("scrollTo(0, 0)")
    comes_true(page, "document.querySelector('.tile').dataset.seen === ''")
    page.wait_for_timeout(300)
    bar = page.locator(".marking").bounding_box()["y"]
    press(page, "r")
    expect(page.locator("[data-preview-text]")).to_contain_text("not seen yet")
    press(page, "Enter")
    all_saved(page)
    given_verdicts = verdicts_of(judge, batch)
    assert 0 < len(given_verdicts) < 30
    # Pictures under the bottom bar were not seen.
    for tile in page.locator('.tile[data-verdict="yes"]').all():
        assert tile.bounding_box()["y"] < bar


def test_a_stroke_across_tiles_is_one_step(opened, judge):
    batch = opened_batch(judge, count=12)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    first, last = (page.locator(".tile").nth(n).bounding_box() for n in (0, 3))
    page.mouse.move(first["x"] + 40, first["y"] + 40)
    page.mouse.down()
    page.mouse.move(last["x"] + 40, last["y"] + 40, steps=20)
    page.mouse.up()
    all_saved(page)
    assert verdicts(page)[:6] == ["no", "no", "no", "no", "", ""]
    assert verdicts_of(judge, batch) == 4 * ["no"]
    press(page, "u")
    all_saved(page)
    assert verdicts_of(judge, batch) == []
    press(page, "i")
    all_saved(page)
    assert verdicts_of(judge, batch) == 4 * ["no"]


def test_a_finger_drawn_along_a_row_paints(opened, judge):
    batch = opened_batch(judge, count=9)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = opened(judge, grid_of(batch), is_mobile=True, **phone)
    page.locator('[data-act="close-guidelines"]').tap()
    first, last = (page.locator(".tile").nth(n).bounding_box() for n in (0, 2))
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    y = first["y"] + 40
    send("touchStart", {"x": first["x"] + 40, "y": y})
    for step in range(1, 11):
        x = first["x"] + 40 + (last["x"] - first["x"]) * step / 10
        send("touchMove", {"x": x, "y": y})
    send("touchEnd")
    all_saved(page)
    assert verdicts(page)[:4] == ["no", "no", "no", ""]


def test_a_long_touch_zooms_and_marks_nothing(opened, judge):
    batch = opened_batch(judge, count=3)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = opened(judge, grid_of(batch), is_mobile=True, **phone)
    page.locator('[data-act="close-guidelines"]').tap()
    box = page.locator(".tile").nth(1).bounding_box()
    touch = page.context.new_cdp_session(page)
    point = {"x": box["x"] + 50, "y": box["y"] + 50}
    pressed = {"type": "touchStart", "touchPoints": [point]}
    touch.send("Input.dispatchTouchEvent", pressed)
    expect(page.locator("#zoom")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#zoom")).to_be_hidden()
    page.wait_for_timeout(300)
    assert verdicts(page) == ["", "", ""]
    page.locator(".tile").nth(1).tap()
    assert verdicts(page) == ["", "no", ""]


def test_after_a_click_a_verdict_key_chooses_the_brush(opened, judge):
    batch = opened_batch(judge, count=6)
    page = opened(judge, grid_of(batch))
    page.locator(".tile").nth(2).click()
    press(page, "3")
    expect(page.locator('[data-brush="broken"]')).to_have_attribute(
        "aria-pressed", "true"
    )
    page.locator(".tile").nth(3).click()
    press(page, "ArrowRight", "1")
    assert verdicts(page) == ["", "", "no", "broken", "yes", ""]
    page.reload()
    expect(page.locator('[data-brush="broken"]')).to_have_attribute(
        "aria-pressed", "true"
    )


@pytest.mark.parametrize("means", ["key", "press"])
def test_holding_zooms_beside_the_representative(opened, judge, means):
    page = opened(judge, grid_of(opened_batch(judge, count=3)))
    pictures_shown(page)
    box = page.locator(".tile").nth(1).bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    if means == "key":
        page.keyboard.down("z")
    else:
        page.mouse.down()
    expect(page.locator("#zoom")).to_be_visible()
    address = page.locator('#zoom [data-view="picture"]').get_attribute("src")
    place = 0 if means == "key" else 1
    assert address.endswith(f".{place}/image/") or means == "key"
    expect(page.locator('#zoom [data-view="likeness"]')).to_be_visible()
    if means == "key":
        page.keyboard.up("z")
    else:
        page.mouse.up()
    expect(page.locator("#zoom")).to_be_hidden()
    assert verdicts(page) == ["", "", ""]


def test_a_picture_that_does_not_load_says_so_and_is_not_broken(opened, judge):
    batch = opened_batch(judge, count=3)
    page = opened(judge, "/")
    failing = [True]

    def fail(route):
        if failing:
            route.abort()
        else:
            route.continue_()

    page.route("**/*.1/thumbnail/", fail)
    go_to_grid(page, batch)
    tile = page.locator(".tile:has(img[src*='.1/'])")
    expect(tile).to_have_attribute("data-failed", "")
    comes_true(
        page,
        "[...document.querySelectorAll('.tile')].filter(t => 'seen' in t.dataset"
        " && t.querySelector('img').naturalWidth > 0).length == 2",
    )
    press(page, "r")
    expect(page.locator("[data-preview-text]")).to_contain_text(
        "2 pictures as yes? 1 picture not seen yet will stay unmarked."
    )
    press(page, "Escape")
    failing.clear()
    expect(tile).not_to_have_attribute("data-failed", "", timeout=10_000)


def test_seconds_are_the_time_of_visibility(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    page.wait_for_timeout(600)
    press(page, "y", "y")
    all_saved(page)
    first, second = Judgment.objects.order_by("client_id")
    assert 50 <= first.centiseconds <= 1000
    assert second.centiseconds < first.centiseconds
