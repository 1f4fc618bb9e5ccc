"""Conflicts of a batch, as adjudicators list, hold and discuss them."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication, queue
from annotations.api.pagination import Keyset, paginate
from annotations.api.permissions import IsAdjudicator
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.cases import case_as_json
from annotations.api.serializers.conflicts import (
    CaseShape,
    CommentShape,
    ConflictLine,
    ConflictRequest,
    NewComment,
    Question,
    RequestedSecondLookShape,
)
from annotations.errors import NotFound
from annotations.models import Batch, Candidate, Conflict

from . import pictures
from .base import ApiViewSet, get_or_404, read_body

OPEN_ONES_FIRST = Keyset(
    ("-is_open", "pk"), adjudication.list_position, adjudication.after_position
)


class ConflictViewSet(ApiViewSet):
    """The conflicts of a batch; the id of the candidate identifies one."""

    permission_classes = (IsAdjudicator,)
    lookup_url_kwarg = "candidate"

    @list_operation(ConflictLine)
    def list(self, request: Request, id: int) -> Response:
        """List disputed, reported and stuck candidates without a ruling, open ones first."""
        batch = _batch(id)

        def serialize(conflicts: Sequence[Conflict]) -> Any:
            ids = [conflict.candidate_id for conflict in conflicts]
            votes = adjudication.votes_by_candidate(batch, ids)
            context = {"votes": votes, "now": queue.clock()}
            return ConflictLine(conflicts, many=True, context=context).data

        rows = adjudication.conflicts_of(batch)
        return paginate(request, rows, serialize, OPEN_ONES_FIRST)

    @operation(
        {200: CaseShape, 204: None},
        404,
        empty="There is no conflict left.",
        request=ConflictRequest,
    )
    def lease(self, request: Request) -> Response:
        """Lease a conflict, or get the held one. It is held for this adjudicator."""
        batch_id = read_body(ConflictRequest, request).get("batch")
        batch = None if batch_id is None else _batch(batch_id)
        conflict = adjudication.lease(by=self.user, batch=batch)
        if conflict is None:
            return Response(status=204)
        case = adjudication.case_of(conflict.batch, conflict.candidate_id)
        return Response(case_as_json(case, request))

    @operation({200: CaseShape})
    def retrieve(self, request: Request, id: int, candidate: int) -> Response:
        """Show a conflict or a ruled candidate; names only after the ruling."""
        case = adjudication.case_of(_batch(id), candidate)
        return Response(case_as_json(case, request))

    @operation({204: None}, 409, empty="The conflict is released.")
    @action(detail=True, methods=["post"], url_path="put-off")
    def put_off(self, request: Request, id: int, candidate: int) -> Response:
        """Release a conflict and move it behind the others."""
        adjudication.put_off(batch=_batch(id), candidate=candidate, by=self.user)
        return Response(status=204)

    @operation({201: CommentShape}, 410, request=NewComment)
    @action(detail=True, methods=["post"])
    def comments(self, request: Request, id: int, candidate: int) -> Response:
        """Comment on a candidate. Rulings do not remove comments."""
        comment = adjudication.comment(
            batch=_batch(id),
            candidate=candidate,
            by=self.user,
            **read_body(NewComment, request),
        )
        return Response(CommentShape(comment).data, status=201)

    @operation({201: RequestedSecondLookShape(many=True)}, 409, 410, request=Question)
    @action(detail=True, methods=["post"], url_path="second-looks")
    def second_looks(self, request: Request, id: int, candidate: int) -> Response:
        """Ask the judges of a disputed candidate again; they see each other's votes."""
        batch, body = _batch(id), read_body(Question, request)
        adjudication.request_second_looks(
            batch=batch, candidate=candidate, by=self.user, **body
        )
        case = adjudication.case_of(batch, candidate)
        return Response(case_as_json(case, request)["second_looks"], status=201)

    @operation(
        pictures.binary_or_unchanged(pictures.THUMBNAIL_TYPE), empty="Not modified."
    )
    @action(detail=True, url_path="settled/<id:place>")
    def settled(
        self, request: Request, id: int, candidate: int, place: int
    ) -> HttpResponseBase:
        """A small WebP of a settled picture beside a conflict."""
        case = adjudication.case_of(_batch(id), candidate)
        settled_ids = adjudication.settled_pictures(case.candidate)
        if place >= len(settled_ids):
            raise NotFound(f"There is no settled picture {place} beside this conflict.")
        rows = Candidate.objects.select_related("image")
        image = pictures.image_of(rows.get(pk=settled_ids[place]))
        return pictures.respond(
            request, self.user, image, "settled", pictures.thumbnail
        )


def _batch(id: int) -> Batch:
    return get_or_404(Batch.objects.all(), id)
