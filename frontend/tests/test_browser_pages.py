"""From page to page in a real browser: prefetched, submitted, refused, opened again."""

import re

from playwright.sync_api import expect

from annotations import batches, queue
from annotations.models import Assignment, Candidate, Judgment, JudgmentRevision

from .scenes import add_picture, mark, opened_batch, verdicts_of
from .screen import (
    all_saved,
    comes_true,
    fetched_ahead,
    focused,
    grid_of,
    pictures_shown,
    press,
    verdicts,
)


def is_shown(page, name) -> None:
    """Wait until the page of this person is shown."""
    expect(page.locator("#page h2", has_text=name)).to_be_visible()


def submitted_count(batch) -> int:
    """Return the number of submitted pages of the batch."""
    return batch.assignment_set.filter(state="submitted").count()


def test_the_next_page_and_its_pictures_are_there_before_enter(opened, judge):
    batch = opened_batch(judge, entities=3, count=3, order="rank")
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    page.context.set_offline(True)
    press(page, "y", "y", "y", "Enter")
    is_shown(page, "Person 1")
    loaded = page.locator(".tile img").evaluate_all(
        "all => all.map(img => img.complete && img.naturalWidth > 0)"
    )
    assert loaded == [True, True, True]
    assert focused(page) == 0
    # Two pages are the most that anybody holds: without a network it ends here.
    press(page, "n", "n", "n", "Enter")
    expect(page.locator("#said")).to_contain_text("when your marks are saved")
    page.context.set_offline(False)
    all_saved(page)
    press(page, "Enter")
    is_shown(page, "Person 2")
    assert verdicts_of(judge, batch) == 3 * ["no"] + 3 * ["yes"]
    assert submitted_count(batch) == 2


def test_title_and_place_follow_the_page(opened, judge):
    batch = opened_batch(judge, entities=2, count=2, page_size=1, order="rank")
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    expect(page.locator("#page-of")).to_have_text("page 1 of about 2")
    press(page, "y", "Enter")
    expect(page.locator("#page-of")).to_have_text(re.compile("page . of about 2"))
    all_saved(page)
    fetched_ahead(page)
    press(page, "y", "Enter")
    is_shown(page, "Person 1")
    assert page.title() == "Person 1 · First batch · Labeler"


def test_a_page_that_is_not_taken_comes_back_with_the_reason(opened, judge):
    batch = opened_batch(judge, entities=2, count=2, order="rank")
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    answers = [200]

    def forget_a_mark(route):
        answers.pop()
        first = queue.held_pages(judge)[0]
        Judgment.objects.filter(candidate=first.candidates[1]).delete()
        route.continue_()
        page.unroute("**/submit/")

    page.route("**/submit/", forget_a_mark)
    press(page, "y", "y", "Enter")
    is_shown(page, "Person 0")
    expect(page.locator("#said")).to_contain_text(
        "The page was not submitted. 1 picture has no verdict yet."
    )
    assert focused(page) == 1
    all_saved(page)
    press(page, "n", "Enter")
    is_shown(page, "Person 1")
    all_saved(page)
    assert submitted_count(batch) == 1
    assert verdicts_of(judge, batch) == ["no", "yes"]


def test_undo_goes_back_through_pages(opened, judge):
    batch = opened_batch(judge, entities=2, count=3, order="rank")
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    # The second mark of the first tile is a correction, which can be undone for good.
    press(page, "y", "y", "y", "Home", "n", "Enter")
    is_shown(page, "Person 1")
    press(page, "b")
    all_saved(page)
    press(page, "u")
    assert verdicts(page) == ["", "", ""]
    press(page, "Control+z")
    is_shown(page, "Person 0")
    assert verdicts(page) == ["yes", "yes", "yes"]
    assert focused(page) == 0
    all_saved(page)
    assert verdicts_of(judge, batch) == ["yes", "yes", "yes"]
    expect(page.locator("#submit")).to_contain_text("Back to your page")
    press(page, "Enter")
    is_shown(page, "Person 1")
    press(page, "Control+Shift+z")
    is_shown(page, "Person 0")
    assert verdicts(page) == ["no", "yes", "yes"]
    press(page, "i")
    is_shown(page, "Person 1")
    assert verdicts(page) == ["broken", "", ""]
    all_saved(page)
    assert verdicts_of(judge, batch) == ["broken", "no", "yes", "yes"]


def test_undoing_a_first_mark_of_a_submitted_page_asks_for_another(opened, judge):
    batch = opened_batch(judge, entities=2, count=2, order="rank")
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    press(page, "y", "y", "Enter")
    is_shown(page, "Person 1")
    press(page, "u")
    is_shown(page, "Person 0")
    expect(page.locator("#said")).to_contain_text("Change the verdict instead")
    assert focused(page) == 1
    assert verdicts(page) == ["yes", "yes"]
    press(page, "n")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["no", "yes"]
    assert JudgmentRevision.objects.count() == 1
    press(page, "Enter")
    is_shown(page, "Person 1")


