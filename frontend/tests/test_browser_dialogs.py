"""Comments, reports, skips, keys and full pictures in a real browser."""

from playwright.sync_api import expect

from annotations.models import Judgment, Report

from .scenes import opened_batch
from .screen import all_saved, focused, grid_of, press, verdicts


def test_a_comment_goes_with_its_verdict(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    press(page, "c")
    expect(page.locator("#said")).to_contain_text("Mark the picture first")
    press(page, "y", "ArrowLeft", "c")
    page.keyboard.type("an old photo?")
    press(page, "Enter")
    expect(page.locator('.tile[data-comment="an old photo?"]')).to_be_visible()
    all_saved(page)
    judgment = Judgment.objects.get()
    assert (judgment.verdict, judgment.reason) == ("yes", "an old photo?")
    page.reload()
    expect(page.locator('.tile[data-comment="an old photo?"]')).to_be_visible()
    expect(page.locator(".tile").first).to_have_attribute(
        "aria-label", "Picture 1 of 2: yes. comment: an old photo?"
    )


def test_a_reported_picture_needs_no_verdict(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    press(page, "p")
    page.locator("#report-reason").select_option("minor")
    page.locator("#report-comment").fill("a child")
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.locator(".refusal").first).to_contain_text("Reported")
    report = Report.objects.get()
    assert (report.reason, report.comment, report.by) == ("minor", "a child", judge)
    assert focused(page) == 1
    press(page, "y", "Enter")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()


def test_actions_of_keys_are_also_in_a_menu(opened, judge):
    batch = opened_batch(judge, count=2)
    page = opened(judge, grid_of(batch))
    page.get_by_role("button", name="More …").click()
    page.get_by_role("button", name="Skip s").click()
    page.get_by_role("button", name="Skip Enter").click()
    all_saved(page)
    assert verdicts(page) == ["skip", ""]
    page.get_by_role("button", name="More …").click()
    page.get_by_role("button", name="Full picture").click()
    expect(page.locator('#viewer [data-view="picture"]')).to_be_visible()


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


def test_letters_do_nothing_in_dialogs_and_chords(opened, judge):
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


def test_keys_can_be_changed_and_never_clash(opened, judge):
    batch = opened_batch(judge, count=3)
    page = opened(judge, grid_of(batch))
    message = page.locator("[data-keys-said]")
    press(page, "?")
    page.get_by_role("button", name="Change the key of yes").click()
    press(page, "s")
    expect(message).to_contain_text("This key is for “skip”")
    press(page, "j")
    expect(message).to_contain_text("“j” is the new key")
    press(page, "Escape", "y", "1")
    assert verdicts(page) == ["", "", ""]
    page.reload()
    expect(page.locator('[data-brush="yes"] kbd')).to_have_text("j")
    press(page, "j")
    assert verdicts(page) == ["yes", "", ""]
    press(page, "?")
    page.get_by_role("button", name="Reset keys").click()
    press(page, "Escape", "y")
    assert verdicts(page) == ["yes", "yes", ""]


def test_keys_do_nothing_during_composition(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'y', isComposing: true, bubbles: true}))"
    )
    assert verdicts(page) == ["", ""]


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


def test_the_source_page_opens_in_an_isolated_tab(opened, judge):
    page = opened(judge, grid_of(opened_batch(judge, count=2)))
    link = page.locator('[data-link="source"]').first
    assert link.get_attribute("target") == "_blank"
    assert link.get_attribute("rel") == "noopener noreferrer"
