"""Helpers for the actions and the view of a judge in the browser."""

import time
from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import expect

# A script: whether a plot's canvas has a pixel that is not empty.
PLOT_IS_DRAWN = """plot => { const c = plot.querySelector('canvas');
    return !!c && c.getContext('2d').getImageData(0, 0, c.width, c.height)
        .data.some(v => v > 0) }"""


def grid_of(batch) -> str:
    """Return the address of a batch's judging page."""
    return reverse("grid", args=[batch.pk])


def go_to_grid(page, batch) -> None:
    """Open the judge's page of a batch, and wait until its script has leased a page."""
    page.goto(grid_of(batch))
    page.wait_for_selector("[data-start]", state="detached")


def press(page, *keys) -> None:
    """Press keys one after another."""
    for key in keys:
        page.keyboard.press(key)


def all_saved(page) -> None:
    """Hide the page, which sends all marks at once, and wait until they are saved."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#saving")).to_have_attribute("data-state", "saved")


def verdicts(page) -> list[str]:
    """Return the verdicts on the tiles, in reading order."""
    return page.locator(".tile").evaluate_all("all => all.map(t => t.dataset.verdict)")


def focused(page) -> int:
    """Return the position of the tile with the focus, or -1."""
    return page.evaluate(
        "[...document.querySelectorAll('.tile')].indexOf(document.activeElement)"
    )


def fetched_ahead(page) -> None:
    """Wait until the next page is leased and its pictures are loaded."""
    page.wait_for_load_state("networkidle")


def pictures_shown(page) -> None:
    """Wait until every picture is loaded and was visible."""
    comes_true(
        page,
        "[...document.querySelectorAll('.tile img')].every(i => i.complete)"
        " && [...document.querySelectorAll('.tile')].every(t => 'seen' in t.dataset)",
    )


def comes_true(page, expression: str) -> None:
    """Wait until an expression is true in the page.

    Playwright's own `wait_for_function` uses `eval` in the page, which the content
    security policy forbids.
    """
    eventually(lambda: page.evaluate(expression))


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until a condition is true that no locator can check."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
