"""Responses with the bytes of pictures, with headers that keep them harmless and private."""

from collections.abc import Callable
from typing import IO, Any

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
from annotations.api.schema import binary
from annotations.errors import Erased, NotFound, Unreadable
from annotations.models import Candidate, CandidateState, Image, User

THUMBNAIL_TYPE = "image/webp"
TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
CACHE_SECONDS = 3600
EXTENSIONS = dict(zip(TYPES, ("jpg", "png", "webp", "gif"), strict=True))


def binary_or_unchanged(*media_types: str) -> dict[Any, Any]:
    """Return the documented responses of a picture: its bytes, or 304."""
    return binary(*media_types) | {304: None}


def full_size(image: Image) -> tuple[IO[bytes], str]:
    """Open the picture itself."""
    return images.open_image(image)


def thumbnail(image: Image) -> tuple[IO[bytes], str]:
    """Open the thumbnail, which is made now if it does not exist yet."""
    return images.open_thumbnail(image), THUMBNAIL_TYPE


def image_of(candidate: Candidate) -> Image:
    """Return a candidate's image; the errors say why there is nothing to see."""
    if candidate.state == CandidateState.ERASED:
        raise Erased("This candidate has been erased.")
    if candidate.image is None:
        raise NotFound("The picture has not arrived yet.")
    if not candidate.is_readable:
        raise Unreadable("This picture cannot be read.")
    return candidate.image


def respond(
    request: Request,
    user: User,
    image: Image,
    name: str,
    open_file: Callable[[Image], tuple[IO[bytes], str]],
) -> HttpResponseBase:
    """Stream the bytes, or answer 304 to a client that has them."""
    etag = quote_etag(images.etag_for(image, user))
    client_etags = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase
    if etag in client_etags or "*" in client_etags:
        response = HttpResponseNotModified()
    else:
        file, media_type = open_file(image)
        extension = EXTENSIONS.get(media_type, "bin")
        response = FileResponse(
            file, content_type=media_type, filename=f"{name}.{extension}"
        )
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={CACHE_SECONDS}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox"
    if isinstance(response, HttpResponse | FileResponse):
        patch_vary_headers(response, ["Authorization", "Cookie"])
    return response
