"""The files of a release, as they were stored."""

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request

from annotations import releases
from annotations.api.schema import operation
from annotations.api.serializers.releases import KeyQuery, MeasurementQuery
from annotations.releases import files

from .base import ApiViewSet, read_query
from .exports import TSV_TYPE
from .releases import get_release
from .stored_files import StoredFile, respond

MARKDOWN_TYPE, JSON_TYPE = "text/markdown", "application/json"
HEADERS = [
    OpenApiParameter("Range", str, OpenApiParameter.HEADER),
    OpenApiParameter("If-Range", str, OpenApiParameter.HEADER),
    OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
]


def _file_operation(
    media_type: str = TSV_TYPE,
    *query: Any,
    content: Any = OpenApiTypes.BINARY,
) -> Callable[[Any], Any]:
    """Document a call for a file: all of it, a range, 304 or 416."""
    responses = {
        (200, media_type): content,
        (206, media_type): OpenApiTypes.BINARY,
        304: None,
    }
    return operation(responses, 404, 416, parameters=[*query, *HEADERS])


class ReleaseFileViewSet(ApiViewSet):
    """The files of a release."""

    @_file_operation()
    @action(detail=True, url_path="truth.tsv")
    def truth(self, request: Request, id: int) -> HttpResponseBase:
        """The truth of every candidate, as it was frozen."""
        return _respond(request, id, files.TRUTH)

    @_file_operation()
    @action(detail=True, url_path="judgments.tsv")
    def judgments(self, request: Request, id: int) -> HttpResponseBase:
        """Every judgment, as it was frozen; judges have pseudonyms."""
        return _respond(request, id, files.JUDGMENTS)

    @_file_operation(TSV_TYPE, MeasurementQuery)
    @action(detail=True, url_path="measurement.tsv")
    def measurement(self, request: Request, id: int) -> HttpResponseBase:
        """A measurement set in the released DevSet layout; test files have no MIDs."""
        query = read_query(MeasurementQuery, request)
        return _respond(request, id, releases.measurement_name(**query))

    @_file_operation(TSV_TYPE, KeyQuery)
    @action(detail=True, url_path="key.tsv")
    def key(self, request: Request, id: int) -> HttpResponseBase:
        """The key of a test file: line and MID. Distractors have no MID."""
        subset = read_query(KeyQuery, request)["subset"]
        return _respond(request, id, files.key_name(subset))

    @_file_operation()
    @action(detail=True, url_path="removals.tsv")
    def removals(self, request: Request, id: int) -> HttpResponseBase:
        """The files that erasures rewrote, with the old and the new digest."""
        return _respond(request, id, files.REMOVALS)

    @_file_operation(MARKDOWN_TYPE)
    @action(detail=True, url_path="datasheet.md")
    def datasheet(self, request: Request, id: int) -> HttpResponseBase:
        """The datasheet: purpose, sources, method, people and limits of the release."""
        return _respond(request, id, files.DATASHEET, MARKDOWN_TYPE)

    @_file_operation(JSON_TYPE, content=OpenApiTypes.OBJECT)
    @action(detail=True, url_path="croissant.json")
    def croissant(self, request: Request, id: int) -> HttpResponseBase:
        """Croissant metadata (MLCommons) of the files."""
        return _respond(request, id, files.CROISSANT, JSON_TYPE)


def _respond(
    request: Request, id: int, name: str, media_type: str = TSV_TYPE
) -> HttpResponseBase:
    """Answer with a file of a release; NotFound says why there is none."""
    release = get_release(id)
    releases.open_file(release, name).close()
    file = StoredFile(release, name, f"{media_type}; charset=utf-8")
    return respond(request._request, file)
