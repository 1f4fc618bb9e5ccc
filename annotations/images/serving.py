"""What a browser may be given: accepted pictures only, in formats that it shows."""

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
from .decoding import as_webp, examine, shrunk

# Served as they came; the others are encoded anew, as WebP.
CONTENT_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}


def open_image(image: Image) -> tuple[IO[bytes], str]:
    """The picture and its content type; Unreadable for what the decoder refused."""
    _refuse_unreadable(image)
    file = _original(image)
    if image.format in CONTENT_TYPES:
        return file, CONTENT_TYPES[image.format]
    with file:
        return io.BytesIO(as_webp(file.read())), "image/webp"


def open_thumbnail(image: Image) -> IO[bytes]:
    """The WebP thumbnail, made now where it is missing."""
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
    """The stored picture of a digest in RGB, shrunk to `side`, for a model to look at.

    And how many pixels of the original one of its pixels stands for. NotFound where the
    store lacks it, Unreadable where it does not decode, OSError where the storage is
    away. For threads: touches no database.
    """
    try:
        with store.get(store.image_name(sha256)) as file:
            data = file.read()
    except FileNotFoundError as error:
        raise NotFound("The store lacks the bytes of this picture.") from error
    return shrunk(data, side)


def etag_for(image: Image, user: User) -> str:
    """A strong ETag that differs between users, so that no cache tells on another."""
    said = f"{image.sha256!s}:{user.pk}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256)
    return f'"{digest.hexdigest()[:32]}"'


def representative_of(entity: Entity) -> tuple[Candidate | None, bool]:
    """The named representative where its picture is there, else the first by rank.

    The second value tells whether it was named: only then is it verified.
    """
    ready = Candidate.objects.filter(
        entity=entity, state=CandidateState.READY
    ).select_related("image")
    by_rank = ready.order_by(F("rank").asc(nulls_last=True), "pk")
    if entity.representative:
        named = by_rank.filter(image__sha256=entity.representative).first()
        if named is not None:
            return named, True
    return by_rank.first(), False


def _refuse_unreadable(image: Image) -> None:
    if not image.is_readable:
        raise Unreadable(image.problem or "The file is no picture.")


def _original(image: Image) -> IO[bytes]:
    try:
        return store.get(store.image_name(str(image.sha256)))
    except FileNotFoundError as error:
        raise NotFound("The store lacks the bytes of this picture.") from error
