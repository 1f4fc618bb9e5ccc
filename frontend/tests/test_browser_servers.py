"""The judging page while its servers are killed: every mark is recorded once."""

import random

import pytest
from playwright.sync_api import expect

from labeler.tests.client import Client
from labeler.tests.running import Run

PASSWORD = "a pass phrase for tests"
MARKS = 200
VICTIMS = ("web server", "database", "broker", "web server")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = tmp_path_factory.mktemp("page survival") / "data"
    with Run(data, LABELER_DEMO_PASSWORD=PASSWORD) as run:
        yield run.started()


@pytest.fixture(scope="module")
def batch(run) -> int:
    """Create a page of 200 empty files, which are judged like other pictures."""
    admin = Client(run, "admin", PASSWORD)
    rows = "".join(f"m.k\t{n}\thttps://example.org/{n}\t\t\t\t\n" for n in range(MARKS))
    admin.upload("rows.tsv", rows.encode(), layout="faces")
    rules = {"name": "b", "entities": ["m.k"], "judges_required": 1}
    _, batch_row, _ = admin.call("POST", "batches/", rules | {"page_size": MARKS})
    judges = {"usernames": ["judge1"]}
    admin.call("POST", f"batches/{batch_row['id']}/judges/", judges)
    assert admin.call("POST", f"batches/{batch_row['id']}/open/")[0] == 200
    return batch_row["id"]


@pytest.fixture
def page(run, browser):
    context = browser.new_context(base_url=run.address("/"))
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("judge1")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello, judge1")).to_be_visible()
    yield page
    context.close()


def test_two_hundred_marks_are_recorded_once_while_servers_are_killed(run, batch, page):
    page.goto(f"/batches/{batch}/judge/")
    expect(page.locator(".tile")).to_have_count(MARKS)
    chance, victims = random.Random(5), list(VICTIMS)
    given_verdicts = []
    for number in range(MARKS):
        if number % 50 == 10:
            run.kill(victims.pop())
        given_verdicts.append(chance.choice(["yes", "no", "broken"]))
        page.keyboard.press({"yes": "y", "no": "n", "broken": "b"}[given_verdicts[-1]])
        page.wait_for_timeout(20)
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name="All done")
    saved = page.locator('#saving[data-state="saved"]')
    expect(saved).to_be_visible(timeout=120_000)
    if (
        not heading.is_visible()
    ):  # the next page was requested while the server was down
        page.keyboard.press("Enter")
    expect(heading).to_be_visible(timeout=30_000)
    rows = run.sql(
        "SELECT verdict FROM annotations_judgment j JOIN annotations_assignment a"
        " ON a.id = j.assignment_id"
        " ORDER BY array_position(a.candidates, j.candidate_id)"
    )
    assert [verdict for (verdict,) in rows] == given_verdicts
    assert run.sql("SELECT count(*) FROM annotations_judgmentrevision") == [(0,)]
    assert run.sql("SELECT state FROM annotations_assignment") == [("submitted",)]
