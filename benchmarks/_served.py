"""A real web server on the benchmark's database, and a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from annotations import batches, images
from annotations.models import Batch, Candidate, Entity, Image, Role, User
from frontend.tests.conftest import CHROMIUM_ARGUMENTS
from labeler import browser as chromium
from labeler import demo

DESKTOP = ViewportSize(width=1440, height=900)
PASSWORD = "a pass phrase for benchmarks"

# Playwright's event loop and the database queries share this thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@contextmanager
def web_server() -> Iterator[str]:
    """Run Gunicorn as `make run` does, and yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", "labeler.wsgi:application"]
    command += ["--bind", address.removeprefix("http://"), "--no-control-socket"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with suppress(OSError), urllib.request.urlopen(f"{address}/healthz/live"):
                break
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """Run Chromium."""
    program = chromium.find()
    assert program, chromium.MISSING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()


def drawn_batch(judges: Sequence[str], entities: int, per_entity: int) -> Batch:
    """Return an open batch of the demo's drawn people; each picture is used many times."""
    admin = User.objects.create_user(f"admin-{uuid4().hex}", roles=[Role.ADMIN])
    for name in judges:
        if not User.objects.filter(username=name).exists():
            User.objects.create_user(name, PASSWORD, roles=[Role.JUDGE])
    pictures, prefix = _pictures(), f"m.{uuid4().hex}"
    people = [Entity(key=f"{prefix}.{n}", name=f"Person {n}") for n in range(entities)]
    Entity.objects.bulk_create(people)
    Candidate.objects.bulk_create(
        Candidate(
            entity=entity,
            image=pictures[(n * 7 + rank) % len(pictures)],
            state="ready",
            rank=rank,
        )
        for n, entity in enumerate(people)
        for rank in range(per_entity)
    )
    keys = [entity.key for entity in people]
    rules = {"page_size": per_entity, "judges_required": len(judges)}
    batch = batches.create(by=admin, name="Bench", entities=keys, order="rank", **rules)  # type: ignore[arg-type]
    batches.add_judges(batch=batch, usernames=judges, by=admin)
    return batches.open_batch(batch=batch, by=admin)


def _pictures() -> list[Image]:
    files = sorted(Path(demo.FOLDER).glob("pictures/*/*.webp"))[:200]
    stored_images = images.store_many([file.read_bytes() for file in files])
    return list(
        Image.objects.filter(pk__in={image.image_id for image in stored_images})
    )


def judging(
    browser: Browser, address: str, judge: str, batch: Batch, *, is_phone: bool = False
) -> Page:
    """Open the judge's page in a new window, with guidelines closed and pages fetched."""
    size = ViewportSize(width=390, height=844) if is_phone else DESKTOP
    page = browser.new_context(
        base_url=address, viewport=size, has_touch=is_phone, is_mobile=is_phone
    ).new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/sign-in/")
    page.get_by_label("Name").fill(judge)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Hello, {judge}").wait_for()
    page.goto(f"/batches/{batch.pk}/judge/")
    page.locator('[data-act="close-guidelines"]').click()
    page.wait_for_load_state("networkidle")
    return page
