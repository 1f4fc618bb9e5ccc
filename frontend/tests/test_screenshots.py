"""Renews docs/screenshots from the demo's drawn people: `make screenshots`."""

import csv
import io
import os
from pathlib import Path

import PIL.Image
import pytest
from django.conf import settings
from playwright.sync_api import expect

from annotations import images, queue
from annotations.models import Batch, Candidate, Entity, Image
from labeler import demo

from .screen import all_saved, grid_of, pictures_shown, press

pytestmark = pytest.mark.skipif(
    not os.environ.get("LABELER_SCREENSHOTS"), reason="make screenshots"
)

FOLDER = Path(settings.BASE_DIR) / "docs" / "screenshots"
PERSON = "m.demo04"
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
        by=admin, name="First batch", entities=[PERSON], judges_required=2, order="rank"
    )
    names = [judge.username, other_judge.username]
    queue.add_judges(batch=made, usernames=names, by=admin)
    return queue.open_batch(batch=made, by=admin)


def add_candidates(entity) -> None:
    """Store the demo's pictures of this entity, each as a candidate."""
    rows = rows_of(demo.MANIFEST, entity.key)
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
            frame=corners and [float(corner) for corner in corners],
        )


def state_of(kept) -> str:
    """What the importer would say of these bytes."""
    if kept.is_readable:
        return "ready"
    return "empty" if kept.is_empty else "unreadable"


def truths(page_row) -> list[str]:
    """What the tiles of a page deserve, in their order."""
    with demo.TRUTH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    own = [row["verdict"] for row in rows if row["key"] == PERSON]
    ranks = dict(Candidate.objects.values_list("pk", "rank"))
    return [own[ranks[number]] for number in page_row.candidates]


def shoot(page, name) -> None:
    """Write a picture of the page, in few enough colours to be small."""
    shown = PIL.Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in (256, 128, 64):
        file = io.BytesIO()
        shown.quantize(colours, dither=PIL.Image.Dither.NONE).save(
            file, "PNG", optimize=True
        )
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
    press(page, "r")
    shoot(page, f"grid-rest-{theme}")


def test_the_grid_offline_and_with_a_refusal(opened, judge, admin, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    pictures_shown(page)
    judged_in_part(page, judge, 8)
    page.context.set_offline(True)
    press(page, "y", "y", "n")
    expect(page.locator("#saving")).to_contain_text("3 not saved")
    shoot(page, "grid-offline")


def test_the_full_picture_and_the_dialogs(opened, judge, batch):
    page = opened(judge, grid_of(batch), **DESKTOP)
    pictures_shown(page)
    press(page, "f")
    page.wait_for_timeout(500)
    shoot(page, "full-picture")
    press(page, "Escape", "?")
    shoot(page, "keys")
    press(page, "Escape", "s")
    shoot(page, "skip")
    press(page, "Escape")
    page.get_by_role("button", name="Guidelines").click()
    shoot(page, "guidelines")


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
    queue.count()
    page.goto("/")
    shoot(page, "home-judge")
    page = opened(admin, "/", **DESKTOP)
    shoot(page, "home-admin")
    page.goto(f"/batches/{batch.pk}/")
    shoot(page, "batch")
    page.goto("/batches/new/")
    shoot(page, "new-batch")
    page.goto("/imports/")
    shoot(page, "imports")


def test_what_is_shown_where_there_is_no_page(opened, judge, stranger, batch, admin):
    page = opened(None, "/", **DESKTOP)
    shoot(page, "sign-in")
    page = opened(stranger, "/", **DESKTOP)
    shoot(page, "home-empty")
    queue.close_batch(batch=batch, by=admin)
    page = opened(judge, grid_of(batch), **DESKTOP)
    shoot(page, "closed")
