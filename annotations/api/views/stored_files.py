"""A stored file over HTTP: strong ETag, ranges, gzip on request.

The digest is the ETag, because the bytes under a digest never change. The gzipped bytes
are another representation, so they have another ETag; ranges of them are not served.
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

CHUNK_BYTES = 128 * 1024
GZIP, LEVEL = 31, 4  # zlib's window bits for a gzip header; its level
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a release, with the content type to serve it as."""

    release: Release
    name: str
    content_type: str

    @property
    def etag(self) -> str:
        """The ETag of the plain bytes."""
        return f'"{self.release.files[self.name]["sha256"]}"'

    @property
    def gzip_etag(self) -> str:
        """The ETag of the gzipped bytes."""
        return f"{self.etag[:-1]}-gzip{self.etag[-1]}"

    @property
    def size(self) -> int:
        """The number of plain bytes."""
        return int(self.release.files[self.name]["bytes"])


def respond(request: HttpRequest, stored: StoredFile) -> HttpResponseBase:
    """Answer with the file, a range of it, 304 or 416."""
    file = releases.open_file(stored.release, stored.name)
    bounds = _requested_range(request, stored)
    is_gzip = bounds is None and _accepts_gzip(request)
    etag = stored.gzip_etag if is_gzip else stored.etag
    response: HttpResponseBase
    if _client_has(request, etag):
        response = HttpResponse(status=304)
    elif bounds is not None and not bounds:
        file.close()
        return _range_not_satisfiable(stored)
    else:
        response = _stream(file, stored, bounds, is_gzip)
        return _with_headers(response, stored, etag)
    file.close()
    return _with_headers(response, stored, etag)


def _range_not_satisfiable(stored: StoredFile) -> HttpResponse:
    detail = f"The file has {stored.size} bytes."
    body = problem(416, "range-not-satisfiable", detail)
    response = JsonResponse(body, status=416, content_type=CONTENT_TYPE)
    response["Content-Range"] = f"bytes */{stored.size}"
    return response


def _stream(
    file: IO[bytes], stored: StoredFile, bounds: range | None, is_gzip: bool
) -> StreamingHttpResponse:
    if is_gzip:
        response = StreamingHttpResponse(_gzip(_read(file, None)))
        response["Content-Encoding"] = "gzip"
        return response
    response = StreamingHttpResponse(_read(file, bounds))
    response["Content-Length"] = str(stored.size if bounds is None else len(bounds))
    if bounds is not None:
        response.status_code = 206
        response["Content-Range"] = (
            f"bytes {bounds.start}-{bounds.stop - 1}/{stored.size}"
        )
    return response


def _with_headers(
    response: HttpResponseBase, stored: StoredFile, etag: str
) -> HttpResponseBase:
    title = re.sub(r"[^A-Za-z0-9._-]+", "-", stored.release.name).strip("-.")
    file_name = f"{title or stored.release.pk}-{stored.name}"
    response["Content-Type"] = stored.content_type
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Vary"] = "Accept-Encoding"
    # Clients must ask again, because an erasure can rewrite the file. Usually: 304.
    response["Cache-Control"] = "private, no-cache"
    return response


def _requested_range(request: HttpRequest, stored: StoredFile) -> range | None:
    """Return the requested range: empty if outside the file, None for the whole file.

    Ignores several ranges at once, other units, unreadable headers, and a range of
    other bytes than the client has (If-Range).
    """
    header = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if header is None or header[0] == "bytes=-" or request.method != "GET":
        return None
    if request.headers.get("If-Range", stored.etag) != stored.etag:
        return None
    first, last = header.groups()
    if not first:
        return range(max(0, stored.size - int(last)), stored.size)
    if last and int(last) < int(first):
        return None
    stop = min(int(last) + 1, stored.size) if last else stored.size
    return range(int(first), max(stop, int(first)))


def _client_has(request: HttpRequest, etag: str) -> bool:
    """Check whether the client has these bytes (If-None-Match)."""
    header = request.headers.get("If-None-Match", "")
    etags = [item.strip().removeprefix("W/") for item in header.split(",")]
    return etag in etags or etags == ["*"]


def _accepts_gzip(request: HttpRequest) -> bool:
    for item in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = item.strip().partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def _read(file: IO[bytes], bounds: range | None) -> Iterator[bytes]:
    with file:
        if bounds is None:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
            return
        file.seek(bounds.start)
        remaining = len(bounds)
        while remaining and (chunk := file.read(min(CHUNK_BYTES, remaining))):
            remaining -= len(chunk)
            yield chunk


def _gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    for chunk in chunks:
        if packed := compressor.compress(chunk):
            yield packed
    yield compressor.flush()
