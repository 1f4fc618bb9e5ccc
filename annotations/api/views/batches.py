"""Batches as admins and their judges see them."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import batches, queue
from annotations.api.pagination import paginate
from annotations.api.permissions import IsAdminOrJudge, IsAdminOrReadingJudge
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.batches import (
    BatchChange,
    BatchInFull,
    BatchQuery,
    BatchShape,
    NewBatch,
    Progress,
)
from annotations.models import Batch, User

from .base import ApiViewSet, read_body, read_query, visible_batch, visible_batches


class BatchViewSet(ApiViewSet):
    """All batches for admins; for judges the batches that they judge."""

    permission_classes = (IsAdminOrReadingJudge,)

    @list_operation(BatchInFull, query=BatchQuery)
    def list(self, request: Request) -> Response:
        """List batches, optionally of one state."""
        rows: QuerySet[Batch] = visible_batches(self.user)
        if state := read_query(BatchQuery, request).get("state"):
            rows = rows.filter(state=state)
        rows = rows.prefetch_related("batchjudge_set__judge")
        return paginate(request, rows, _shape_for(self.user))

    @operation({201: BatchInFull}, request=NewBatch)
    def create(self, request: Request) -> Response:
        """Create a batch. It is a draft until it is opened."""
        batch = batches.create(by=self.user, **read_body(NewBatch, request))
        return Response(serialize_batch(batch, self.user), status=201)

    @operation({200: BatchInFull})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show a batch."""
        return Response(serialize_batch(visible_batch(self.user, id), self.user))

    @operation({200: BatchInFull}, request=BatchChange)
    def partial_update(self, request: Request, id: int) -> Response:
        """Change a batch. This is possible while it is open."""
        batch, fields = visible_batch(self.user, id), read_body(BatchChange, request)
        batch = batches.update(batch=batch, by=self.user, **fields)
        return Response(serialize_batch(batch, self.user))

    @operation({200: Progress})
    @action(detail=True, permission_classes=[IsAdminOrJudge])
    def progress(self, request: Request, id: int) -> Response:
        """Show the progress as of `counted_at`. Judges get only their own figures."""
        judge = None if self.user.is_admin else self.user
        batch = visible_batch(self.user, id)
        return Response(Progress(queue.progress(batch, judge)).data)


def serialize_batch(batch: Batch, user: User) -> Any:
    """Return a batch in the form that this user gets."""
    return _shape_for(user)(batch).data


def _shape_for(user: User) -> type[serializers.ModelSerializer[Batch]]:
    return BatchInFull if user.is_admin else BatchShape
