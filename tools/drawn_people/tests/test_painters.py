"""The painters of the demo: the same seed draws the same bytes, as the lists say."""

import csv
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from labeler import demo
from tools.drawn_people import __main__ as painter
from tools.drawn_people import photo, shots
from tools.drawn_people.person import plain_moment
from tools.drawn_people.roles import NAMESAKES, ROLES


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))


def single(seed: int) -> bytes:
    return photo.webp(shots.single(ROLES[4].person, np.random.default_rng(seed)))


def test_namesakes_share_a_name_and_have_different_details() -> None:
    entities = {row["key"]: row for row in read(demo.ENTITIES)}
    assert NAMESAKES
    for key, other in NAMESAKES.items():
        assert entities[key]["name"] == entities[other]["name"]
        for column in ("description", "birth_date", "professions"):
            assert entities[key][column] != entities[other][column]


def test_the_committed_list_names_the_roles() -> None:
    rows = read(demo.ENTITIES)
    assert [row["key"] for row in rows] == [role.key for role in ROLES]
    assert [row["name"] for row in rows] == [role.name for role in ROLES]


def test_a_picture_drawn_twice_has_the_same_bytes() -> None:
    assert single(11) == single(11)


def test_another_seed_draws_another_picture() -> None:
    assert single(11) != single(12)


def test_the_command_draws_an_album_and_its_lists(tmp_path: Path) -> None:
    role = replace(ROLES[11], pictures=2)
    painter.draw(tmp_path, seed=1, roles=[role])
    rows = read(tmp_path / "manifest.tsv")
    assert [row["rank"] for row in rows] == ["0", "1"]
    representative = read(tmp_path / "entities.tsv")[0]["representative"]
    assert representative in {row["sha256"] for row in rows}
    for row in rows:
        content = (tmp_path / row["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert Image.open(io.BytesIO(content)).format == "WEBP"


def test_a_passport_picture_is_frontal() -> None:
    moment = plain_moment(ROLES[0].person)
    assert (moment.yaw, moment.pitch, moment.roll) == (0, 0, 0)
