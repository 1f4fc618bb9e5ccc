"""From the cut to the last ruling, in real browsers: an admin, three judges, an
adjudicator, on real pictures, all by keys."""

import csv
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from annotations import export, queue
from annotations.models import (
    Assignment,
    Batch,
    Candidate,
    Conflict,
    Entity,
    Judgment,
    Role,
    Ruling,
)
from annotations.tests.factories import UserFactory
from tools import sample as real_pictures

from .screen import all_saved, grid_of, pictures_shown, press

SAMPLE = real_pictures.folder()
KEYS = {"yes": "1", "no": "2", "broken": "3", "skip": "s"}
ENTITIES = 5


@pytest.fixture
def sample(db, tmp_path):
    """Real pictures, imported, and what each deserves by its digest."""
    packed = tmp_path / "sample.tsv"
    script = SAMPLE / "make_synthetic.py"
    command = [sys.executable, script, "--pack", SAMPLE, "--out", packed]
    subprocess.run(command, check=True, capture_output=True)
    call_command("import_candidates", str(packed))
    with (SAMPLE / "truth.tsv").open() as rows:
        return {
            (row["mid"], row["sha256"]): row["label"]
            for row in csv.DictReader(rows, delimiter="\t")
        }


def deserved(sample, numbers):
    """What candidates deserve, in the given order."""
    found = Candidate.objects.select_related("entity", "image").in_bulk(numbers)
    return [sample[found[n].entity.key, str(found[n].image.sha256)] for n in numbers]


def cut(page, keys, names):
    """Cut a batch of these entities for these judges on its page, and open it."""
    page.goto(reverse("new-batch"))
    page.get_by_label("Name", exact=True).fill("The sample")
    page.get_by_label("Entity keys").fill("\n".join(keys))
    for name in names:
        page.get_by_label(name, exact=True).press("Space")
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.locator("#mix")).to_contain_text(f"{len(keys)}")
    page.get_by_role("button", name="Create batch").press("Enter")
    expect(page.locator("h1")).to_have_text("The sample")
    page.get_by_role("button", name="Open", exact=True).press("Enter")
    expect(page.locator("main")).to_contain_text("The batch is open")
    return Batch.objects.get(name="The sample")


def work_off(page, batch, say):
    """Judge page after page by keys; `say(deserved, candidate)` is the verdict."""
    page.goto(grid_of(batch))
    while shown := page.locator("#page[data-assignment]").all():
        number = shown[0].get_attribute("data-assignment")
        pictures_shown(page)
        for key in keys_of(page, int(number), say):
            press(page, key)
            if key == KEYS["skip"]:
                skip(page)
        press(page, "Enter")
        page.locator(f'#page:not([data-assignment="{number}"])').wait_for()
    all_saved(page)


def skip(page):
    """Skip without a reason, and wait until the tile says so."""
    skipped = page.locator('.tile[data-verdict="skip"]')
    before = skipped.count()
    expect(page.locator("dialog[open]")).to_be_visible()
    press(page, "Enter")
    expect(skipped).to_have_count(before + 1)


def keys_of(page, number, say):
    """The keys that mark the tiles of a page, in the order in which they are shown."""
    candidates = Assignment.objects.get(pk=number).candidates
    tiles = page.locator(".tile").evaluate_all("all => all.map(t => t.dataset.tile)")
    return [KEYS[say(candidates[int(tile.split(".")[1])])] for tile in tiles]


def rule_on_all(page, batch, sample):
    """Rule on every conflict by keys, as the pictures deserve."""
    page.goto(reverse("next-conflict", args=[batch.pk]))
    ruled = 0
    while "/next/" not in page.url:
        candidate = int(page.url.rstrip("/").split("/")[-1])
        [verdict] = deserved(sample, [candidate])
        before = page.url
        press(page, KEYS[verdict])
        page.wait_for_url(lambda url, before=before: url != before)
        page.wait_for_load_state()
        ruled += 1
    expect(page.locator("h1")).to_have_text("No conflicts to decide")
    return ruled


@pytest.mark.timeout(900)
@pytest.mark.sample
def test_a_batch_goes_from_the_cut_to_the_last_ruling(opened, admin, sample):
    names = ("kim", "lee", "max")
    judges = [UserFactory(username=name) for name in names]
    adjudicator = UserFactory(username="rut", roles=[Role.ADJUDICATOR])
    keys = list(Entity.objects.order_by("key").values_list("key", flat=True))
    batch = cut(opened(admin), keys[:ENTITIES], names)

    def rightly(candidate):
        return deserved(sample, [candidate])[0]

    def carelessly(candidate):
        right = rightly(candidate)
        return {"yes": "no"}.get(right, "yes") if candidate % 6 == 0 else right

    def timidly(candidate):
        return "skip" if candidate % 7 == 0 else rightly(candidate)

    for judge, say in zip(judges, (timidly, carelessly, rightly), strict=True):
        work_off(opened(judge), batch, say)
    disputed = Conflict.objects.filter(batch=batch).count()
    assert disputed > 3
    assert rule_on_all(opened(adjudicator), batch, sample) == disputed
    queue.sum_counters([batch.pk])
    progress = queue.progress(batch := Batch.objects.get(pk=batch.pk))
    assert progress["judged"] == progress["candidates"] > 30
    assert progress["open"] == 0
    assert Ruling.objects.filter(batch=batch, reopened_at=None).count() == disputed
    assert Judgment.objects.filter(batch=batch, verdict="skip").exists()
    rows = b"".join(export.stream_truth([batch.pk])).decode().splitlines()
    told = [row.split("\t") for row in rows[1:]]
    assert len(told) == progress["candidates"]
    assert all(sample[row[0], row[7]] == row[8] for row in told)
    assert {row[9] for row in told} == {"unanimous", "ruling"}
