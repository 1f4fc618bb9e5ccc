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

from annotations import images, queue
from annotations.models import Batch, BatchJudge, Candidate, Entity, Image
from labeler import demo

from .screen import all_saved, grid_of, pictures_shown, press

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
    made = queue.cut(
        by=admin,
        name="First batch",
        entities=[PERSON],
        judges_required=2,
        order="uncertain",
    )
    names = [judge.username, other_judge.username]
    queue.add_judges(batch=made, usernames=names, by=admin)
    return queue.open_batch(batch=made, by=admin)


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
    """What the tiles of a page deserve, in their order."""
    paths = dict(Candidate.objects.values_list("pk", "image_url"))
    deserved = truth()
    return [deserved[paths[number]] for number in page_row.candidates]


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
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(file.getvalue())


def judged_in_part(page, judge, count) -> None:
    """Mark the first tiles of the page as they deserve."""
    deserved = truths(queue.held_by(judge)[0])
    for verdict in deserved[:count]:
        press(page, KEYS[verdict])
    all_saved(page)
    page.mouse.move(0, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_grid_on_a_desktop(opened, judge, batch, theme):
    page = opened(judge, grid_of(batch), color_scheme=theme, **DESKTOP)
    pictures_shown(page)
    judged_in_part(page, judge, 17)
    shoot(page, f"grid-{theme}")
    if theme == "light":
        press(page, "r")
        shoot(page, "grid-rest")


def test_the_grid_offline(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    pictures_shown(page)
    judged_in_part(page, judge, 8)
    page.context.set_offline(True)
    press(page, "y", "y", "n")
    expect(page.locator("#saving")).to_contain_text("3 not saved")
    shoot(page, "grid-offline")


def test_the_full_picture_and_the_keys(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    pictures_shown(page)
    press(page, "f")
    page.wait_for_timeout(500)
    shoot(page, "full-picture")
    press(page, "Escape", "?")
    shoot(page, "keys")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_grid_on_a_phone(opened, judge, batch, theme):
    page = opened(judge, grid_of(batch), color_scheme=theme, **PHONE)
    page.wait_for_timeout(500)
    judged_in_part(page, judge, 5)
    page.evaluate("scrollTo(0, 0)")
    shoot(page, f"phone-{theme}")


def test_home_of_a_judge_and_of_an_admin(opened, judge, admin, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    judged_in_part(page, judge, 12)
    # A script marks faster than a person looks.
    BatchJudge.objects.filter(judge=judge).update(centiseconds=2640)
    queue.count()
    page.goto("/")
    shoot(page, "home-judge")
    page = opened(admin, "/", **DESKTOP)
    shoot(page, "home-admin")
    page.goto(f"/batches/{batch.pk}/")
    shoot(page, "batch")


def test_sign_in(opened, db):
    page = opened(None, "/", **DESKTOP)
    shoot(page, "sign-in")
