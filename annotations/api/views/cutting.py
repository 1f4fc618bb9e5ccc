"""What stands before a batch, its mix; and what stood in its guidelines before."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import batches
from annotations.api.pagination import NEWEST_FIRST, ListQuery, listed, page_of
from annotations.api.permissions import IsAdmin
from annotations.api.schema import answers
from annotations.api.serializers.batches import (
    FormerGuidelinesShape,
    PreviewedBatch,
)
from annotations.api.serializers.choices import MixShape

from .base import ApiView, batch_for, read

CHOICE = ("entities", "filter", "sample")


class Preview(ApiView):
    """A batch before it is made."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=PreviewedBatch, responses=answers({200: MixShape}))
    def post(self, request: Request) -> Response:
        """Show the mix of what a batch of this body would hold; makes nothing."""
        body = read(PreviewedBatch, request)
        mix = batches.preview(**{name: body.get(name) for name in CHOICE})
        return Response(MixShape(mix).data)


class Guidelines(ApiView):
    """What judges went by before."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[ListQuery], responses=answers({200: listed(FormerGuidelinesShape)})
    )
    def get(self, request: Request, id: int) -> Response:
        """List the guidelines that were replaced, newest first."""
        former = batch_for(self.user, id).former_guidelines.all()
        return page_of(
            request,
            former.select_related("replaced_by"),
            lambda rows: FormerGuidelinesShape(rows, many=True).data,
            NEWEST_FIRST,
        )
