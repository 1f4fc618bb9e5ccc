"""Renews docs/screenshots from the demo's drawn people: `make screenshots`."""

import csv
import io
import random
from pathlib import Path

import PIL.Image
import pytest
from django.conf import settings
from PIL.Image import Dither
from playwright.sync_api import expect

from annotations import batches, images, queue
from annotations.models import Batch, BatchJudge, Candidate, Entity, Image
from labeler import demo

from .scenes import mark
from .screen import all_saved, comes_true, grid_of, pictures_shown, press

FOLDER = Path(settings.BASE_DIR) / "docs" / "screenshots"
PERSON = "m.demo04"
SEED = 3
LARGEST = 250_000
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
KEYS = {"yes": "1", "no": "2", "broken": "3"}


def rows_of(path, key):
    """The demo's rows of one entity."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["key"] == key]


@pytest.fixture
def batch(judge, other_judge, admin) -> Batch:
    """An open batch of one of the demo's people."""
    (person,) = rows_of(demo.ENTITIES, PERSON)
    entity = Entity.objects.create(
        key=PERSON,
        name=person["name"],
        description=person["description"],
        representative=person["representative"],
        url=person["url"],
    )
    add_candidates(entity)
    made = batches.create(
        by=admin,
        name="First batch",
        entities=[PERSON],
        judges_required=2,
        order="uncertain",
    )
    names = [judge.username, other_judge.username]
    batches.add_judges(batch=made, usernames=names, by=admin)
    return batches.open_batch(batch=made, by=admin)


def add_candidates(entity) -> None:
    """Store the demo's pictures of this entity; the first page is a mixed one."""
    rows = rows_of(demo.MANIFEST, entity.key)
    deserved = truth()
    rows.sort(key=lambda row: deserved[row["path"]] == "yes")
    rare = sum(deserved[row["path"]] != "yes" for row in rows)
    first, later = rows[: max(30, rare)], rows[max(30, rare) :]
    random.Random(SEED).shuffle(first)
    rows = first + later
    stored = images.store_many(
        [(demo.FOLDER / row["path"]).read_bytes() for row in rows]
    )
    for rank, (row, kept) in enumerate(zip(rows, stored, strict=True)):
        corners = row["face_rect"].split(",") if row["face_rect"] else None
        Candidate.objects.create(
            entity=entity,
            image=Image.objects.get(pk=kept.image_id),
            state=state_of(kept),
            face_id=row["face_id"],
            rank=rank,
            page_url=row["page_url"],
            image_url=row["path"],
            frame=corners and [float(corner) for corner in corners],
        )


def state_of(kept) -> str:
    """What the importer would say of these bytes."""
    if kept.is_readable:
        return "ready"
    return "empty" if kept.is_empty else "unreadable"


def truth():
    """What each of the demo's pictures deserves, by its path."""
    return {row["path"]: row["verdict"] for row in rows_of(demo.TRUTH, PERSON)}


def truths(page_row):
    """What the tiles of a page deserve, in the order in which they are shown."""
    found = Candidate.objects.in_bulk(page_row.candidates)
    shown = sorted(
        page_row.candidates, key=lambda number: not found[number].is_readable
    )
    deserved = truth()
    return [deserved[found[number].image_url] for number in shown]


def shoot(page, name) -> None:
    """Write a picture of the page, in as many colours as keep it small."""
    page.wait_for_timeout(200)
    shown = PIL.Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours, dither in [
        (256, Dither.FLOYDSTEINBERG),
        (256, Dither.NONE),
        (96, Dither.NONE),
    ]:
        file = io.BytesIO()
        shown.quantize(colours, dither=dither).save(file, "PNG", optimize=True)
        if file.tell() < LARGEST:
            break
    target = FOLDER / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.getvalue())


def judged_in_part(page, judge, count) -> None:
    """Mark the first tiles of the page as they deserve."""
    deserved = truths(queue.held_pages(judge)[0])
    for verdict in deserved[:count]:
        press(page, KEYS[verdict])
    all_saved(page)
    page.mouse.move(0, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_grid_on_a_desktop(opened, judge, batch, theme):
    page = opened(judge, grid_of(batch), color_scheme=theme, **DESKTOP)
    read_guidelines(page)
    judged_in_part(page, judge, 17)
    shoot(page, f"grid-{theme}")
    if theme == "light":
        press(page, "r")
        shoot(page, "grid-rest")


def read_guidelines(page) -> None:
    """See all pictures, and close what a newcomer reads first."""
    page.locator('[data-act="close-guidelines"]').click()
    page.evaluate("scrollTo(0, 0)")
    comes_true(
        page, "[...document.querySelectorAll('.tile img')].every(i => i.complete)"
    )
    page.wait_for_timeout(500)


def test_a_newcomer_s_page(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    pictures_shown(page)
    shoot(page, "guidelines")


def test_the_grid_offline(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    read_guidelines(page)
    judged_in_part(page, judge, 8)
    page.context.set_offline(True)
    press(page, "y", "y", "n")
    expect(page.locator("#saving")).to_have_text("Offline · 3 waiting")
    shoot(page, "grid-offline")


def test_looking_closer_the_keys_and_the_look(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    read_guidelines(page)
    page.keyboard.down("z")
    page.wait_for_timeout(500)
    shoot(page, "zoom")
    page.keyboard.up("z")
    press(page, "?")
    shoot(page, "keys")
    press(page, "Escape")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Appearance").click()
    page.get_by_label("Background").select_option("grey")
    shoot(page, "look")


def test_when_there_is_nothing_to_judge(opened, judge, other_judge, admin, batch):
    batch.judges_required, batch.page_size = 1, 100
    batch.save()
    theirs = queue.lease(judge=other_judge, batch=batch)
    page = opened(judge, grid_of(batch), **DESKTOP)
    expect(page.get_by_role("heading", name="Other judges are working")).to_be_visible()
    shoot(page, "empty-held-by-others")
    queue.release(assignment_id=theirs.pk, judge=other_judge)
    own = queue.lease(judge=judge, batch=batch)
    for position in range(len(own.candidates)):
        mark(judge, own.tile_id(position), "yes")
    queue.submit(assignment_id=own.pk, judge=judge)
    page.reload()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    shoot(page, "empty-all-done")
    page.get_by_role("link", name="Your earlier pages").click()
    shoot(page, "own-pages")
    batches.close_batch(batch=batch, by=admin)
    page.goto(grid_of(batch))
    shoot(page, "empty-closed")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_grid_on_a_phone(opened, judge, batch, theme):
    page = opened(judge, grid_of(batch), color_scheme=theme, **PHONE)
    read_guidelines(page)
    judged_in_part(page, judge, 5)
    page.evaluate("scrollTo(0, 0)")
    shoot(page, f"phone-{theme}")
    if theme == "light":
        page.locator('[data-act="rest-yes"]').tap()
        shoot(page, "phone-rest")
        page.locator('[data-act="cancel"]').tap()
        page.get_by_role("button", name="More …").tap()
        shoot(page, "phone-more")


def test_home_of_a_judge_and_of_an_admin(opened, judge, admin, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    judged_in_part(page, judge, 12)
    # A script marks faster than a person looks.
    BatchJudge.objects.filter(judge=judge).update(centiseconds=2640)
    queue.sum_counters()
    page.goto("/")
    shoot(page, "home-judge")
    page = opened(admin, "/", **DESKTOP)
    shoot(page, "home-admin")
    page.goto(f"/batches/{batch.pk}/")
    shoot(page, "batch")


def test_sign_in(opened, db):
    page = opened(None, "/", **DESKTOP)
    shoot(page, "sign-in")
