"""Conflicts and second looks in a real browser, by keys and by pointer."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from annotations import adjudication, queue
from annotations.models import Conflict, Judgment, Ruling

from .scenes import mark, opened_batch
from .screen import press

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def disputed(judge, other_judge):
    """A batch of three pictures on which two judges differ."""
    batch = opened_batch(judge, other_judge, count=3)
    for voter, verdict in ((judge, "yes"), (other_judge, "no")):
        page = queue.lease(judge=voter)
        for position in range(3):
            mark(voter, page.tile_id(position), verdict, f"{verdict}, by the ears")
        queue.submit(assignment_id=page.pk, judge=voter)
    return batch


def violations(page):
    axe_violations = Axe().run(page).response["violations"]
    return [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in axe_violations]


def test_a_batch_is_ruled_by_keys_alone(opened, adjudicator, disputed):
    page = opened(adjudicator, reverse("next-conflict", args=[disputed.pk]))
    expect(page.locator(".entries li")).to_have_count(2)
    press(page, "t")
    page.keyboard.type("1 of them is her sister")
    press(page, "Escape", "2")
    expect(page.locator(".undo")).to_contain_text("You ruled no")
    page.wait_for_load_state()  # until its script handles keys
    assert Ruling.objects.get().note == "1 of them is her sister"
    press(page, "u")
    expect(page.locator(".note").first).to_contain_text("taken back")
    page.wait_for_load_state()
    for key in ("y", "2", "b"):
        before = page.url
        press(page, key)
        page.wait_for_url(lambda url, before=before: url != before)
        page.wait_for_load_state()
    expect(page.locator("h1")).to_have_text("No conflicts to decide")
    rulings = Ruling.objects.filter(reopened_at=None)
    assert sorted(rulings.values_list("verdict", flat=True)) == ["broken", "no", "yes"]
    assert Judgment.objects.count() == 6


def test_judges_look_again_and_agree(opened, adjudicator, disputed, other_judge):
    candidate = Conflict.objects.order_by("pk")[0].candidate_id
    page = opened(adjudicator, reverse("conflict", args=[disputed.pk, candidate]))
    page.get_by_text("Ask its judges to look again").click()
    page.locator("#question").fill("Her sister?")
    page.get_by_role("button", name="Ask for a second look").click()
    expect(page.locator(".note").first).to_contain_text("asked to look again")
    judge_page = opened(other_judge, "/")
    judge_page.get_by_role("link", name="1 picture to look at again").click()
    expect(judge_page.locator(".entries")).not_to_contain_text("yes, by the ears")
    judge_page.wait_for_load_state()
    press(judge_page, "v")
    expect(judge_page.locator(".entries")).to_contain_text("yes, by the ears")
    judge_page.wait_for_load_state()
    press(judge_page, "t")
    judge_page.keyboard.type("I see it now")
    press(judge_page, "Escape", "1")
    expect(judge_page.locator("h1")).to_have_text("No pictures to look at again")
    assert not Conflict.objects.filter(candidate=candidate).exists()
    judgment = Judgment.objects.get(candidate=candidate, judge=other_judge)
    assert (judgment.verdict, judgment.blind_verdict) == ("yes", "no")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible(opened, adjudicator, disputed, other_judge, theme):
    candidate = Conflict.objects.order_by("pk")[0].candidate_id
    pages = [
        reverse("all-conflicts"),
        reverse("conflicts", args=[disputed.pk]),
        reverse("conflict", args=[disputed.pk, candidate]),
    ]
    page = opened(adjudicator, "/", color_scheme=theme)
    for path in pages:
        page.goto(path)
        assert violations(page) == []
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        assert violations(page) == []
        page.set_viewport_size({"width": 1440, "height": 900})
    adjudication.request_second_looks(
        batch=disputed, candidate=candidate, by=adjudicator
    )
    judge_page = opened(other_judge, reverse("second-looks"), color_scheme=theme)
    assert violations(judge_page) == []
    adjudication.rule(batch=disputed, candidate=candidate, verdict="no", by=adjudicator)
    page.goto(pages[-1])
    assert violations(page) == []
    page.goto(pages[1] + "?ruled")
    assert violations(page) == []
