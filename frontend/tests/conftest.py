"""A test client for pages, a real browser, and people who are signed in."""

import os
import re
import threading
import time

import pytest
from django.core.signals import request_finished, request_started
from django.test import Client
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

# Playwright's event loop runs in this thread, and so do database queries.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# Machines that run tests can be slow. Only failing tests wait this long.
expect.set_options(timeout=15_000)

# Screenshots are written into docs/. `make screenshots` turns them on.
collect_ignore_glob = (
    [] if os.environ.get("LABELER_SCREENSHOTS") else ["test_screenshots*.py"]
)

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


OUTSIDE_TEXTAREAS = re.compile(r"(<textarea.*?</textarea>)", re.DOTALL)


class PageClient(Client):
    """A client that collapses white space in HTML, as browsers do.

    So tests can compare sentences that templates break over several lines.
    """

    def request(self, **request):
        response = super().request(**request)
        is_html = response.get("Content-Type", "").startswith("text/html")
        if is_html and not response.streaming:
            parts = OUTSIDE_TEXTAREAS.split(response.content.decode())
            parts[::2] = (collapsed(part) for part in parts[::2])
            response.content = "".join(parts)
        return response


def collapsed(html: str) -> str:
    """Collapse white space, and remove it between tags and inside groups of facts."""
    html = re.sub(r"\s+", " ", html)
    html = re.sub(r" ?(</?(?:dd|td|th|li|tr|p|option|div)\b[^>]*>) ?", r"\1", html)
    return html.replace("> <", "><")


@pytest.fixture
def client():
    return PageClient()


@pytest.fixture
def admin_client(client, admin):  # noqa: F811
    """Return the test client, signed in as the admin."""
    client.force_login(admin)
    return client


@pytest.fixture(scope="session")
def browser():
    """Return one Chromium for all tests."""
    program = chromium.find()
    assert program, chromium.MISSING
    with sync_playwright() as playwright:
        chromium_browser = playwright.chromium.launch(
            executable_path=program, args=CHROMIUM_ARGUMENTS
        )
        yield chromium_browser
        chromium_browser.close()


class ActiveRequests:
    """Counts the requests that the server is answering."""

    def __init__(self) -> None:
        self.count = 0
        self.lock = threading.Lock()

    def on_started(self, **_: object) -> None:
        with self.lock:
            self.count += 1

    def on_finished(self, **_: object) -> None:
        with self.lock:
            self.count -= 1

    def wait(self) -> None:
        """Wait until no request is active. Requests continue when a window is closed."""
        idle_checks = 0
        for _ in range(400):
            idle_checks = idle_checks + 1 if self.count <= 0 else 0
            if idle_checks == 3:
                return
            time.sleep(0.025)
        raise AssertionError(f"{self.count} requests do not end")


@pytest.fixture
def active_requests():
    """Count requests, so that no test empties the tables during one."""
    requests = ActiveRequests()
    request_started.connect(requests.on_started)
    request_finished.connect(requests.on_finished)
    yield requests
    request_started.disconnect(requests.on_started)
    request_finished.disconnect(requests.on_finished)


@pytest.fixture
def opened(browser, live_server, client, active_requests):
    """`opened(judge, path)` opens a page for this person in a new window.

    Errors that the page throws fail the test.
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
        # The script of a judge's page leases the page after it was loaded.
        page.wait_for_selector("[data-start]", state="detached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    active_requests.wait()
    assert not errors, errors


def sign_in(context, client, person) -> None:
    """Sign this person in in a window."""
    client.force_login(person)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([{**cookie, "domain": "localhost", "path": "/"}])
