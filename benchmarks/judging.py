"""The judge's page in a real browser: time to paint the next page, and its cost.

The limit of painting is the same key on a page that changes only one word. Chromium
draws on the CPU here; a graphics card would only help.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from playwright.sync_api import Browser, Page, Request

import frontend
from benchmarks import Row
from benchmarks._served import chromium_browser, drawn_batch, judging, web_server
from frontend.tests.judging import WAYS, Hand, work_off
from frontend.tests.screen import comes_true

PAGES = 50
TILES = 30
SHARES = (0.05, 0.2, 0.5, 0.8)
SEEDS = 20
SLOWER = 4

# From the time stamp of the key to the first frame after the new page is painted.
WATCH = """() => {
    window.painted = [];
    addEventListener("keydown", event => {
        if (event.key !== "Enter") return;
        const before = document.getElementById("page");
        const pressed = event.timeStamp;
        requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => {
                if (document.getElementById("page") !== before || window.isBare)
                    window.painted.push(performance.now() - pressed);
            };
            channel.port2.postMessage(0);
        });
    }, true);
}"""
ALL_PICTURES = """[...document.querySelectorAll(".tile img")].every(
    picture => picture.complete && picture.naturalWidth)"""
BARE = """<main id="page"><p>0</p></main>"""


def painting() -> list[Row]:
    """Time from Enter to the next page of 30 tiles, compared with a bare change."""
    batch = drawn_batch(["judge"], PAGES + 2, TILES)
    with web_server() as address, chromium_browser() as browser:
        page = judging(browser, address, "judge", batch)
        page.evaluate(WATCH)
        for _ in range(PAGES):
            _label(page)
        times = page.evaluate("window.painted")
        limits = _bare(browser.new_page())
    name = f"Enter to next page painted, {len(times)} pages of {TILES}"
    return [
        _against(f"{name}: p50", _p(times, 50), _p(limits, 50)),
        _against(f"{name}: p95", _p(times, 95), _p(limits, 95)),
    ]


def _label(page: Page) -> None:
    """Mark two as wrong, fill the others, wait a moment like a person, press Enter."""
    for place in (3, 17):
        page.locator(".tile").nth(place).click()
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.wait_for_timeout(700)
    page.keyboard.press("Enter")
    page.locator('.tile[tabindex="0"]').wait_for()
    page.wait_for_timeout(700)


def _bare(page: Page) -> Sequence[float]:
    page.set_content(BARE)
    page.evaluate(f"({WATCH})(); window.isBare = true")
    page.evaluate(
        "addEventListener('keydown', () => document.querySelector('p').textContent++)"
    )
    for _ in range(PAGES):
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
    painted: list[float] = page.evaluate("window.painted")
    return painted


def cost() -> list[Row]:
    """Count requests and bytes of a page without its pictures, at a person's pace."""
    batch = drawn_batch(["judge"], 8, TILES)
    with web_server() as address, chromium_browser() as browser:
        page = judging(browser, address, "judge", batch)
        with _counted(page) as sizes:
            for seed in range(5):
                wrong = random.Random(seed).sample(range(TILES), 6)
                work_off(Hand(page, pause=0.4), wrong, TILES, "keys and mouse")
                page.wait_for_timeout(1500)
    requests = len(sizes) / 5
    scripts = _script_bytes()
    return [
        _row("requests a page besides pictures", requests, "", ""),
        _row("requests an image besides its picture", requests / TILES, "req", "<= 0.1 req"),
        _row("bytes a page besides pictures", sum(sizes) / 5 / 1000, "kB", ""),
        _row("scripts of the page, uncompressed", scripts / 1000, "kB", "<= 100 kB"),
    ]  # fmt: skip


@contextmanager
def _counted(page: Page) -> Iterator[list[int]]:
    """Collect the bytes sent and received by each request other than pictures."""
    sizes: list[int] = []

    def finished(request: Request) -> None:
        if request.resource_type != "image":
            size = request.sizes()
            sizes.append(size["requestBodySize"] + size["responseBodySize"])

    page.on("requestfinished", finished)
    yield sizes
    page.wait_for_load_state("networkidle")


def _script_bytes() -> int:
    folder = Path(frontend.__file__).parent / "static" / "frontend"
    files = [folder / "grid.js", folder / "settings.js", *folder.glob("grid/*.js")]
    return sum(file.stat().st_size for file in files)


def slow_machine() -> list[Row]:
    """Measure main-thread time for a page of 60 tiles on a CPU four times slower."""
    batch = drawn_batch(["judge"], 12, 60)
    with web_server() as address, chromium_browser() as browser:
        page = judging(browser, address, "judge", batch)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.evaluate(WATCH)
        busy = []
        for _ in range(8):
            for key in ("r", "Enter"):
                page.keyboard.press(key)
            page.wait_for_timeout(2500)
            before = _busy(session)
            page.keyboard.press("Enter")
            page.wait_for_timeout(300)
            busy.append(_busy(session) - before)
            page.wait_for_timeout(2500)
        painted = page.evaluate("window.painted")
    name = f"60 tiles, processor {SLOWER} times slower"
    return [
        _row(f"{name}: main thread of a page change", mean(busy) * 1000, "ms", ""),
        _row(f"{name}: Enter to painted, p50", _p(painted, 50), "ms", ""),
        _row(f"{name}: Enter to painted, p95", _p(painted, 95), "ms", ""),
    ]


def _busy(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def actions() -> list[Row]:
    """Count actions per image, by the way of working and the share of wrong pictures.

    An action is a key, a click, a tap or a swipe. Submitting the page is one of them.
    """
    with web_server() as address, chromium_browser() as browser:
        return [
            _actions(browser, address, way, share) for way in WAYS for share in SHARES
        ]


def _actions(browser: Browser, address: str, way: str, share: float) -> Row:
    batch = drawn_batch(["judge"], SEEDS, TILES)
    page = judging(browser, address, "judge", batch, is_phone=way == "touch")
    hand, wrong = Hand(page), round(TILES * share)
    for seed in range(SEEDS):
        comes_true(page, ALL_PICTURES)
        assignment = page.locator("#page").get_attribute("data-assignment")
        work_off(hand, random.Random(seed).sample(range(TILES), wrong), TILES, way)
        page.locator(f'#page:not([data-assignment="{assignment}"])').wait_for()
    page.wait_for_selector('#saving[data-state="saved"]')
    page.context.close()
    goal = "<= 0.3 act" if share == 0.2 and "mouse" in way else ""
    name = f"{way}, {share:.0%} wrong: actions an image"
    return _row(name, hand.actions / SEEDS / TILES, "act", goal)


def _p(values: Sequence[float], percent: int) -> float:
    """Return a percentile."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _against(name: str, value: float, limit: float) -> Row:
    return Row(
        name=name, value=value, unit="ms", limit=limit, ratio=value / limit, goal="<= 50 ms"
    )  # fmt: skip


def _row(name: str, value: float, unit: str, goal: str) -> Row:
    return Row(name=name, value=value, unit=unit, limit=None, ratio=None, goal=goal)
