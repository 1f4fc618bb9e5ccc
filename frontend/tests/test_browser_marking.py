"""Label pages in a real browser: by keys, by mouse, by finger."""

import pytest
from playwright.sync_api import expect

from annotations.models import AssignmentState, Judgment

from .scenes import opened_batch, verdicts_of
from .screen import all_saved, focused, grid_of, pictures_shown, press, verdicts


def test_a_whole_page_is_labelled_by_keys_alone(opened, judge):
    batch = opened_batch(judge, entities=2, count=6, order="rank")
    page = opened(judge, grid_of(batch))
    expect(page.locator("h2", has_text="Person 0")).to_be_visible()
    press(page, "1", "y", "2", "n", "3", "b")
    all_saved(page)
    assert verdicts(page) == ["yes", "yes", "no", "no", "broken", "broken"]
    press(page, "Enter")
    expect(page.locator("h2", has_text="Person 1")).to_be_visible()
    assert verdicts_of(judge, batch) == 2 * ["broken"] + 2 * ["no"] + 2 * ["yes"]
    assert {j.how for j in Judgment.objects.all()} == {"key"}
    states = batch.assignment_set.order_by("pk").values_list("state", flat=True)
    assert list(states) == [AssignmentState.SUBMITTED, AssignmentState.HELD]
    # The listeners outlive the change of page, and the focus is on its first tile.
    assert focused(page) == 0
    press(page, "n")
    all_saved(page)
    assert verdicts(page)[0] == "no"


def test_a_whole_page_is_labelled_by_mouse_alone(opened, judge):
    batch = opened_batch(judge, count=6)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    page.get_by_role("button", name="No 2").click()
    page.locator(".tile").nth(1).click()
    page.locator(".tile").nth(4).click()
    page.get_by_role("button", name="Yes 1").click()
    page.locator(".tile").nth(0).click()
    page.locator('[data-act="rest"]').click()
    expect(page.locator("[data-preview-text]")).to_contain_text("3 pictures as yes")
    assert verdicts(page) == ["yes", "no", "", "", "no", ""]
    page.get_by_role("button", name="Mark Enter").click()
    all_saved(page)
    assert verdicts(page) == ["yes", "no", "yes", "yes", "no", "yes"]
    page.locator("#submit").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    hows = sorted(Judgment.objects.values_list("how", flat=True))
    assert hows == 3 * ["click"] + 3 * ["fill"]


def test_a_page_is_labelled_by_finger(opened, judge):
    batch = opened_batch(judge, count=2)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = opened(judge, grid_of(batch), is_mobile=True, **phone)
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
    press(page, "r", "2")
    expect(page.locator("[data-preview-text]")).to_contain_text("4 pictures as no")
    press(page, "Escape")
    expect(page.locator(".preview")).to_be_hidden()
    assert verdicts(page) == ["", "", "", ""]
    assert verdicts_of(judge, batch) == []
    press(page, "r", "n", "Enter")
    all_saved(page)
    assert verdicts_of(judge, batch) == 4 * ["no"]


def test_a_fill_marks_what_cannot_be_shown_as_broken(opened, judge):
    batch = opened_batch(judge, count=3, unreadable=1)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    press(page, "r", "Enter")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["broken", "yes", "yes"]
    broken = page.locator('.tile[data-verdict="broken"]')
    assert broken.get_attribute("data-unreadable") == ""


def test_a_fill_leaves_what_has_not_been_on_the_screen(opened, judge):
    batch = opened_batch(judge, count=60)
    small = {"width": 390, "height": 844}
    page = opened(judge, grid_of(batch), viewport=small)
    page.wait_for_function("document.querySelector('.tile').dataset.seen === ''")
    press(page, "r")
    expect(page.locator("[data-preview-text]")).to_contain_text("not seen yet")
    press(page, "Enter")
    all_saved(page)
    given = verdicts_of(judge, batch)
    assert 0 < len(given) < 30


def test_a_skip_asks_for_a_reason_that_may_be_empty(opened, judge):
    batch = opened_batch(judge, count=3)
    page = opened(judge, grid_of(batch))
    press(page, "s")
    page.keyboard.type("I cannot tell")
    press(page, "Enter")
    expect(page.locator(".tile").nth(0)).to_have_attribute("data-verdict", "skip")
    press(page, "s", "Enter")
    expect(page.locator(".tile").nth(1)).to_have_attribute("data-verdict", "skip")
    press(page, "s", "Escape")
    all_saved(page)
    assert verdicts(page) == ["skip", "skip", ""]
    assert focused(page) == 2
    reasons = sorted(Judgment.objects.values_list("reason", flat=True))
    assert reasons == ["", "I cannot tell"]


def test_letters_do_nothing_while_a_dialog_or_a_chord_has_them(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    press(page, "Control+y", "Alt+n", "?")
    expect(page.locator("#keys")).to_be_visible()
    press(page, "y", "n", "Escape")
    expect(page.locator("#keys")).to_be_hidden()
    assert verdicts(page) == ["", ""]


def test_letters_can_be_switched_off(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    press(page, "?")
    page.locator("#letter-keys").uncheck()
    press(page, "Escape", "y", "1")
    assert verdicts(page) == ["", ""]
    page.reload()
    press(page, "y", "ArrowRight")
    assert verdicts(page) == ["", ""]
    assert focused(page) == 1


def test_the_full_picture_opens_beside_the_one_to_compare_with(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    press(page, "f")
    picture = page.locator('#viewer [data-view="picture"]')
    expect(picture).to_be_visible()
    assert picture.get_attribute("src").endswith("/image/")
    expect(page.locator('#viewer [data-view="likeness"]')).to_be_visible()
    press(page, "Escape")
    expect(picture).to_be_hidden()
    assert focused(page) == 0


def test_the_source_page_opens_in_another_tab_that_knows_nothing(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    link = page.locator('[data-link="source"]').first
    assert link.get_attribute("target") == "_blank"
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_seconds_are_the_time_that_was_looked(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    page.wait_for_timeout(600)
    press(page, "y", "y")
    all_saved(page)
    first, second = Judgment.objects.order_by("client_id")
    assert 50 <= first.centiseconds <= 1000
    assert second.centiseconds < first.centiseconds
