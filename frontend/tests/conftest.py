"""A real browser, and people who are signed in."""

import os
import threading
import time

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import expect, sync_playwright

from annotations.tests.conftest import (  # noqa: F401
    adjudicator,
    admin,
    judge,
    other_judge,
    own_store,
    quick_passwords,
    stranger,
    worker_at_hand,
)
from labeler import browser as chromium

# Playwright's loop runs in this thread, and the database is asked in it, too.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# Machines that run tests may be slow: only what fails waits so long.
expect.set_options(timeout=15_000)

# They write into docs/: `make screenshots` asks for them.
collect_ignore_glob = (
    [] if os.environ.get("LABELER_SCREENSHOTS") else ["test_screenshots*.py"]
)

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests."""
    program = chromium.find()
    assert program, chromium.MISSING
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield started
        started.close()


class UnderWay:
    """The requests that the server is answering now."""

    def __init__(self) -> None:
        self.count = 0
        self.lock = threading.Lock()

    def begun(self, **_: object) -> None:
        with self.lock:
            self.count += 1

    def ended(self, **_: object) -> None:
        with self.lock:
            self.count -= 1

    def end(self) -> None:
        """Wait for the last: what a window asked for goes on when it is closed."""
        quiet = 0
        for _ in range(400):
            quiet = quiet + 1 if self.count <= 0 else 0
            if quiet == 3:
                return
            time.sleep(0.025)
        raise AssertionError(f"{self.count} requests do not end")


@pytest.fixture
def under_way():
    """Counts requests, so that no test ends, and empties the tables, under one."""
    requests = UnderWay()
    request_started.connect(requests.begun)
    request_finished.connect(requests.ended)
    yield requests
    request_started.disconnect(requests.begun)
    request_finished.disconnect(requests.ended)


@pytest.fixture
def opened(browser, live_server, client, under_way):
    """`opened(judge, path)` is a page of this person in a window of its own.

    What the page throws or logs as an error fails the test.
    """
    contexts, errors = [], []

    def open_page(person, path="/", **options):
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        if person is not None:
            sign_in(context, client, person)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    under_way.end()
    assert not errors, errors


def sign_in(context, client, person) -> None:
    """Give a window the session of this person."""
    client.force_login(person)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([{**cookie, "domain": "localhost", "path": "/"}])
