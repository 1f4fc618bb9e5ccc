"""Opens stored pictures: renditions, thumbnails and originals."""

import hashlib
import hmac
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import PIL.Image
from django.conf import settings
from django.db.models import F

from annotations.errors import NotFound, Unreadable
from annotations.models import Candidate, CandidateState, Entity, Image, User

from . import store
from .decoding import examine, is_large, render, shrink

RENDITION_TYPE, THUMBNAIL_TYPE = "image/jpeg", "image/webp"
# Formats that browsers show.
SHOWN_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")

# At most one thread waits for a large picture, so that the others can serve pages.
_one_rendition = threading.Lock()


@dataclass(frozen=True, slots=True)
class OpenPicture:
    """An open file with its content type; clients must not keep a stand-in."""

    file: IO[bytes]
    content_type: str
    is_stand_in: bool = False


def open_rendition(image: Image) -> OpenPicture:
    """Return the full view: a JPEG, upright, in sRGB, of limited size, without metadata.

    Imports make it for large pictures, the first view makes it for others. While a
    missing rendition of another large picture is made, the thumbnail stands in.
    Unreadable if the decoder refused the picture.
    """
    _refuse_unreadable(image)
    name = store.rendition_name(str(image.sha256))
    try:
        return OpenPicture(store.get(name), RENDITION_TYPE)
    except FileNotFoundError:
        pass
    with _turn(image) as is_mine:
        if not is_mine:
            return OpenPicture(open_thumbnail(image), THUMBNAIL_TYPE, is_stand_in=True)
        with _stored(image) as file:
            data = render(file.read())
    return OpenPicture(_keep(image, name, data), RENDITION_TYPE)


@contextmanager
def _turn(image: Image) -> Iterator[bool]:
    """Yield whether this thread can decode the picture now."""
    if not is_large(image.width or 0, image.height or 0):
        yield True
        return
    is_mine = _one_rendition.acquire(blocking=False)
    try:
        yield is_mine
    finally:
        if is_mine:
            _one_rendition.release()


def open_original(image: Image) -> OpenPicture:
    """Return the unchanged file, which can have metadata. Only admins get it."""
    _refuse_unreadable(image)
    return OpenPicture(_stored(image), f"image/{image.format.lower()}")


def open_original_if_shown(image: Image) -> OpenPicture:
    """Return the unchanged file if browsers show its format, else the rendition."""
    if image.format in SHOWN_FORMATS:
        return open_original(image)
    return open_rendition(image)


def open_thumbnail(image: Image) -> IO[bytes]:
    """Return the WebP thumbnail; create it if it is missing."""
    _refuse_unreadable(image)
    name = store.thumbnail_name(str(image.sha256))
    try:
        return store.get(name)
    except FileNotFoundError:
        with _stored(image) as file:
            thumbnail = examine(file.read()).thumbnail
    return _keep(image, name, thumbnail)


def _keep(image: Image, name: str, data: bytes) -> IO[bytes]:
    """Store a derived file, unless the picture has been erased since it was read."""
    store.put(name, data)
    if not Image.objects.filter(pk=image.pk).exists():
        store.delete([name])
        raise NotFound("This picture has been erased.")
    return io.BytesIO(data)


def open_pixels(sha256: str, side: int) -> tuple[PIL.Image.Image, float]:
    """Return a stored picture in RGB, for a scorer, and the factor of its downscaling.

    Its longest side has at most `side` pixels. NotFound if the store lacks the picture,
    Unreadable if it does not decode, OSError if the storage is not available. Safe in
    threads: does not use the database.
    """
    try:
        with store.get(store.image_name(sha256)) as file:
            data = file.read()
    except FileNotFoundError as error:
        raise NotFound("The store lacks the bytes of this picture.") from error
    return shrink(data, side)


def etag_for(image: Image, user: User, kind: str) -> str:
    """Return a strong ETag that differs between users, so that caches cannot leak.

    It also differs between kinds of files, such as renditions and originals.
    """
    message = f"{image.sha256!s}:{user.pk}:{kind}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256)
    return f'"{digest.hexdigest()[:32]}"'


def representative_of(entity: Entity) -> tuple[Candidate | None, bool]:
    """Return the chosen representative if it has a picture, else the first by rank.

    The second value is True for a chosen one: only that is verified.
    """
    ready = Candidate.objects.filter(
        entity=entity, state=CandidateState.READY
    ).select_related("image")
    by_rank = ready.order_by(F("rank").asc(nulls_last=True), "pk")
    if entity.representative:
        candidate = by_rank.filter(image__sha256=entity.representative).first()
        if candidate is not None:
            return candidate, True
    return by_rank.first(), False


def _refuse_unreadable(image: Image) -> None:
    if not image.is_readable:
        raise Unreadable(image.problem or "The file is not a picture.")


def _stored(image: Image) -> IO[bytes]:
    try:
        return store.get(store.image_name(str(image.sha256)))
    except FileNotFoundError as error:
        raise NotFound("The store lacks the bytes of this picture.") from error
