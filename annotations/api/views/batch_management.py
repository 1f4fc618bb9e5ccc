"""The admin's calls about a batch: preview, state, judges, held pages and scoring."""

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import batches, judgments, queue
from annotations.api.pagination import NEWEST_FIRST, paginate
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.batches import (
    Added,
    BatchInFull,
    FormerGuidelinesShape,
    HeldPage,
    NewVoiding,
    PreviewedBatch,
    Usernames,
    VoidingShape,
)
from annotations.api.serializers.choices import CHOICE, MixShape
from annotations.api.serializers.scorers import BatchScoringShape
from annotations.scoring import status

from .base import ApiViewSet, read_body, visible_batch
from .batches import serialize_batch


class BatchManagementViewSet(ApiViewSet):
    """What only admins do with batches."""

    @operation({200: MixShape}, request=PreviewedBatch)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Show the mix of entities that a batch of this body would hold. Changes nothing."""
        body = read_body(PreviewedBatch, request)
        mix = batches.preview(**{name: body.get(name) for name in CHOICE})
        return Response(MixShape(mix).data)

    @operation({200: BatchInFull})
    @action(detail=True, methods=["post"])
    def open(self, request: Request, id: int) -> Response:
        """Open a batch, or reopen a closed one."""
        batch = batches.open_batch(batch=visible_batch(self.user, id), by=self.user)
        queue.sum_counters([batch.pk])
        return Response(serialize_batch(batch, self.user))

    @operation({200: BatchInFull}, 409)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, id: int) -> Response:
        """Stop leasing pages. Judges can finish the pages that they hold."""
        batch = batches.close_batch(batch=visible_batch(self.user, id), by=self.user)
        return Response(serialize_batch(batch, self.user))

    @operation({200: Added})
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, id: int) -> Response:
        """Add the candidates that the batch's entities got after it was opened."""
        count = batches.refresh(batch=visible_batch(self.user, id), by=self.user)
        queue.sum_counters([id])
        return Response({"added": count})

    @list_operation(FormerGuidelinesShape)
    @action(detail=True)
    def guidelines(self, request: Request, id: int) -> Response:
        """List the guidelines that were replaced, newest first."""
        rows = visible_batch(self.user, id).former_guidelines
        return paginate(request, rows, FormerGuidelinesShape, NEWEST_FIRST)

    @operation({200: BatchInFull}, request=Usernames)
    @action(detail=True, methods=["post"])
    def judges(self, request: Request, id: int) -> Response:
        """Add judges. Judges who are already in the batch stay."""
        batch, fields = visible_batch(self.user, id), read_body(Usernames, request)
        batches.add_judges(batch=batch, by=self.user, **fields)
        return Response(serialize_batch(batch, self.user))

    @operation({204: None}, empty="The judge is removed.")
    @action(detail=True, methods=["delete"], url_path="judges/<username:username>")
    def remove_judge(self, request: Request, id: int, username: str) -> Response:
        """Remove a judge: held pages are released, judgments stay."""
        batch = visible_batch(self.user, id)
        batches.remove_judge(batch=batch, username=username, by=self.user)
        return Response(status=204)

    @operation({201: VoidingShape}, request=NewVoiding)
    @action(detail=True, methods=["post"], url_path="judges/<username:username>/void")
    def void(self, request: Request, id: int, username: str) -> Response:
        """Remove all judgments of a judge from the batch; revisions keep them."""
        batch, fields = visible_batch(self.user, id), read_body(NewVoiding, request)
        voiding = judgments.void(batch=batch, username=username, by=self.user, **fields)
        return Response(VoidingShape(voiding).data, status=201)

    @list_operation(HeldPage)
    @action(detail=True)
    def held(self, request: Request, id: int) -> Response:
        """List the pages of a batch that judges hold now. Each can be released."""
        pages = batches.held_pages(visible_batch(self.user, id))
        return paginate(request, pages, HeldPage)

    @operation({200: BatchScoringShape})
    @action(detail=True)
    def scoring(self, request: Request, id: int) -> Response:
        """Show how many of a batch's entities are scored, what is pending, and problems."""
        figures = status.batch_scoring(visible_batch(self.user, id))
        return Response(BatchScoringShape(figures).data)
