"""The drawn demo: the committed files agree with each other and can be drawn again."""

import csv
import hashlib
import io
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from labeler import demo
from labeler.demo import draw, photo, shots
from labeler.demo.person import plain_moment
from labeler.demo.roles import NAMESAKES, ROLES


def read(path):
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))


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
    files = [one for one in (demo.FOLDER / "pictures").rglob("*") if one.is_file()]
    assert {one.relative_to(demo.FOLDER).as_posix() for one in files} == {
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
    assert all(sorted(each) == list(range(len(each))) for each in ranks.values())


def test_no_entity_holds_the_same_bytes_twice_but_two_entities_may(manifest):
    pairs = [(row["key"], row["sha256"]) for row in manifest]
    assert len(pairs) == len(set(pairs))
    keys = defaultdict(set)
    for row in manifest:
        if row["path"].endswith(".webp"):
            keys[row["sha256"]].add(row["key"])
    assert sum(len(each) == 2 for each in keys.values()) == 2


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


def test_every_representative_is_a_true_picture_of_its_own_entity(
    entities, manifest, truth
):
    own = {(row["key"], row["sha256"]): truth[row["path"]] for row in manifest}
    for key, entity in entities.items():
        shown = own[key, entity["representative"]]
        assert (shown["verdict"], shown["kind"]) == ("yes", "clear")


def test_namesakes_share_a_name_and_differ_in_what_tells_them_apart(entities):
    for key, other in NAMESAKES.items():
        assert entities[key]["name"] == entities[other]["name"]
        for column in ("description", "birth_date", "professions"):
            assert entities[key][column] != entities[other][column]
    names = Counter(row["name"] for row in entities.values())
    assert sum(count == 2 for count in names.values()) == 2


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
        left, top, right, bottom = (float(one) for one in row["face_rect"].split(","))
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1


def test_a_picture_drawn_twice_has_the_same_bytes():
    first, second = (
        photo.webp(shots.single(ROLES[4].person, np.random.default_rng(11)))
        for _ in range(2)
    )
    assert first == second


def test_another_seed_draws_another_picture():
    first, second = (
        photo.webp(shots.single(ROLES[4].person, np.random.default_rng(seed)))
        for seed in (11, 12)
    )
    assert first != second


def test_the_command_draws_an_album_and_its_lists(tmp_path):
    role = replace(ROLES[11], pictures=2)
    draw.draw(tmp_path, seed=1, roles=[role])
    rows = read(tmp_path / "manifest.tsv")
    assert [row["rank"] for row in rows] == ["0", "1"]
    shown = read(tmp_path / "entities.tsv")[0]["representative"]
    assert shown in {row["sha256"] for row in rows}
    for row in rows:
        content = (tmp_path / row["path"]).read_bytes()
        assert Image.open(io.BytesIO(content)).format == "WEBP"


def test_a_passport_picture_is_frontal():
    moment = plain_moment(ROLES[0].person)
    assert (moment.yaw, moment.pitch, moment.roll) == (0, 0, 0)
