"""Creating a batch and changing its rules in a real browser, also by keyboard alone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotations.models import Batch
from annotations.tests.factories import CandidateFactory, EntityFactory, UserFactory

from .accessibility import PHONE, SCROLLS_SIDEWAYS, assert_accessible, assert_large
from .scenes import opened_batch

NEW = reverse("new-batch")


@pytest.fixture(params=["light", "dark"])
def theme(request):
    """The colour scheme of the system."""
    return {"color_scheme": request.param}


@pytest.fixture
def people(db):
    """Twenty entities of two professions."""
    entities = [
        EntityFactory(frequency=n + 1, professions=["poet" if n % 2 else "actor"])
        for n in range(20)
    ]
    for entity in entities:
        CandidateFactory(entity=entity)
    return entities


def test_each_way_shows_its_fields_and_its_preview(opened, admin, people, theme):
    page = opened(admin, NEW, **theme)
    assert_accessible(page)
    mix = page.get_by_role("region", name="Preview")
    ask = page.get_by_role("button", name="Preview")
    page.get_by_label("Entity keys").fill(f"{people[0].key}\nm.none\n{people[0].key}")
    ask.click()
    expect(mix).to_contain_text("Line 2: there is no entity m.none.")
    assert_accessible(page)
    page.get_by_label("All entities").check()
    expect(page.get_by_label("Entity keys")).to_be_hidden()
    ask.click()
    expect(mix.locator("dd").first).to_have_text("20")
    page.get_by_label("Entities that pass a filter").check()
    page.get_by_label("Professions").fill("poet")
    ask.click()
    expect(mix.locator("dd").first).to_have_text("10")
    page.get_by_label("A random sample, drawn by frequency").check()
    ask.click()
    expect(mix).to_contain_text("Sample size: Enter the number of entities.")
    assert_accessible(page)
    page.get_by_label("Sample size").fill("3")
    ask.click()
    expect(mix.locator("dd").first).to_have_text("3")
    assert_accessible(page)
    seed = page.get_by_label("Seed").input_value()
    assert seed in mix.inner_text()
    page.get_by_label("Name").fill("Drawn")
    page.get_by_role("button", name="Create batch").click()
    expect(page.get_by_role("heading", name="Drawn")).to_be_visible()
    batch = Batch.objects.get()
    assert (batch.sample["seed"], batch.filter["professions"]) == (int(seed), ["poet"])


def test_a_batch_is_cut_by_keyboard_alone(opened, admin, people, judge):
    page = opened(admin, NEW)
    page.get_by_label("Name").focus()
    page.keyboard.type("Typed")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("All entities")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#mix dd").first).to_have_text("20")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("jo", exact=True)).to_be_checked()
    page.get_by_role("button", name="Create batch").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Typed")).to_be_visible()
    assert list(Batch.objects.get().judges.all()) == [judge]


def test_a_mix_that_does_not_come_is_said(opened, admin, people):
    page = opened(admin, NEW)
    page.get_by_label("All entities").check()
    page.context.set_offline(True)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    page.context.set_offline(False)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#mix dd").first).to_have_text("20")


def test_one_judge_among_many_is_found(opened, admin):
    for number in range(30):
        UserFactory(username=f"judge{number}")
    page = opened(admin, NEW)
    page.get_by_label("judge4", exact=True).check()
    page.get_by_label("Find a judge").fill("GE17")
    expect(page.get_by_label("judge17", exact=True)).to_be_visible()
    expect(page.get_by_label("judge4", exact=True)).to_be_visible()
    expect(page.get_by_label("judge18", exact=True)).to_be_hidden()
    assert_accessible(page)


def test_rules_are_changed_and_said(opened, admin, judge, theme):
    batch = opened_batch(judge, guidelines="# One\n\n1. [two](https://e.example)")
    page = opened(admin, reverse("change-batch", args=[batch.pk]), **theme)
    assert_accessible(page)
    page.get_by_label("Judges per picture: at least").fill("3")
    page.get_by_label("Guidelines", exact=True).fill("Changed.")
    page.get_by_label("Deadline (UTC)").fill("2020-01-01T10:00")
    page.get_by_role("button", name="Save rules").click()
    expect(page.get_by_text("Judges per picture: at least: 1 → 3.")).to_be_visible()
    expect(page.get_by_text("overdue")).to_be_visible()
    page.locator("summary", has_text="Version 1").click()
    expect(page.get_by_role("link", name="two")).to_be_visible()
    assert_accessible(page)


def test_it_works_on_a_phone(opened, admin, judge, people):
    batch = opened_batch(judge)
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    page = opened(admin, NEW, **options)
    for way in ("A list of keys", "Entities that pass a filter", "A random sample"):
        page.get_by_label(way).check()
        assert not page.evaluate(SCROLLS_SIDEWAYS), way
    page.get_by_label("Sample size").fill("5")
    page.get_by_role("button", name="Preview").tap()
    expect(page.locator("#mix dd").first).to_have_text("5")
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    assert_large(page, "button:visible, .ways label, .check-list label")
    page.goto(reverse("change-batch", args=[batch.pk]))
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    assert_large(page, "main button:visible")
