"""Batches: cut, change, open, close, refresh, and who judges them."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import batches, judgments, queue
from annotations.api.pagination import ListQuery, listed, page_of
from annotations.api.permissions import IsAdmin, IsAdminOrJudge, IsAdminOrReadingJudge
from annotations.api.schema import answers
from annotations.api.serializers.batches import (
    Added,
    BatchChange,
    BatchInFull,
    BatchQuery,
    BatchShape,
    HeldPage,
    NewBatch,
    Progress,
    Usernames,
    VoidingShape,
    WhyVoid,
)
from annotations.models import Batch, User

from .base import ApiView, ask, batch_for, own_batches, read


class Batches(ApiView):
    """The batches of an admin (all), of a judge (own ones)."""

    permission_classes = (IsAdminOrReadingJudge,)

    @extend_schema(
        parameters=[BatchQuery], responses=answers({200: listed(BatchInFull)})
    )
    def get(self, request: Request) -> Response:
        """List batches, of one state where it is named."""
        shape, visible = _shape(self.user), _batches(self.user)
        if state := ask(BatchQuery, request).get("state"):
            visible = visible.filter(state=state)
        return page_of(
            request,
            _with_judges(visible),
            lambda rows: shape(rows, many=True).data,
        )

    @extend_schema(request=NewBatch, responses=answers({201: BatchInFull}))
    def post(self, request: Request) -> Response:
        """Cut a batch: a draft, until it is opened."""
        batch = batches.create(by=self.user, **read(NewBatch, request))
        return Response(_shown(batch, self.user), status=201)


class OneBatch(ApiView):
    """A batch by number."""

    permission_classes = (IsAdminOrReadingJudge,)

    @extend_schema(responses=answers({200: BatchInFull}))
    def get(self, request: Request, id: int) -> Response:
        """Show a batch."""
        return Response(_shown(batch_for(self.user, id), self.user))

    @extend_schema(request=BatchChange, responses=answers({200: BatchInFull}))
    def patch(self, request: Request, id: int) -> Response:
        """Change a batch, also while it runs."""
        batch, fields = batch_for(self.user, id), read(BatchChange, request)
        return Response(
            _shown(batches.update(batch=batch, by=self.user, **fields), self.user)
        )


class OpenBatch(ApiView):
    """Opening."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=None, responses=answers({200: BatchInFull}))
    def post(self, request: Request, id: int) -> Response:
        """Open a batch, or continue a closed one."""
        batch = batches.open_batch(batch=batch_for(self.user, id), by=self.user)
        queue.count([batch.pk])
        return Response(_shown(batch, self.user))


class CloseBatch(ApiView):
    """Closing."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=None, responses=answers({200: BatchInFull}, 409))
    def post(self, request: Request, id: int) -> Response:
        """Stop leasing; pages that are held may end."""
        batch = batches.close_batch(batch=batch_for(self.user, id), by=self.user)
        return Response(_shown(batch, self.user))


class RefreshBatch(ApiView):
    """Taking in what came later."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=None, responses=answers({200: Added}))
    def post(self, request: Request, id: int) -> Response:
        """Let later candidates of the batch's entities join."""
        added = batches.refresh(batch=batch_for(self.user, id), by=self.user)
        queue.count([id])
        return Response({"added": added})


class BatchJudges(ApiView):
    """Who judges a batch."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=Usernames, responses=answers({200: BatchInFull}))
    def post(self, request: Request, id: int) -> Response:
        """Add judges; those who are there already stay."""
        batch, names = batch_for(self.user, id), read(Usernames, request)
        batches.add_judges(batch=batch, by=self.user, **names)
        return Response(_shown(batch, self.user))


class BatchJudge(ApiView):
    """One judge of a batch."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({204: None}, described="The judge is out."))
    def delete(self, request: Request, id: int, username: str) -> Response:
        """Take a judge out: held pages go back, given judgments stay."""
        batch = batch_for(self.user, id)
        batches.remove_judge(batch=batch, username=username, by=self.user)
        return Response(status=204)


class VoidJudgments(ApiView):
    """Voiding."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=WhyVoid, responses=answers({201: VoidingShape}))
    def post(self, request: Request, id: int, username: str) -> Response:
        """Take out all that a judge has said in the batch; revisions keep it."""
        batch, why = batch_for(self.user, id), read(WhyVoid, request)
        voiding = judgments.void(batch=batch, username=username, by=self.user, **why)
        return Response(VoidingShape(voiding).data, status=201)


class BatchProgress(ApiView):
    """How far a batch is."""

    permission_classes = (IsAdminOrJudge,)

    @extend_schema(responses=answers({200: Progress}))
    def get(self, request: Request, id: int) -> Response:
        """Numbers as of `counted_at`; a judge gets own numbers only."""
        user = self.user
        judge = None if user.is_admin else user
        return Response(Progress(queue.progress(batch_for(user, id), judge)).data)


class HeldPages(ApiView):
    """Who is in the middle of what."""

    permission_classes = (IsAdmin,)

    @extend_schema(parameters=[ListQuery], responses=answers({200: listed(HeldPage)}))
    def get(self, request: Request, id: int) -> Response:
        """List the pages of a batch that are held now; each can be released."""
        pages = batches.held_pages(batch_for(self.user, id))
        return page_of(request, pages, lambda rows: HeldPage(rows, many=True).data)


def _batches(user: User) -> QuerySet[Batch]:
    return Batch.objects.all() if user.is_admin else own_batches(user)


def _with_judges(rows: QuerySet[Batch]) -> QuerySet[Batch]:
    return rows.prefetch_related("batchjudge_set__judge")


def _shape(user: User) -> type[serializers.ModelSerializer]:
    return BatchInFull if user.is_admin else BatchShape


def _shown(batch: Batch, user: User) -> Any:
    return _shape(user)(batch).data
