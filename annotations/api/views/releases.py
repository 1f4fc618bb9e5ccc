"""Releases: asked for, made by workers, given away as files that do not change."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from django.db import transaction
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import releases, tasks
from annotations.api.pagination import NEWEST_FIRST, listed, page_of
from annotations.api.permissions import IsAdmin
from annotations.api.schema import answers
from annotations.api.serializers.releases import (
    ChangesShape,
    FoundShape,
    KeyQuery,
    MeasurementQuery,
    NewRelease,
    ReleaseContent,
    ReleaseQuery,
    ReleaseShape,
    SinceQuery,
)
from annotations.errors import NotFound
from annotations.models import Release
from annotations.releases import files

from .base import ApiView, ask, read
from .exports import TSV_TYPE
from .stored import Stored, respond

MARKDOWN, JSON = "text/markdown", "application/json"
HEADERS = [
    OpenApiParameter("Range", str, OpenApiParameter.HEADER),
    OpenApiParameter("If-Range", str, OpenApiParameter.HEADER),
    OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
]


class Releases(ApiView):
    """Releases, the newest first."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[ReleaseQuery], responses=answers({200: listed(ReleaseShape)})
    )
    def get(self, request: Request) -> Response:
        """List releases, newest first."""
        rows = Release.objects.select_related("created_by")
        if state := ask(ReleaseQuery, request).get("state"):
            rows = rows.filter(state=state)
        return page_of(
            request,
            rows,
            lambda found: ReleaseShape(found, many=True).data,
            NEWEST_FIRST,
        )

    @extend_schema(request=NewRelease, responses=answers({202: ReleaseShape}))
    def post(self, request: Request) -> Response:
        """Freeze some batches. What stands in the way is named; a worker does the rest."""
        body = read(NewRelease, request)
        with transaction.atomic():
            asked = releases.request(by=self.user, **body)
            transaction.on_commit(partial(tasks.make_release.delay, asked.pk))
        return Response(ReleaseShape(asked).data, status=202)


class ReleasePreview(ApiView):
    """A release before it is made."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=ReleaseContent, responses=answers({200: FoundShape}))
    def post(self, request: Request) -> Response:
        """Count what a release of these batches would hold now; makes nothing."""
        body = read(ReleaseContent, request)
        return Response(FoundShape(releases.preview(body["batches"])).data)


class OneRelease(ApiView):
    """A release by number."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: ReleaseShape}))
    def get(self, request: Request, id: int) -> Response:
        """Show how far it is, and what it holds."""
        return Response(ReleaseShape(release_of(id)).data)

    @extend_schema(responses=answers({204: None}, 409))
    def delete(self, request: Request, id: int) -> Response:
        """Delete one that failed; done ones stay for good."""
        releases.delete(release=release_of(id), by=self.user)
        return Response(status=204)


class RetryRelease(ApiView):
    """A failed release, once more."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=None, responses=answers({202: ReleaseShape}, 409))
    def post(self, request: Request, id: int) -> Response:
        """Make a failed one again from the beginning."""
        with transaction.atomic():
            again = releases.retry(release=release_of(id), by=self.user)
            transaction.on_commit(partial(tasks.make_release.delay, again.pk))
        return Response(ReleaseShape(again).data, status=202)


class Changes(ApiView):
    """What differs from an earlier release."""

    permission_classes = (IsAdmin,)

    @extend_schema(parameters=[SinceQuery], responses=answers({200: ChangesShape}))
    def get(self, request: Request, id: int) -> StreamingHttpResponse:
        """Stream how its truth differs from that of the release `since`."""
        newer = release_of(id)
        older = release_of(ask(SinceQuery, request)["since"])
        found = releases.changes(newer, older)
        return StreamingHttpResponse(_told(newer, older, found), content_type=JSON)


def _told(newer: Release, older: Release, found: Iterator[Any]) -> Iterator[str]:
    yield f'{{"release": {newer.pk}, "since": {older.pk}, "changes": ['
    for number, change in enumerate(found):
        yield (", " if number else "") + json.dumps(asdict(change))
    yield "]}"


class _File(ApiView):
    """A stored file."""

    permission_classes = (IsAdmin,)

    def give(self, request: Request, id: int, name: str, kind: str) -> HttpResponseBase:
        """Answer with a file of a release; NotFound says why there is none."""
        release = release_of(id)
        releases.open_file(release, name).close()
        stored = Stored(release, name, f"{kind}; charset=utf-8")
        return respond(request._request, stored)


def _answers(kind: str, whole: Any = OpenApiTypes.BINARY) -> dict[Any, Any]:
    """The whole, a part, nothing new, or no such part."""
    plain = {(200, kind): whole, (206, kind): OpenApiTypes.BINARY, 304: None}
    return answers(plain, 404, 416)


class TruthOfRelease(_File):
    """truth.tsv."""

    @extend_schema(parameters=HEADERS, responses=_answers(TSV_TYPE))
    def get(self, request: Request, id: int) -> HttpResponseBase:
        """The truth of every candidate, as it was frozen."""
        return self.give(request, id, files.TRUTH, TSV_TYPE)


class JudgmentsOfRelease(_File):
    """judgments.tsv."""

    @extend_schema(parameters=HEADERS, responses=_answers(TSV_TYPE))
    def get(self, request: Request, id: int) -> HttpResponseBase:
        """Every judgment, as it was frozen; judges go by pseudonyms."""
        return self.give(request, id, files.JUDGMENTS, TSV_TYPE)


class MeasurementOfRelease(_File):
    """measurement.tsv."""

    @extend_schema(
        parameters=[MeasurementQuery, *HEADERS], responses=_answers(TSV_TYPE)
    )
    def get(self, request: Request, id: int) -> HttpResponseBase:
        """A measurement set in the released DevSet layout; test files name nobody."""
        asked = ask(MeasurementQuery, request)
        name = releases.measurement_name(
            asked["subset"], asked["split"], asked["image"]
        )
        return self.give(request, id, name, TSV_TYPE)


class KeyOfRelease(_File):
    """key.tsv."""

    @extend_schema(parameters=[KeyQuery, *HEADERS], responses=_answers(TSV_TYPE))
    def get(self, request: Request, id: int) -> HttpResponseBase:
        """The key of a test file: line and MID, which distractors lack."""
        name = files.key_name(ask(KeyQuery, request)["subset"])
        return self.give(request, id, name, TSV_TYPE)


class RemovalsOfRelease(_File):
    """removals.tsv."""

    @extend_schema(parameters=HEADERS, responses=_answers(TSV_TYPE))
    def get(self, request: Request, id: int) -> HttpResponseBase:
        """The files that erasures rewrote, with old and new digest."""
        return self.give(request, id, files.REMOVALS, TSV_TYPE)


class Datasheet(_File):
    """datasheet.md."""

    @extend_schema(parameters=HEADERS, responses=_answers(MARKDOWN))
    def get(self, request: Request, id: int) -> HttpResponseBase:
        """What it was made for, from what, how, by whom, and what it is not good for."""
        return self.give(request, id, files.DATASHEET, MARKDOWN)


class Croissant(_File):
    """croissant.json."""

    @extend_schema(parameters=HEADERS, responses=_answers(JSON, OpenApiTypes.OBJECT))
    def get(self, request: Request, id: int) -> HttpResponseBase:
        """Croissant metadata (MLCommons) of the files."""
        return self.give(request, id, files.CROISSANT, JSON)


def release_of(number: int) -> Release:
    """A release by number; NotFound where there is none."""
    found = Release.objects.select_related("created_by").filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no release {number}.")
    return found
