"""Releases: requested here, created by workers."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import releases, tasks
from annotations.api.pagination import NEWEST_FIRST, paginate
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.releases import (
    ChangesShape,
    NewRelease,
    ReleaseContent,
    ReleasePreviewShape,
    ReleaseQuery,
    ReleaseShape,
    SinceQuery,
)
from annotations.models import Release

from .base import ApiViewSet, get_or_404, read_body, read_query


class ReleaseViewSet(ApiViewSet):
    """Releases."""

    @list_operation(ReleaseShape, query=ReleaseQuery)
    def list(self, request: Request) -> Response:
        """List releases, newest first."""
        rows = _releases()
        if state := read_query(ReleaseQuery, request).get("state"):
            rows = rows.filter(state=state)
        return paginate(request, rows, ReleaseShape, NEWEST_FIRST)

    @operation({202: ReleaseShape}, request=NewRelease)
    def create(self, request: Request) -> Response:
        """Freeze batches. Errors name the obstacles; a worker creates the files."""
        body = read_body(NewRelease, request)
        with transaction.atomic():
            release = releases.request(by=self.user, **body)
            transaction.on_commit(partial(tasks.make_release.delay, release.pk))
        return Response(ReleaseShape(release).data, status=202)

    @operation({200: ReleasePreviewShape}, request=ReleaseContent)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Count what a release of these batches would contain now. Changes nothing."""
        body = read_body(ReleaseContent, request)
        preview = releases.preview(body["batches"])
        return Response(ReleasePreviewShape(preview).data)

    @operation({200: ReleaseShape})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show the progress and the content of a release."""
        return Response(ReleaseShape(get_release(id)).data)

    @operation({204: None}, 409)
    def destroy(self, request: Request, id: int) -> Response:
        """Delete a failed release. Finished releases cannot be deleted."""
        releases.delete(release=get_release(id), by=self.user)
        return Response(status=204)

    @operation({202: ReleaseShape}, 409)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, id: int) -> Response:
        """Create a failed release again from the beginning."""
        with transaction.atomic():
            release = releases.retry(release=get_release(id), by=self.user)
            transaction.on_commit(partial(tasks.make_release.delay, release.pk))
        return Response(ReleaseShape(release).data, status=202)

    @operation({200: ChangesShape}, parameters=[SinceQuery])
    @action(detail=True)
    def changes(self, request: Request, id: int) -> StreamingHttpResponse:
        """Stream the differences between this release's truth and that of `since`."""
        newer = get_release(id)
        older = get_release(read_query(SinceQuery, request)["since"])
        chunks = _changes_as_json(newer, older, releases.changes(newer, older))
        return StreamingHttpResponse(chunks, content_type="application/json")


def _changes_as_json(
    newer: Release, older: Release, changes: Iterable[releases.Change]
) -> Iterator[str]:
    yield f'{{"release": {newer.pk}, "since": {older.pk}, "changes": ['
    for index, change in enumerate(changes):
        yield (", " if index else "") + json.dumps(asdict(change))
    yield "]}"


def _releases() -> QuerySet[Release]:
    return Release.objects.select_related("created_by")


def get_release(id: int) -> Release:
    """Return a release by id; NotFound if there is none."""
    return get_or_404(_releases(), id)
