"""Pictures for tests, as bytes and as stored rows."""

import io
import os
import time

import PIL.Image
from django.core.files.storage import default_storage

from annotations import images
from annotations.models import Image


def drawn(seed: int = 0, *, format: str = "PNG", side: int = 32) -> bytes:
    """Return a small picture; each seed gives different bytes."""
    colour = (seed * 37 % 256, seed // 7 % 256, seed * 11 % 256)
    picture = PIL.Image.new("RGB", (side, side + seed % 5), colour)
    picture.putpixel((seed % side, 0), (255 - colour[0], 255, 0))
    file = io.BytesIO()
    picture.save(file, format)
    return file.getvalue()


def stored(data: bytes | None = None, *, seed: int = 0) -> Image:
    """Store these bytes with their thumbnail; return the row."""
    (image,) = images.store_many([drawn(seed) if data is None else data])
    return Image.objects.get(pk=image.image_id)


def aged(name):
    """Make a stored file two hours old."""
    past = time.time() - 7200
    os.utime(default_storage.path(name), (past, past))
