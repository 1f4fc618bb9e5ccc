"""Saving in a real browser: no mark is lost, and refused marks are shown."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from annotations import batches, queue
from annotations.models import Assignment, Candidate, Judgment, JudgmentRevision, Ruling

from .conftest import sign_in
from .scenes import mark, opened_batch, verdicts_of
from .screen import (
    all_saved,
    eventually,
    fetched_ahead,
    go_to_grid,
    grid_of,
    press,
    verdicts,
)

ROWS = """store => new Promise(resolve => {
    const request = indexedDB.open('labeler', 1);
    request.onsuccess = () => {
        const rows = request.result.transaction(store).objectStore(store).getAll();
        rows.onsuccess = () => { request.result.close(); resolve(rows.result); };
    };
})"""


def stored_count(page, store="waiting") -> int:
    """Return the number of marks in the browser's database."""
    return len(page.evaluate(ROWS, store))


def candidate_of(page_row, position):
    """Return the candidate of a tile."""
    return Candidate.objects.get(pk=page_row.candidates[position])


def test_marks_survive_a_reload(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=4)))
    press(page, "y", "n")
    all_saved(page)
    page.reload()
    assert verdicts(page) == ["yes", "no", "", ""]


def test_marks_made_without_a_network_arrive_once_each(opened, judge):
    batch = opened_batch(judge, count=4)
    page = opened(judge, grid_of(batch))
    page.context.set_offline(True)
    press(page, "y", "n", "b")
    expect(page.locator("#saving")).to_contain_text("3 waiting")
    assert stored_count(page) == 3
    assert not Judgment.objects.exists()
    page.context.set_offline(False)
    all_saved(page)
    assert verdicts_of(judge, batch) == ["broken", "no", "yes"]
    assert not JudgmentRevision.objects.exists()
    assert stored_count(page) == 0


