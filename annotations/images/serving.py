"""Serves accepted pictures, in formats that browsers support."""

import hashlib
import hmac
import io
from typing import IO

import PIL.Image
from django.conf import settings
from django.db.models import F

from annotations.errors import NotFound, Unreadable
from annotations.models import Candidate, CandidateState, Entity, Image, User

from . import store
from .decoding import as_webp, examine, shrink

# Served unchanged. Other formats are converted to WebP.
CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}


def open_image(image: Image) -> tuple[IO[bytes], str]:
    """Return the picture and its content type; Unreadable if the decoder refused it."""
    _refuse_unreadable(image)
    file = _original(image)
    if image.format in CONTENT_TYPES:
        return file, CONTENT_TYPES[image.format]
    with file:
        return io.BytesIO(as_webp(file.read())), "image/webp"


def open_thumbnail(image: Image) -> IO[bytes]:
    """Return the WebP thumbnail; create it if it is missing."""
    _refuse_unreadable(image)
    name = store.thumbnail_name(str(image.sha256))
    try:
        return store.get(name)
    except FileNotFoundError:
        with _original(image) as file:
            thumbnail = examine(file.read()).thumbnail
    store.put(name, thumbnail)
    return io.BytesIO(thumbnail)


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


def etag_for(image: Image, user: User) -> str:
    """Return a strong ETag that differs between users, so that caches cannot leak."""
    message = f"{image.sha256!s}:{user.pk}".encode()
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


def _original(image: Image) -> IO[bytes]:
    try:
        return store.get(store.image_name(str(image.sha256)))
    except FileNotFoundError as error:
        raise NotFound("The store lacks the bytes of this picture.") from error
