"""A batch from its creation to the last ruling, in real browsers, by keys: an admin,
three judges and an adjudicator work on real pictures."""

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

from .screen import all_saved, go_to_grid, pictures_shown, press

SAMPLE = real_pictures.folder()
KEYS = {"yes": "1", "no": "2", "broken": "3", "skip": "s"}
ENTITIES = 5


@pytest.fixture
def sample(db, tmp_path):
    """Import real pictures. Return the true label of each by key and digest."""
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


def labels_of(sample, candidate_ids):
    """Return the true labels of candidates, in the given order."""
    candidates = Candidate.objects.select_related("entity", "image").in_bulk(
        candidate_ids
    )
    return [
        sample[candidates[n].entity.key, str(candidates[n].image.sha256)]
        for n in candidate_ids
    ]


def create_batch(page, keys, names):
    """Create a batch of these entities for these judges in the browser, and open it."""
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
    """Judge all pages by keys. `say(candidate_id)` returns the verdict."""
    go_to_grid(page, batch)
    while pages := page.locator("#page[data-assignment]").all():
        assignment_id = pages[0].get_attribute("data-assignment")
        pictures_shown(page)
        for key in keys_of(page, int(assignment_id), say):
            press(page, key)
            if key == KEYS["skip"]:
                skip(page)
        press(page, "Enter")
        page.locator(f'#page:not([data-assignment="{assignment_id}"])').wait_for()
    all_saved(page)


def skip(page):
    """Skip without a reason, and wait until the tile shows it."""
    skipped_tiles = page.locator('.tile[data-verdict="skip"]')
    before = skipped_tiles.count()
    expect(page.locator("dialog[open]")).to_be_visible()
    press(page, "Enter")
    expect(skipped_tiles).to_have_count(before + 1)


def keys_of(page, assignment_id, say):
    """Return the keys that mark the tiles of a page, in display order."""
    candidates = Assignment.objects.get(pk=assignment_id).candidates
    tiles = page.locator(".tile").evaluate_all("all => all.map(t => t.dataset.tile)")
    return [KEYS[say(candidates[int(tile.split(".")[1])])] for tile in tiles]


def rule_on_all(page, batch, sample):
    """Rule correctly on every conflict by keys. Return the number of rulings."""
    page.goto(reverse("next-conflict", args=[batch.pk]))
    ruling_count = 0
    while "/next/" not in page.url:
        candidate = int(page.url.rstrip("/").split("/")[-1])
        [verdict] = labels_of(sample, [candidate])
        before = page.url
        press(page, KEYS[verdict])
        page.wait_for_url(lambda url, before=before: url != before)
        page.wait_for_load_state()
        ruling_count += 1
    expect(page.locator("h1")).to_have_text("No conflicts to decide")
    return ruling_count


@pytest.mark.timeout(900)
@pytest.mark.sample
def test_a_batch_from_its_creation_to_the_last_ruling(opened, admin, sample):
    names = ("kim", "lee", "max")
    judges = [UserFactory(username=name) for name in names]
    adjudicator = UserFactory(username="rut", roles=[Role.ADJUDICATOR])
    keys = list(Entity.objects.order_by("key").values_list("key", flat=True))
    batch = create_batch(opened(admin), keys[:ENTITIES], names)

    def correctly(candidate):
        return labels_of(sample, [candidate])[0]

    def carelessly(candidate):
        right = correctly(candidate)
        return {"yes": "no"}.get(right, "yes") if candidate % 6 == 0 else right

    def timidly(candidate):
        return "skip" if candidate % 7 == 0 else correctly(candidate)

    for judge, say in zip(judges, (timidly, carelessly, correctly), strict=True):
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
    truth_rows = [row.split("\t") for row in rows[1:]]
    assert len(truth_rows) == progress["candidates"]
    assert all(sample[row[0], row[7]] == row[8] for row in truth_rows)
    assert {row[9] for row in truth_rows} == {"unanimous", "ruling"}