def test_undo_still_works_after_a_reload(opened, judge):
    batch = opened_batch(judge, entities=2, count=2, order="rank")
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    press(page, "y", "y", "Home", "n", "Enter")
    is_shown(page, "Person 1")
    all_saved(page)
    page.reload()
    is_shown(page, "Person 1")
    press(page, "u")
    is_shown(page, "Person 0")
    expect(page.locator(".tile").first).to_have_attribute("data-verdict", "yes")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["yes", "yes"]


def test_own_pages_can_be_opened_and_corrected(opened, judge):
    batch = opened_batch(judge, entities=2, count=2, order="rank")
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    press(page, "y", "y", "Enter")
    is_shown(page, "Person 1")
    all_saved(page)
    page.locator(".account summary").click()
    page.get_by_role("link", name="Your earlier pages").click()
    page.get_by_role("link", name="Person 0").click()
    is_shown(page, "Person 0")
    assert verdicts(page) == ["yes", "yes"]
    press(page, "n")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["no", "yes"]
    press(page, "Enter")
    is_shown(page, "Person 1")


def test_two_tabs_work_on_one_batch_without_doubles(opened, judge):
    batch = opened_batch(judge, entities=2, count=3, order="rank")
    first = opened(judge, grid_of(batch))
    fetched_ahead(first)
    second = first.context.new_page()
    second.goto(grid_of(batch))
    press(first, "y")
    # What one tab marks, the other shows.
    expect(second.locator(".tile").first).to_have_attribute("data-verdict", "yes")
    press(second, "ArrowRight", "n", "n")
    all_saved(second)
    expect(first.locator(".tile").nth(2)).to_have_attribute("data-verdict", "no")
    press(second, "Enter")
    is_shown(second, "Person 1")
    # A page handed in by one is left by the other.
    is_shown(first, "Person 1")
    all_saved(first)
    assert verdicts_of(judge, batch) == ["no", "no", "yes"]
    assert not JudgmentRevision.objects.exists()
    assert submitted_count(batch) == 1


def test_marks_that_a_closed_tab_left_are_sent_by_the_next_visit(opened, judge):
    batch = opened_batch(judge, count=3)
    page = opened(judge, grid_of(batch))
    page.route("**/api/v1/judgments/", lambda route: route.abort())
    press(page, "y", "n")
    expect(page.locator("#saving")).to_contain_text("2 waiting")
    page.close()
    home = page.context.new_page()
    home.goto("/")
    expect(home.locator("#waiting")).to_contain_text("All marks are sent")
    assert verdicts_of(judge, batch) == ["no", "yes"]


def test_a_judge_who_waits_gets_a_page_that_comes_back(opened, judge, other_judge):
    batch = opened_batch(judge, other_judge, count=2, judges_required=1)
    assignment = queue.lease(judge=other_judge, batch=batch)
    page = opened(judge, "/")
    page.clock.install()
    page.goto(grid_of(batch))
    expect(
        page.get_by_role("heading", name="Other judges are working on the last pages")
    ).to_be_visible()
    queue.release(assignment_id=assignment.pk, judge=other_judge)
    page.clock.run_for(61_000)
    is_shown(page, "Person 0")
    press(page, "y")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["yes"]


def test_what_is_fetched_ahead_counts_as_seen_by_nobody(opened, judge):
    batch = opened_batch(judge, entities=2, count=2)
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    pictures_shown(page)
    assert Assignment.objects.filter(state="held").count() == 2
    press(page, "r", "Enter")
    all_saved(page)
    assert len(verdicts_of(judge, batch)) == 2


def test_settled_pictures_are_shown_beside_the_page(opened, judge, other_judge, admin):
    batch = opened_batch(judge, count=2)
    entity = batch.batchentity_set.get().entity
    later = settle_later_picture(entity, other_judge, admin)
    page = opened(judge, grid_of(batch))
    picture = page.locator(".settled img")
    expect(picture).to_have_count(1)
    comes_true(page, "document.querySelector('.settled img').naturalWidth > 0")
    assert later.image.sha256 not in page.content()


def settle_later_picture(entity, other, admin) -> Candidate:
    """A picture that came after the batch was opened, settled as yes in another."""
    later = add_picture(entity, 4711)
    batch = batches.create(
        by=admin, name="Second", entities=[entity.key], judges_required=1
    )
    batches.add_judges(batch=batch, usernames=[other.username], by=admin)
    batches.open_batch(batch=batch, by=admin)
    page = queue.lease(judge=other, batch=batch)
    for position in range(len(page.candidates)):
        mark(other, page.tile_id(position), "yes")
    return later
