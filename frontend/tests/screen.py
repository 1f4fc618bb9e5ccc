"""Short words for what a judge does and sees in the browser."""

import time
from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import expect


def grid_of(batch) -> str:
    """The address of a batch's page."""
    return reverse("grid", args=[batch.pk])


def press(page, *keys) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def all_saved(page) -> None:
    """Look away, which sends at once what waits, until nothing is on its way."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#saving")).to_have_attribute("data-state", "saved")


def verdicts(page) -> list[str]:
    """What the tiles show, in reading order."""
    return page.locator(".tile").evaluate_all("all => all.map(t => t.dataset.verdict)")


def focused(page) -> int:
    """The place of the tile that has the focus, -1 where none has."""
    return page.evaluate(
        "[...document.querySelectorAll('.tile')].indexOf(document.activeElement)"
    )


def fetched_ahead(page) -> None:
    """Wait until the next page has been leased, and its pictures are there."""
    page.wait_for_load_state("networkidle")


def pictures_shown(page) -> None:
    """Wait until every picture has come and has been on the screen."""
    comes_true(
        page,
        "[...document.querySelectorAll('.tile img')].every(i => i.complete)"
        " && [...document.querySelectorAll('.tile')].every(t => 'seen' in t.dataset)",
    )


def comes_true(page, expression: str) -> None:
    """Wait until an expression holds in the page.

    Playwright's own `wait_for_function` asks again by `eval` in the page, which the
    content security policy refuses.
    """
    eventually(lambda: page.evaluate(expression))


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something becomes true that no locator can see."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
