"""The number of actions per page. The full table is in docs/judging.md."""

import random

import pytest
from playwright.sync_api import expect

from .judging import Hand, work_off
from .scenes import opened_batch, verdicts_of
from .screen import all_saved, grid_of, pictures_shown, verdicts


@pytest.mark.parametrize("way", ["mouse", "keys and mouse"])
def test_thirty_pictures_with_six_wrong_take_nine_actions(opened, judge, way):
    batch = opened_batch(judge, count=30)
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    wrong = random.Random(7).sample(range(30), 6)
    hand = Hand(page)
    work_off(hand, wrong, 30, way)
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert hand.actions <= 9
    assert verdicts_of(judge, batch) == 6 * ["no"] + 24 * ["yes"]


def test_every_way_leads_to_the_same_verdicts(opened, judge):
    batch = opened_batch(judge, count=8, entities=2, order="rank")
    page = opened(judge, grid_of(batch))
    pictures_shown(page)
    work_off(Hand(page), [0, 3, 5], 8, "keys")
    expect(page.locator("h2", has_text="Person 1")).to_be_visible()
    pictures_shown(page)
    work_off(Hand(page), [0, 1, 2, 4, 5, 7], 8, "keys and mouse")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    all_saved(page)
    assert verdicts(page) == []
    assert verdicts_of(judge, batch) == 9 * ["no"] + 7 * ["yes"]


def test_a_page_is_labelled_by_touch_alone(opened, judge):
    batch = opened_batch(judge, count=6)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = opened(judge, grid_of(batch), is_mobile=True, **phone)
    page.locator('[data-act="close-guidelines"]').tap()
    pictures_shown(page)
    work_off(Hand(page), [1, 4], 6, "touch")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert verdicts_of(judge, batch) == 2 * ["no"] + 4 * ["yes"]
