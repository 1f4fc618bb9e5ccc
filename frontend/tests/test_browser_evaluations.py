"""Evaluations, the list and framed pictures in a real browser: plots, keys, axe."""

import io

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import expect

from annotations import releases
from annotations.entities import figures
from annotations.models import Batch, Entity, Evaluation
from annotations.tests.released import content, judged_batch, released

from .accessibility import (
    PHONE,
    assert_accessible,
    assert_all_accessible,
    assert_large,
)
from .screen import PLOT_IS_DRAWN, press

TRUTH = {"m.a": "yes no broken", "m.b": "yes no", "m.c": "yes yes"}


@pytest.fixture(autouse=True)
def _own_cache(settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def release(transactional_db):
    """A release with two results. Two answers of the first one are wrong."""
    Entity.objects.all().delete()
    new_release = released(judged_batch(TRUTH), dev_entities=3, distractors=1)
    Entity.objects.update(gender="female", professions=["actor"], birth_date="1979")
    lines = (
        content(new_release, "measurement-random-dev-aligned.tsv").decode().splitlines()
    )
    keys = [line.split("\t")[0] for line in lines]
    for name, answers in (("first try", [keys[0]] * 3), ("second try", keys)):
        text = "".join(f"{n}\t{key}\t{1 - n / 9}\n" for n, key in enumerate(answers, 1))
        releases.evaluate(
            release=new_release,
            subset="random",
            split="dev",
            file=io.BytesIO(text.encode()),
            name=name,
            by=None,
        )
    figures.compute()
    figures.compute(figures.group_of_batch(new_release.batches[0]))
    figures.compute(releases.group_of(new_release))
    return new_release


def all_pages(release):
    batch = Batch.objects.get()
    first = Evaluation.objects.order_by("pk").first()
    return [
        reverse("evaluations", args=[release.pk]),
        reverse("evaluation", args=[first.pk]),
        reverse("release", args=[release.pk]),
        f"{reverse('the-list')}?beside=batch-{batch.pk}",
        f"{reverse('the-list')}?beside=release-{release.pk}",
        reverse("the-list"),
        reverse("pictures", args=["m.a"]),
        reverse("entity", args=["m.a"]),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE])
def test_every_page_is_accessible_and_fits(opened, admin, release, theme, size):
    page = opened(admin, "/", viewport=size, color_scheme=theme)
    assert_all_accessible(page, all_pages(release))


def test_curves_of_several_results_are_in_one_plot(opened, admin, release):
    page = opened(admin, reverse("evaluations", args=[release.pk]))
    plot = page.locator("[data-plot=curves-random-dev]")
    expect(plot.locator("canvas")).to_be_visible()
    assert plot.evaluate(PLOT_IS_DRAWN)
    legend = plot.locator(".u-legend")
    for name in ("Coverage", "first try", "second try", "the paper"):
        expect(legend).to_contain_text(name)


def test_the_value_under_the_pointer_is_shown(opened, admin, release):
    page = opened(admin, reverse("evaluations", args=[release.pk]))
    box = page.locator("[data-plot] .u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    legend = page.locator("[data-plot] .u-legend")
    expect(legend).to_contain_text("0.333")


def test_the_table_is_opened_by_keyboard(opened, admin, release):
    page = opened(admin, reverse("evaluations", args=[release.pk]))
    table = page.get_by_role("region", name="Precision by coverage")
    expect(table).to_be_hidden()
    page.get_by_role("button", name="Table of precision").focus()
    press(page, "Enter")
    expect(table.get_by_role("row")).to_have_count(53)
    assert_accessible(page)


def test_results_are_uploaded_by_keyboard_and_errors_are_shown(opened, admin, release):
    page = opened(admin, reverse("evaluations", args=[release.pk]))
    wrong = {"name": "wrong.tsv", "mimeType": "text/plain", "buffer": b"1\tm.a\tx\n"}
    page.locator("#id_file").set_input_files(wrong)
    page.get_by_role("button", name="Evaluate").focus()
    press(page, "Enter")
    expect(
        page.get_by_text("Line 1: The confidence “x” is not a number.")
    ).to_be_visible()
    assert_accessible(page)
    lines = content(release, "measurement-random-dev-aligned.tsv").splitlines()
    good = b"".join(
        b"%d\t%s\t0.5\n" % (n, line.split(b"\t")[0]) for n, line in enumerate(lines, 1)
    )
    right = {"name": "right.tsv", "mimeType": "text/plain", "buffer": good}
    page.locator("#id_file").set_input_files(right)
    page.get_by_role("button", name="Evaluate").focus()
    press(page, "Enter")
    expect(page.get_by_role("heading", name="right.tsv")).to_be_visible()
    expect(page.get_by_text("Every answer is correct.")).to_be_visible()


def test_mistakes_show_their_pictures(opened, admin, release):
    first = Evaluation.objects.order_by("pk").first()
    page = opened(admin, reverse("evaluation", args=[first.pk]))
    script = (
        "[...document.querySelectorAll('.candidates img')].map(i => i.naturalWidth)"
    )
    page.wait_for_load_state("load")
    widths = page.evaluate(script)
    assert len(widths) == 2
    assert min(widths) > 0


def test_the_list_appears_when_a_worker_has_counted(opened, admin, release):
    figures.forget()
    figures.claim()
    page = opened(admin, reverse("the-list"))
    expect(page.get_by_text("A worker is counting.")).to_be_visible()
    figures.compute()
    plot = page.locator("[data-plot=births]")
    expect(plot.locator("canvas")).to_be_visible()
    assert plot.evaluate(PLOT_IS_DRAWN)
    expect(page.get_by_role("heading", name="Professions")).to_be_visible()


def test_verdicts_are_shown_by_icon_word_and_border(opened, admin, release):
    page = opened(admin, reverse("pictures", args=["m.a"]))
    lines = page.locator(".framed .frame-of").evaluate_all(
        "all => all.map(a => [a.innerText.split('\\n')[0].trim(),"
        " getComputedStyle(a).borderTopStyle, !!a.querySelector('svg')])"
    )
    assert [[word.split(" ")[0], *signs] for word, *signs in lines] == [
        ["confirmed", "solid", True],
        ["refused", "dashed", True],
        ["broken", "double", True],
    ]


def test_buttons_are_large_enough_for_fingers(opened, admin, release):
    first = Evaluation.objects.order_by("pk").first()
    page = opened(admin, "/", viewport=PHONE, has_touch=True, is_mobile=True)
    for address in (*all_pages(release)[:1], reverse("evaluation", args=[first.pk])):
        page.goto(address)
        assert_large(page, "main button:visible, main .button:visible")
