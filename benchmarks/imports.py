"""Imports beside their limits: a bare COPY, and the decoder with a disk alone."""

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

from annotations import intake
from annotations.images import cores, examine
from annotations.models import Import, ImportState
from benchmarks import Row

ENTITIES = 10_000
PER_ENTITY = 100
PICTURES = 3_000
PICTURE_SIDE = 256
TABLES = {
    "annotations_entity": (
        "id, key, name, description, gender, birth_date, professions, countries, url"
    ),
    "annotations_candidate": (
        "entity_id, state, face_id, rank, image_url, page_url, query, licence,"
        " attribution, face_rectangle"
    ),
}


def metadata() -> list[Row]:
    """A million rows of the layout `faces` without images, through everything."""
    rows = ENTITIES * PER_ENTITY
    with tempfile.TemporaryDirectory(prefix="labeler-bench-") as folder:
        path = Path(folder) / "faces.tsv"
        with path.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(_metadata_lines())
        seconds = _imported(path, rows, with_images=False)
        limit = _bare_copy(Path(folder))
    value = rows / seconds
    return [_row("import of metadata, 1M rows", value, rows / limit, "≥ 0.5")]


def images() -> list[Row]:
    """Small photographs of the layout `faces`: decode, digest, thumbnail and store."""
    pictures = list(_pictures())
    with (
        tempfile.TemporaryDirectory(prefix="labeler-bench-") as folder,
        override_settings(STORAGES=_storages(folder)),
    ):
        path = Path(folder) / "faces.tsv"
        with path.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(_picture_lines(pictures))
        before = _bare_images(pictures, Path(folder) / "before")
        seconds = _imported(path, PICTURES, with_images=True)
        after = _bare_images(pictures, Path(folder) / "after")
    limit = PICTURES / ((before + after) / 2)
    return [_row("import with images", PICTURES / seconds, limit, "≥ 0.8")]


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


def _imported(path: Path, rows: int, *, with_images: bool) -> float:
    import_ = intake.start(
        file_name=path.name, layout="", with_images=with_images, upload="", by=None
    )
    start = time.perf_counter()
    intake.run(import_, path)
    seconds = time.perf_counter() - start
    done = Import.objects.get(pk=import_.pk)
    if (done.state, done.rows_added) != (ImportState.DONE, rows):
        raise RuntimeError(f"{done.state} {done.problem} {done.rows_added} added")
    return seconds


def _metadata_lines() -> Iterator[str]:
    chance = random.Random(1)
    for entity in range(ENTITIES):
        key = f"m.0{entity * 2654435761 % 2**30:06x}"
        for rank in range(PER_ENTITY):
            x, y = chance.random() / 2, chance.random() / 2
            box = base64.b64encode(struct.pack("<4f", x, y, x + 0.4, y + 0.4)).decode()
            yield (
                f"{key}\t{rank}\thttps://img.example.invalid/{key}/{rank}.jpg"
                f"\thttps://page.example.invalid/{key}/{rank}\tFaceId-0\t{box}\t\n"
            )


def _bare_copy(folder: Path) -> float:
    """The rows that are there now, into the same empty tables with their indexes."""
    seconds = 0.0
    with connection.cursor() as cursor:
        for table, columns in TABLES.items():
            with (folder / table).open("wb") as file:
                cursor.copy_expert(f"COPY {table} ({columns}) TO STDOUT", file)
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        for table, columns in TABLES.items():
            with (folder / table).open("rb") as file:
                start = time.perf_counter()
                cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", file)
                seconds += time.perf_counter() - start
    return seconds


def _pictures() -> Iterator[bytes]:
    """Different pictures about as heavy as the released ones (10 kB)."""
    chance = random.Random(2)
    side = PICTURE_SIDE
    grain = PIL.Image.effect_noise((side * 2, side * 2), 40)
    for number in range(PICTURES):
        left, top = chance.randrange(side), chance.randrange(side)
        part = grain.crop((left, top, left + side, top + side)).resize((side // 3,) * 2)
        smooth = part.resize((side, side), PIL.Image.Resampling.BICUBIC)
        tint = PIL.Image.linear_gradient("L").resize((side, side)).rotate(number % 360)
        picture = PIL.Image.merge("RGB", (smooth, tint, smooth.rotate(90)))
        picture.putpixel((number % side, number // side % side), (255, 255, 255))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=85)
        yield file.getvalue()


def _picture_lines(pictures: list[bytes]) -> Iterator[str]:
    box = base64.b64encode(struct.pack("<4f", 0, 0, 1, 1)).decode()
    for number, picture in enumerate(pictures):
        key, rank = f"m.p{number // PER_ENTITY:04x}", number % PER_ENTITY
        data = base64.b64encode(picture).decode()
        yield (
            f"{key}\t{rank}\thttps://img.example.invalid/{key}/{rank}.jpg"
            f"\thttps://page.example.invalid/{key}/{rank}\tFaceId-0\t{box}\t{data}\n"
        )


def _bare_images(pictures: list[bytes], folder: Path) -> float:
    """Digest, decode, thumbnail and two files each, on every core; nothing else."""

    def keep(picture: bytes) -> None:
        name = hashlib.sha256(picture).hexdigest()
        thumbnail = examine(picture).thumbnail
        for kind, data in (("images", picture), ("thumbnails", thumbnail)):
            parent = folder / kind / name[:2] / name[2:4]
            parent.mkdir(parents=True, exist_ok=True)
            (parent / name).write_bytes(data)

    start = time.perf_counter()
    with ThreadPoolExecutor(cores()) as threads:
        list(threads.map(keep, pictures))
    return time.perf_counter() - start
