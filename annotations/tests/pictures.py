"""Pictures for tests, as bytes and as stored rows."""

import io
import os
import time

import PIL.Image
from django.core.files.storage import default_storage

from annotations import images
from annotations.models import Image


def drawn(seed: int = 0, *, format: str = "PNG", side: int = 32) -> bytes:
    """A small picture; another seed gives other bytes."""
    colour = (seed * 37 % 256, seed // 7 % 256, seed * 11 % 256)
    picture = PIL.Image.new("RGB", (side, side + seed % 5), colour)
    picture.putpixel((seed % side, 0), (255 - colour[0], 255, 0))
    file = io.BytesIO()
    picture.save(file, format)
    return file.getvalue()


def stored(data: bytes | None = None, *, seed: int = 0) -> Image:
    """The row of these bytes, which now lie in the store with their thumbnail."""
    (kept,) = images.store_many([drawn(seed) if data is None else data])
    return Image.objects.get(pk=kept.image_id)


def aged(name):
    """Let a stored file look two hours old."""
    past = time.time() - 7200
    os.utime(default_storage.path(name), (past, past))
