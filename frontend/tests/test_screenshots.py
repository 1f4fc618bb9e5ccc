"""Screenshots for docs/screenshots, made from the demo: `make screenshots`."""

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
from .screen import all_saved, comes_true, go_to_grid, grid_of, pictures_shown, press

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
    """Return the demo's rows of one entity."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["key"] == key]


@pytest.fixture
def batch(judge, other_judge, admin) -> Batch:
    """Open a batch of one of the demo's people."""
    (person,) = rows_of(demo.ENTITIES, PERSON)
    entity = Entity.objects.create(
        key=PERSON,
        name=person["name"],
        description=person["description"],
        representative=person["representative"],
        url=person["url"],
    )
    add_candidates(entity)
    new_batch = batches.create(
        by=admin,
        name="First batch",
        entities=[PERSON],
        judges_required=2,
        order="uncertain",
    )
    names = [judge.username, other_judge.username]
    batches.add_judges(batch=new_batch, usernames=names, by=admin)
    return batches.open_batch(batch=new_batch, by=admin)


def add_candidates(entity) -> None:
    """Store the demo's pictures of this entity, with different verdicts on the first page."""
    rows = rows_of(demo.MANIFEST, entity.key)
    true_verdicts = truth()
    rows.sort(key=lambda row: true_verdicts[row["path"]] == "yes")
    rare = sum(true_verdicts[row["path"]] != "yes" for row in rows)
    first, later = rows[: max(30, rare)], rows[max(30, rare) :]
    random.Random(SEED).shuffle(first)
    rows = first + later
    stored_images = images.store_many(
        [(demo.FOLDER / row["path"]).read_bytes() for row in rows]
    )
    for rank, (row, stored_image) in enumerate(zip(rows, stored_images, strict=True)):
        corners = row["face_rect"].split(",") if row["face_rect"] else None
        Candidate.objects.create(
            entity=entity,
            image=Image.objects.get(pk=stored_image.image_id),
            state=state_of(stored_image),
            face_id=row["face_id"],
            rank=rank,
            page_url=row["page_url"],
            image_url=row["path"],
            frame=corners and [float(corner) for corner in corners],
        )


def state_of(stored_image) -> str:
    """Return the state that an import would give these bytes."""
    if stored_image.is_readable:
        return "ready"
    return "empty" if stored_image.is_empty else "unreadable"


def truth():
    """Return the true verdicts of the demo's pictures, by path."""
    return {row["path"]: row["verdict"] for row in rows_of(demo.TRUTH, PERSON)}


def truths(page_row):
    """Return the true verdicts of a page's tiles, in display order."""
    candidates = Candidate.objects.in_bulk(page_row.candidates)
    display_order = sorted(
        page_row.candidates,
        key=lambda candidate_id: not candidates[candidate_id].is_readable,
    )
    true_verdicts = truth()
    return [
        true_verdicts[candidates[candidate_id].image_url]
        for candidate_id in display_order
    ]


def shoot(page, name) -> None:
    """Write a screenshot of the page, with as many colours as its size allows."""
    page.wait_for_timeout(200)
    screenshot = PIL.Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours, dither in [
        (256, Dither.FLOYDSTEINBERG),
        (256, Dither.NONE),
        (96, Dither.NONE),
    ]:
        file = io.BytesIO()
        screenshot.quantize(colours, dither=dither).save(file, "PNG", optimize=True)
        if file.tell() < LARGEST:
            break
    target = FOLDER / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.getvalue())


def mark_first_tiles(page, judge, count) -> None:
    """Mark the first tiles of the page correctly."""
    true_verdicts = truths(queue.held_pages(judge)[0])
    for verdict in true_verdicts[:count]:
        press(page, KEYS[verdict])
    all_saved(page)
    page.mouse.move(0, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_grid_on_a_desktop(opened, judge, batch, theme):
    page = opened(judge, grid_of(batch), color_scheme=theme, **DESKTOP)
    close_guidelines(page)
    mark_first_tiles(page, judge, 17)
    shoot(page, f"grid-{theme}")
    if theme == "light":
        press(page, "r")
        shoot(page, "grid-rest")


def close_guidelines(page) -> None:
    """Wait for all pictures, and close the guidelines of a first visit."""
    page.locator('[data-act="close-guidelines"]').click()
    page.evaluate("scrollTo(0, 0)")
    comes_true(
        page, "[...document.querySelectorAll('.tile img')].every(i => i.complete)"
    )
    page.wait_for_timeout(500)


def test_the_page_of_a_new_judge(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    pictures_shown(page)
    shoot(page, "guidelines")


def test_the_grid_offline(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    close_guidelines(page)
    mark_first_tiles(page, judge, 8)
    page.context.set_offline(True)
    press(page, "y", "y", "n")
    expect(page.locator("#saving")).to_have_text("Offline · 3 waiting")
    shoot(page, "grid-offline")


def test_the_zoom_the_keys_and_the_appearance(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    close_guidelines(page)
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
    other_assignment = queue.lease(judge=other_judge, batch=batch)
    page = opened(judge, grid_of(batch), **DESKTOP)
    expect(page.get_by_role("heading", name="Other judges are working")).to_be_visible()
    shoot(page, "empty-held-by-others")
    queue.release(assignment_id=other_assignment.pk, judge=other_judge)
    assignment = queue.lease(judge=judge, batch=batch)
    for position in range(len(assignment.candidates)):
        mark(judge, assignment.tile_id(position), "yes")
    queue.submit(assignment_id=assignment.pk, judge=judge)
    page.reload()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    shoot(page, "empty-all-done")
    page.get_by_role("link", name="Your earlier pages").click()
    shoot(page, "own-pages")
    batches.close_batch(batch=batch, by=admin)
    go_to_grid(page, batch)
    shoot(page, "empty-closed")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_grid_on_a_phone(opened, judge, batch, theme):
    page = opened(judge, grid_of(batch), color_scheme=theme, **PHONE)
    close_guidelines(page)
    mark_first_tiles(page, judge, 5)
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
    mark_first_tiles(page, judge, 12)
    # A script marks faster than a person.
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
