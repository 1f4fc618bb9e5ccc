"""Responses with the bytes of pictures, with headers that keep them harmless and private."""

from collections.abc import Callable
from typing import Any

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

THUMBNAIL_TYPE = images.THUMBNAIL_TYPE
# A rendition, or the thumbnail in place of it.
RENDITION_TYPES = ("image/jpeg", THUMBNAIL_TYPE)
TYPES = (*RENDITION_TYPES, "image/png", "image/gif", "image/avif")
ORIGINAL_TYPES = (*TYPES, "image/bmp", "image/tiff", "image/heic")
CACHE_SECONDS = 3600


def binary_or_unchanged(*media_types: str) -> dict[Any, Any]:
    """Return the documented responses of a picture: its bytes, or 304."""
    return binary(*media_types) | {304: None}


def full_view(*, is_for_admin: bool) -> Callable[[Image], images.OpenPicture]:
    """Return the function that opens full views: only admins get originals."""
    return images.open_original_if_shown if is_for_admin else images.open_rendition


def thumbnail(image: Image) -> images.OpenPicture:
    """Open the thumbnail, which is made now if it does not exist yet."""
    return images.OpenPicture(images.open_thumbnail(image), THUMBNAIL_TYPE)


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
    open_file: Callable[[Image], images.OpenPicture],
    *,
    as_attachment: bool = False,
) -> HttpResponseBase:
    """Stream the bytes, or answer 304 to a client that has them."""
    etag = quote_etag(images.etag_for(image, user, open_file.__name__))
    client_etags = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase
    is_lasting = True
    if etag in client_etags or "*" in client_etags:
        response = HttpResponseNotModified()
    else:
        picture = open_file(image)
        is_lasting = not picture.is_stand_in
        response = FileResponse(
            picture.file,
            as_attachment=as_attachment,
            content_type=picture.content_type,
            filename=f"{name}.{_extension(picture)}",
        )
    if is_lasting:
        response["ETag"] = etag
        response["Cache-Control"] = f"private, max-age={CACHE_SECONDS}"
    else:
        response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox"
    if isinstance(response, HttpResponse | FileResponse):
        patch_vary_headers(response, ["Authorization", "Cookie"])
    return response


def _extension(picture: images.OpenPicture) -> str:
    return picture.content_type.removeprefix("image/").replace("jpeg", "jpg")
