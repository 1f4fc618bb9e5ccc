"""Bytes of pictures, with the headers that keep them harmless and private."""

from collections.abc import Callable
from typing import IO

from django.http import (
    FileResponse,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
)
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from rest_framework.request import Request

from annotations import images
from annotations.errors import Erased, NotFound, Unreadable
from annotations.models import Candidate, CandidateState, Image, User

THUMBNAIL_TYPE = "image/webp"
TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
SECONDS = 3600
EXTENSIONS = dict(zip(TYPES, ("jpg", "png", "webp", "gif"), strict=True))


def full(image: Image) -> tuple[IO[bytes], str]:
    """The picture itself."""
    return images.open_image(image)


def small(image: Image) -> tuple[IO[bytes], str]:
    """Its thumbnail, made now where it is late."""
    return images.open_thumbnail(image), THUMBNAIL_TYPE


def image_of(candidate: Candidate) -> Image:
    """The picture of a candidate that has one to see; the errors say what it lacks."""
    if candidate.state == CandidateState.ERASED:
        raise Erased("This candidate has been erased.")
    if candidate.image is None:
        raise NotFound("The picture has not come yet.")
    if not candidate.is_readable:
        raise Unreadable("This picture cannot be read.")
    return candidate.image


def answer(
    request: Request,
    user: User,
    image: Image,
    name: str,
    opened: Callable[[Image], tuple[IO[bytes], str]],
) -> HttpResponseBase:
    """Stream the bytes, or 304 to somebody who has them."""
    etag = quote_etag(images.etag_for(image, user))
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase
    if etag in known or "*" in known:
        response = HttpResponseNotModified()
    else:
        file, kind = opened(image)
        response = FileResponse(
            file, content_type=kind, filename=f"{name}.{EXTENSIONS.get(kind, 'bin')}"
        )
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={SECONDS}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox"
    if isinstance(response, HttpResponse | FileResponse):
        patch_vary_headers(response, ["Authorization", "Cookie"])
    return response
