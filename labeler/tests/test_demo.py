"""The demo: its committed lists and pictures agree with each other."""

import csv
import hashlib
from collections import Counter, defaultdict

import pytest
from PIL import Image, UnidentifiedImageError

from labeler import demo


def read(path):
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows
    return rows


@pytest.fixture(scope="module")
def entities():
    return {row["key"]: row for row in read(demo.ENTITIES)}


@pytest.fixture(scope="module")
def manifest():
    return read(demo.MANIFEST)


@pytest.fixture(scope="module")
def truth():
    return {row["path"]: row for row in read(demo.TRUTH)}


def test_every_path_of_the_manifest_exists_with_its_digest(manifest):
    for row in manifest:
        content = (demo.FOLDER / row["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"], row["path"]


def test_every_picture_file_is_in_the_manifest(manifest):
    files = [p for p in (demo.FOLDER / "pictures").rglob("*") if p.is_file()]
    assert {path.relative_to(demo.FOLDER).as_posix() for path in files} == {
        row["path"] for row in manifest
    }


def test_the_lists_have_no_tab_quote_or_carriage_return_inside_cells():
    for path in (demo.ENTITIES, demo.MANIFEST, demo.TRUTH):
        content = path.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        lines = content.decode().splitlines()
        assert len({line.count("\t") for line in lines}) == 1


def test_the_demo_is_large_enough_and_stays_small(entities, manifest):
    counts = Counter(row["key"] for row in manifest)
    assert len(entities) >= 14
    assert set(counts) == set(entities)
    assert len(manifest) >= 340
    assert max(counts.values()) > 60
    assert min(counts.values()) == 5
    assert sum((demo.FOLDER / row["path"]).stat().st_size for row in manifest) < 4 << 20


def test_the_ranks_of_each_entity_count_from_zero(manifest):
    ranks = defaultdict(list)
    for row in manifest:
        ranks[row["key"]].append(int(row["rank"]))
    assert all(sorted(r) == list(range(len(r))) for r in ranks.values())


def test_no_entity_holds_the_same_bytes_twice_but_two_entities_may(manifest):
    pairs = [(row["key"], row["sha256"]) for row in manifest]
    assert len(pairs) == len(set(pairs))
    keys = defaultdict(set)
    for row in manifest:
        if row["path"].endswith(".webp"):
            keys[row["sha256"]].add(row["key"])
    assert sum(len(owners) == 2 for owners in keys.values()) == 2


def test_the_truth_covers_the_manifest_in_fair_shares(manifest, truth):
    assert {row["path"]: row["key"] for row in manifest} == {
        path: row["key"] for path, row in truth.items()
    }
    shares = Counter(row["verdict"] for row in truth.values())
    assert set(shares) == {"yes", "no", "broken"}
    assert 0.12 <= shares["no"] / len(truth) <= 0.28
    assert 0.015 <= shares["broken"] / len(truth) <= 0.05


def test_exactly_the_broken_files_cannot_be_decoded(truth):
    for path, row in truth.items():
        try:
            with Image.open(demo.FOLDER / path) as picture:
                picture.load()
        except (UnidentifiedImageError, OSError):
            assert row["verdict"] == "broken", path
        else:
            assert row["verdict"] != "broken", path


def test_every_representative_is_a_true_picture_of_its_entity(
    entities, manifest, truth
):
    rows = {(row["key"], row["sha256"]): truth[row["path"]] for row in manifest}
    for key, entity in entities.items():
        row = rows[key, entity["representative"]]
        assert (row["verdict"], row["kind"]) == ("yes", "clear")


def test_namesakes_share_a_name_and_differ_in_their_details(entities):
    rows = defaultdict(list)
    for entity in entities.values():
        rows[entity["name"]].append(entity)
    pairs = [namesakes for namesakes in rows.values() if len(namesakes) > 1]
    assert [len(pair) for pair in pairs] == [2, 2]
    for first, second in pairs:
        for column in ("description", "birth_date", "professions"):
            assert first[column] != second[column]


def test_the_properties_of_the_entities_are_spread(entities):
    rows = entities.values()
    frequencies = [int(row["frequency"]) for row in rows]
    assert (min(frequencies), max(frequencies)) == (5, 2_000_000)
    assert any("|" in row["professions"] for row in rows)
    assert any(not row["name"].isascii() for row in rows)
    assert any(row["name"][0] > "\u0400" for row in rows)
    assert all(row["url"].startswith("https://example.org/") for row in rows)


def test_each_group_has_a_frame_inside_its_picture(manifest, truth):
    framed = [row for row in manifest if row["face_rect"]]
    kinds = Counter(truth[row["path"]]["kind"] for row in framed)
    assert set(kinds) == {"group", "crowd"}
    for row in framed:
        x0, y0, x1, y1 = (float(edge) for edge in row["face_rect"].split(","))
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1