def test_ten_marks_without_a_network_survive_a_reload_once_each(opened, judge):
    batch = opened_batch(judge, count=12)
    page = opened(judge, grid_of(batch))
    page.context.set_offline(True)
    press(page, *"ynbynbynby")
    expect(page.locator("#saving")).to_have_text("Offline · 10 waiting")
    with pytest.raises(PlaywrightError, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
    page.context.set_offline(False)
    go_to_grid(page, batch)
    eventually(lambda: len(verdicts_of(judge, batch)) == 10)
    assert verdicts_of(judge, batch) == 3 * ["broken"] + 3 * ["no"] + 4 * ["yes"]
    assert verdicts(page) == [*3 * ["yes", "no", "broken"], "yes", "", ""]
    assert not JudgmentRevision.objects.exists()


def test_marks_that_were_never_sent_are_sent_at_the_next_visit(opened, judge):
    batch = opened_batch(judge, count=4)
    page = opened(judge, grid_of(batch))
    page.route("**/api/v1/judgments/", lambda route: route.abort())
    press(page, "y", "n")
    expect(page.locator("#saving")).to_contain_text("2 waiting")
    page.unroute("**/api/v1/judgments/")
    page.reload()
    all_saved(page)
    assert verdicts(page) == ["yes", "no", "", ""]
    assert verdicts_of(judge, batch) == ["no", "yes"]
    assert stored_count(page) == 0


def test_a_lost_answer_does_not_duplicate_a_mark(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    lost_statuses = []

    def lose_the_first_answer(route):
        if lost_statuses:
            route.continue_()
        else:
            lost_statuses.append(route.fetch().status)
            route.abort()

    page.route("**/api/v1/judgments/", lose_the_first_answer)
    press(page, "y")
    expect(page.locator("#saving")).to_contain_text("1 waiting")
    all_saved(page)
    assert lost_statuses == [200]
    assert verdicts_of(judge, batch) == ["yes"]
    assert not JudgmentRevision.objects.exists()


def test_marks_of_one_person_are_not_sent_by_the_next(
    opened, judge, other_judge, client
):
    batch = opened_batch(judge, other_judge, count=2)
    page = opened(judge, grid_of(batch))
    page.route("**/api/v1/judgments/", lambda route: route.abort())
    press(page, "y")
    expect(page.locator("#saving")).to_contain_text("1 waiting")
    page.unroute("**/api/v1/judgments/")
    sign_in(page.context, client, other_judge)
    page.reload()
    all_saved(page)
    assert verdicts_of(judge, batch) == verdicts_of(other_judge, batch) == []
    assert stored_count(page) == 1
    sign_in(page.context, client, judge)
    page.reload()
    eventually(lambda: verdicts_of(judge, batch) == ["yes"])
    eventually(lambda: stored_count(page) == 0)


def test_another_person_who_signs_in_does_not_send_my_marks(opened, judge, other_judge):
    batch = opened_batch(judge, other_judge, count=2)
    for person in (judge, other_judge):
        person.set_password("a pass phrase")
        person.save()
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    second = page.context.new_page()
    page.context.clear_cookies()
    second.goto("/sign-in/")
    second.get_by_label("Name").fill(other_judge.username)
    second.get_by_label("Password").fill("a pass phrase")
    press(second, "Enter")
    expect(second.get_by_role("heading", name="Hello")).to_be_visible()
    press(page, "y")
    expect(page.locator("#saving")).to_have_text("Signed out · 1 waiting")
    assert verdicts_of(judge, batch) == verdicts_of(other_judge, batch) == []
    sign_in_again(page)
    all_saved(page)
    assert verdicts_of(judge, batch) == ["yes"]
    assert verdicts_of(other_judge, batch) == []


def test_leaving_with_unsent_marks_warns(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    page.route("**/api/v1/judgments/", lambda route: route.abort())
    press(page, "y")
    expect(page.locator("#saving")).to_contain_text("1 waiting")
    with page.expect_event("dialog") as event:
        page.close(run_before_unload=True)
    assert event.value.type == "beforeunload"


def sign_in_again(page, password="a pass phrase") -> None:
    """Sign in with the dialog that the notice opens."""
    page.locator("#notices").get_by_role("button", name="Sign in").click()
    page.locator("#sign-in").get_by_label("Password").fill(password)
    press(page, "Enter")


def test_going_home_first_sends_new_marks(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    dialogs = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.type))
    press(page, "y")
    page.get_by_role("link", name="Labeler").click()
    expect(page.get_by_role("heading", name="Hello")).to_be_visible()
    assert verdicts_of(judge, batch) == ["yes"]
    assert dialogs == []


def test_a_judge_signs_in_again_without_leaving_the_page(opened, judge):
    batch = opened_batch(judge, count=3)
    judge.set_password("a pass phrase")
    judge.save()
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    Session.objects.all().delete()
    press(page, "y", "n")
    expect(page.locator("#notices")).to_contain_text("You are signed out")
    assert stored_count(page) == 2
    page.evaluate("window.isTheSamePage = true")
    sign_in_again(page, "wrong")
    expect(page.locator("[data-sign-in-said]")).to_have_text("Wrong password.")
    page.locator("#sign-in").get_by_label("Password").fill("a pass phrase")
    press(page, "Enter")
    expect(page.locator("#sign-in")).to_be_hidden()
    all_saved(page)
    assert page.evaluate("window.isTheSamePage")
    assert page.locator("#notices .note").count() == 0
    assert verdicts_of(judge, batch) == ["no", "yes"]
    press(page, "b")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["broken", "no", "yes"]


def test_signing_in_elsewhere_as_the_same_person_is_enough(opened, judge, client):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    Session.objects.all().delete()
    press(page, "y")
    expect(page.locator("#notices")).to_contain_text("You are signed out")
    sign_in(page.context, client, judge)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    all_saved(page)
    assert verdicts_of(judge, batch) == ["yes"]


def test_a_page_submitted_without_a_network_is_submitted_later(opened, judge):
    batch = opened_batch(judge, count=1)
    page = opened(judge, grid_of(batch))
    page.context.set_offline(True)
    press(page, "y", "Enter")
    expect(page.locator("#said")).to_contain_text("when your marks are saved")
    expect(page.locator("#saving")).to_have_text("Offline · 2 waiting")
    page.context.set_offline(False)
    all_saved(page)
    press(page, "Enter")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert verdicts_of(judge, batch) == ["yes"]
    assert [a.state for a in Assignment.objects.all()] == ["submitted"]


def test_a_page_submitted_just_before_the_tab_is_closed_is_submitted(opened, judge):
    batch = opened_batch(judge, count=1, entities=2)
    page = opened(judge, grid_of(batch))
    page.route("**/submit/", lambda route: route.abort())
    press(page, "y", "Enter")
    expect(page.locator("#saving")).to_contain_text("1 waiting")
    page.unroute("**/submit/")
    page.reload()
    expect(page.locator("h2", has_text="Person 1")).to_be_visible()
    all_saved(page)
    states = Assignment.objects.order_by("pk").values_list("state", flat=True)
    assert list(states)[0] == "submitted"


def test_a_picture_with_a_ruling_needs_no_verdict(opened, judge, admin):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    candidate = candidate_of(queue.held_pages(judge)[0], 0)
    Ruling.objects.create(batch=batch, candidate=candidate, verdict="no", by=admin)
    press(page, "y")
    refusal = page.locator(".tile").nth(0).locator(".refusal")
    expect(refusal).to_have_text("Not needed: this picture has been decided.")
    assert verdicts(page)[0] == ""
    press(page, "y", "Enter")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()


def test_a_closed_batch_says_so_on_the_tile(opened, judge, admin):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    batches.close_batch(batch=batch, by=admin)
    past = timezone.now() - timedelta(minutes=1)
    Assignment.objects.update(expires_at=past)
    press(page, "y")
    expect(page.locator(".refusal").first).to_have_text(
        "Not saved: this batch is closed."
    )


def test_a_lost_lease_is_shown_and_the_next_page_offered(opened, judge, other_judge):
    batch = opened_batch(judge, other_judge, count=1, judges_required=1, entities=2)
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    queue.release_all(judge=judge)
    assignment = queue.lease(judge=other_judge, batch=batch)
    mark(other_judge, assignment.tile_id(0), "yes")
    press(page, "y")
    expect(page.locator(".refusal").first).to_contain_text("went back to the queue")
    press(page, "Enter")
    expect(page.locator("#notices")).to_contain_text("went back to the queue")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#notices")).to_be_empty()
    press(page, "y")
    all_saved(page)
    assert len(verdicts_of(judge, batch)) == 1


def test_a_removed_judge_sees_a_message(opened, judge, admin):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    batches.remove_judge(batch=batch, username=judge.username, by=admin)
    press(page, "y")
    expect(page.locator(".refusal").first).to_contain_text(
        "no longer a judge of this batch"
    )


@pytest.mark.parametrize("status", [500, 503, 429])
def test_requests_to_a_failing_server_are_retried(opened, judge, status):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    answers = [status]

    def fail_once(route):
        if answers:
            route.fulfill(status=answers.pop(), body="{}")
        else:
            route.continue_()

    page.route("**/api/v1/judgments/", fail_once)
    press(page, "y")
    expect(page.locator("#saving")).to_contain_text("1 waiting · trying again")
    expect(page.locator("#saving")).to_have_attribute("data-state", "saved")
    assert verdicts_of(judge, batch) == ["yes"]


def test_two_tabs_of_one_page_agree_on_what_is_recorded(opened, judge):
    batch = opened_batch(judge, count=2)
    first = opened(judge, grid_of(batch))
    fetched_ahead(first)
    second = first.context.new_page()
    go_to_grid(second, batch)
    press(first, "y")
    all_saved(first)
    press(second, "n")
    all_saved(second)
    assert verdicts_of(judge, batch) == ["no"]
    first.reload()
    assert verdicts(first) == ["no", ""]


def test_a_refused_mark_of_an_earlier_page_is_shown(opened, judge, admin):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    fetched_ahead(page)
    page.route("**/api/v1/judgments/", lambda route: route.abort())
    press(page, "y")
    expect(page.locator("#saving")).to_contain_text("1 waiting")
    batches.close_batch(batch=batch, by=admin)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    page.unroute("**/api/v1/judgments/")
    page.reload()
    expect(page.get_by_role("heading", name="This batch is closed")).to_be_visible()
    notice = page.locator("#notices .note")
    expect(notice).to_contain_text("On an earlier page: Not saved")
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_have_count(0)
    # A refused mark stays until the judge has seen it, and can be sent again.
    assert (stored_count(page), stored_count(page, "refused")) == (0, 1)
    page.reload()
    page.get_by_role("button", name="1 not saved").click()
    expect(page.locator("#refused li")).to_contain_text("this batch is closed")
    batches.open_batch(batch=batch, by=admin)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#refused-count")).to_be_hidden()
    eventually(lambda: verdicts_of(judge, batch) == ["yes"])
    assert stored_count(page, "refused") == 0


def test_a_visible_page_keeps_its_lease(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    page.clock.install()
    page.reload()
    with page.expect_response("**/renew/") as response:
        page.clock.run_for(121_000)
    assert response.value.status == 200


def test_a_page_whose_lease_has_expired_shows_a_notice(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    page.clock.install()
    page.reload()
    Assignment.objects.update(state="expired")
    page.clock.run_for(121_000)
    expect(page.locator("#notices")).to_contain_text("went back to the queue")
