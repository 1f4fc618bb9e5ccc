"""A stored file over HTTP: strong ETag, parts of it, gzip where it is asked for.

The digest is the ETag: the same bytes for ever. What is packed is another
representation, hence another ETag, and has no parts.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from annotations import releases
from annotations.api.errors import CONTENT_TYPE, problem
from annotations.models import Release

PIECE = 128 * 1024
GZIP, LEVEL = 31, 4  # zlib's window bits for a gzip header; its level
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a release, and how it is called where it is saved."""

    release: Release
    name: str
    content_type: str

    @property
    def etag(self) -> str:
        """Of the bytes as they are."""
        return f'"{self.release.files[self.name]["sha256"]}"'

    @property
    def packed_etag(self) -> str:
        """Of the packed bytes."""
        return f"{self.etag[:-1]}-gzip{self.etag[-1]}"

    @property
    def size(self) -> int:
        """In bytes, as they are."""
        return self.release.files[self.name]["bytes"]


def respond(request: HttpRequest, stored: Stored) -> HttpResponseBase:
    """Answer with the file, a part of it, or that nothing has changed."""
    file = releases.open_file(stored.release, stored.name)
    part = _part(request, stored)
    is_packed = part is None and _accepts_gzip(request)
    etag = stored.packed_etag if is_packed else stored.etag
    response: HttpResponseBase
    if _is_known(request, etag):
        response = HttpResponse(status=304)
    elif part is not None and not part:
        file.close()
        return _beyond(stored)
    else:
        return _with_headers(_streamed(file, stored, part, is_packed), stored, etag)
    file.close()
    return _with_headers(response, stored, etag)


def _beyond(stored: Stored) -> HttpResponse:
    said = f"The file has {stored.size} bytes."
    body = problem(416, "range-not-satisfiable", said)
    response = JsonResponse(body, status=416, content_type=CONTENT_TYPE)
    response["Content-Range"] = f"bytes */{stored.size}"
    return response


def _streamed(
    file: IO[bytes], stored: Stored, part: range | None, is_packed: bool
) -> StreamingHttpResponse:
    if is_packed:
        response = StreamingHttpResponse(_packed(_read(file, None)))
        response["Content-Encoding"] = "gzip"
        return response
    response = StreamingHttpResponse(_read(file, part))
    response["Content-Length"] = str(stored.size if part is None else len(part))
    if part is not None:
        response.status_code = 206
        told = f"bytes {part.start}-{part.stop - 1}/{stored.size}"
        response["Content-Range"] = told
    return response


def _with_headers(
    response: HttpResponseBase, stored: Stored, etag: str
) -> HttpResponseBase:
    named = re.sub(r"[^A-Za-z0-9._-]+", "-", stored.release.name).strip("-.")
    called = f"{named or stored.release.pk}-{stored.name}"
    response["Content-Type"] = stored.content_type
    response["Content-Disposition"] = f'attachment; filename="{called}"'
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Vary"] = "Accept-Encoding"
    # An erasure may rewrite it: it is asked for again, and mostly has not changed.
    response["Cache-Control"] = "private, no-cache"
    return response


def _part(request: HttpRequest, stored: Stored) -> range | None:
    """The part asked for; empty where it is outside; None for the whole.

    Several parts at once, other units and what cannot be read are passed over, as is a
    part of other bytes than the client holds (If-Range).
    """
    said = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if said is None or said[0] == "bytes=-" or request.method != "GET":
        return None
    if request.headers.get("If-Range", stored.etag) != stored.etag:
        return None
    first, last = said.groups()
    if not first:
        return range(max(0, stored.size - int(last)), stored.size)
    if last and int(last) < int(first):
        return None
    stop = min(int(last) + 1, stored.size) if last else stored.size
    return range(int(first), max(stop, int(first)))


def _is_known(request: HttpRequest, etag: str) -> bool:
    """Whether the client holds these bytes (If-None-Match)."""
    said = request.headers.get("If-None-Match", "")
    known = [each.strip().removeprefix("W/") for each in said.split(",")]
    return etag in known or known == ["*"]


def _accepts_gzip(request: HttpRequest) -> bool:
    for said in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, weight = said.strip().partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def _read(file: IO[bytes], part: range | None) -> Iterator[bytes]:
    with file:
        if part is None:
            while piece := file.read(PIECE):
                yield piece
            return
        file.seek(part.start)
        left = len(part)
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
