"""Imports, compared with a bare COPY, and with decoder and disk alone."""

import base64
import hashlib
import io
import random
import struct
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import PIL.Image
from django.db import connection
from django.test import override_settings

from annotations import intake, sql
from annotations.images import cores, examine
from annotations.models import Import, ImportState
from benchmarks import Row

ENTITIES = 10_000
PER_ENTITY = 100
PARTS = 5
PICTURES = 3_000
PICTURE_SIDE = 256
# Copy the rows of the last part out of the database and back under other keys.
LAST_ENTITY = "SELECT max(id) FROM annotations_entity WHERE id < 1000000000"
ENTITY_COLUMNS = (
    "id, key, name, description, gender, birth_date, professions, countries, url"
)
OUT_ENTITIES = """
COPY (
    SELECT id + 1000000000, 'bare.' || key, name, description, gender, birth_date,
        professions, countries, url
    FROM annotations_entity WHERE id > {0} AND id < 1000000000
) TO STDOUT
"""
CANDIDATE_COLUMNS = (
    "entity_id, state, face_id, rank, image_url, page_url, query, licence,"
    " attribution, face_rectangle"
)
OUT_CANDIDATES = """
COPY (
    SELECT entity_id + 1000000000, state, face_id, rank, image_url, page_url, query,
        licence, attribution, face_rectangle
    FROM annotations_candidate WHERE entity_id > {0} AND entity_id < 1000000000
    ORDER BY id
) TO STDOUT
"""


def metadata() -> list[Row]:
    """Import a million rows of the layout `faces` without images.

    The import and the bare COPY take turns on the same growing tables, so that other
    load on the machine affects both.
    """
    seconds = limit = 0.0
    with tempfile.TemporaryDirectory(prefix="labeler-bench-") as folder:
        path = Path(folder) / "faces.tsv"
        for part in range(PARTS):
            first = ENTITIES // PARTS * part
            with path.open("w", encoding="ascii", newline="\n") as file:
                file.writelines(_metadata_lines(first, ENTITIES // PARTS))
            seconds += _import(path, ENTITIES // PARTS * PER_ENTITY, with_images=False)
            limit += _bare_copy(Path(folder))
    rows = ENTITIES * PER_ENTITY
    return [_row("import of metadata, 1M rows", rows / seconds, rows / limit, "≥ 0.5")]


def images() -> list[Row]:
    """Import small photographs of the layout `faces`: decode, digest, thumbnail, store."""
    pictures = list(_pictures())
    seconds = limit = 0.0
    with (
        tempfile.TemporaryDirectory(prefix="labeler-bench-") as folder,
        override_settings(STORAGES=_storages(folder)),
    ):
        path = Path(folder) / "faces.tsv"
        for part in range(PARTS):
            group = pictures[part::PARTS]
            limit += _bare_images(group, Path(folder) / "bare")
            with path.open("w", encoding="ascii", newline="\n") as file:
                file.writelines(_picture_lines(group, part))
            seconds += _import(path, len(group), with_images=True)
    return [
        _row("import with images", PICTURES / seconds, PICTURES / limit, "≥ 0.8"),
    ]


def _row(name: str, value: float, limit: float, goal: str) -> Row:
    return {
        "name": name,
        "value": value,
        "unit": "rows/s",
        "limit": limit,
        "ratio": value / limit,
        "goal": goal,
    }


def _storages(folder: str) -> dict[str, object]:
    backend = "django.core.files.storage.FileSystemStorage"
    return {"default": {"BACKEND": backend, "OPTIONS": {"location": folder}}}


def _import(path: Path, rows: int, *, with_images: bool) -> float:
    import_ = intake.start(
        file_name=path.name, layout="", with_images=with_images, upload="", by=None
    )
    start = time.perf_counter()
    intake.run(import_, path)
    seconds = time.perf_counter() - start
    import_ = Import.objects.get(pk=import_.pk)
    if (import_.state, import_.rows_added) != (ImportState.DONE, rows):
        raise RuntimeError(
            f"The import is {import_.state} with {import_.rows_added} rows added:"
            f" {import_.problem}"
        )
    return seconds


def _metadata_lines(first: int, entities: int) -> Iterator[str]:
    generator = random.Random(first)
    for entity in range(first, first + entities):
        key = f"m.0{entity * 2654435761 % 2**30:06x}"
        for rank in range(PER_ENTITY):
            x, y = generator.random() / 2, generator.random() / 2
            box = base64.b64encode(struct.pack("<4f", x, y, x + 0.4, y + 0.4)).decode()
            yield (
                f"{key}\t{rank}\thttps://img.example.invalid/{key}/{rank}.jpg"
                f"\thttps://page.example.invalid/{key}/{rank}\tFaceId-0\t{box}\t\n"
            )


def _bare_copy(folder: Path) -> float:
    """Copy the rows of the last part again, to the same tables with their indexes."""
    seconds = 0.0
    last = sql.value(LAST_ENTITY) - ENTITIES // PARTS
    with connection.cursor() as cursor:
        for table, columns, copy in (
            ("annotations_entity", ENTITY_COLUMNS, OUT_ENTITIES),
            ("annotations_candidate", CANDIDATE_COLUMNS, OUT_CANDIDATES),
        ):
            with (folder / table).open("wb") as file:
                cursor.copy_expert(copy.format(last), file)
            with (folder / table).open("rb") as file:
                start = time.perf_counter()
                cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", file)
                seconds += time.perf_counter() - start
    return seconds


def _pictures() -> Iterator[bytes]:
    """Yield different pictures of about the size of the released ones (10 kB)."""
    generator = random.Random(2)
    side = PICTURE_SIDE
    grain = PIL.Image.effect_noise((side * 2, side * 2), 40)
    for number in range(PICTURES):
        x, y = generator.randrange(side), generator.randrange(side)
        part = grain.crop((x, y, x + side, y + side)).resize((side // 3,) * 2)
        smooth = part.resize((side, side), PIL.Image.Resampling.BICUBIC)
        tint = PIL.Image.linear_gradient("L").resize((side, side)).rotate(number % 360)
        picture = PIL.Image.merge("RGB", (smooth, tint, smooth.rotate(90)))
        picture.putpixel((number % side, number // side % side), (255, 255, 255))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=85)
        yield file.getvalue()


def _picture_lines(pictures: list[bytes], part: int) -> Iterator[str]:
    box = base64.b64encode(struct.pack("<4f", 0, 0, 1, 1)).decode()
    for number, picture in enumerate(pictures):
        key, rank = f"m.p{part}.{number // PER_ENTITY:04x}", number % PER_ENTITY
        data = base64.b64encode(picture).decode()
        yield (
            f"{key}\t{rank}\thttps://img.example.invalid/{key}/{rank}.jpg"
            f"\thttps://page.example.invalid/{key}/{rank}\tFaceId-0\t{box}\t{data}\n"
        )


def _bare_images(pictures: list[bytes], folder: Path) -> float:
    """Digest, decode, make a thumbnail and write two files per picture, on every core."""

    def store(picture: bytes) -> None:
        name = hashlib.sha256(picture).hexdigest()
        thumbnail = examine(picture).thumbnail
        for kind, data in (("images", picture), ("thumbnails", thumbnail)):
            parent = folder / kind / name[:2] / name[2:4]
            parent.mkdir(parents=True, exist_ok=True)
            (parent / name).write_bytes(data)

    start = time.perf_counter()
    with ThreadPoolExecutor(cores()) as threads:
        list(threads.map(store, pictures))
    return time.perf_counter() - start
