"""Candidates: by id for admins, by tile of an own page for judges."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication, entities, images, queue
from annotations.api.pagination import paginate
from annotations.api.permissions import IsAdminOrJudge, IsAtWork
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.candidates import (
    CandidateQuery,
    CandidateShape,
    HistoryShape,
    NewReport,
    ReportShape,
)
from annotations.errors import NotFound
from annotations.models import Candidate, CandidateState, Entity, User
from annotations.scoring import status

from . import pictures
from .base import ApiViewSet, entity_key, get_or_404, read_body, read_query


class CandidateViewSet(ApiViewSet):
    """Candidates by id, which judges never learn."""

    @list_operation(CandidateShape, 404, query=CandidateQuery)
    def list(self, request: Request) -> Response:
        """List an entity's candidates. Erased ones are in no list."""
        key = entity_key(read_query(CandidateQuery, request)["entity"])
        entity = get_or_404(Entity.objects.all(), key, "key")
        rows = _candidates().filter(entity=entity)
        return paginate(request, rows, self._serialize)

    @operation({200: CandidateShape})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show a candidate."""
        return Response(self._serialize([get_or_404(_candidates(), id)])[0])

    @operation(
        pictures.binary_or_unchanged(*pictures.ORIGINAL_TYPES),
        410,
        empty="Not modified.",
    )
    @action(detail=True)
    def original(self, request: Request, id: int) -> HttpResponseBase:
        """Download the unchanged picture, which can have metadata."""
        image = pictures.image_of(get_or_404(_candidates(), id))
        return pictures.respond(
            request,
            self.user,
            image,
            f"original-{id}",
            images.open_original,
            as_attachment=True,
        )

    @operation({200: HistoryShape})
    @action(detail=True)
    def history(self, request: Request, id: int) -> Response:
        """List the latest votes, rulings, reports and comments on a candidate."""
        events = entities.history(get_or_404(_candidates(), id))
        return Response(HistoryShape({"events": events}).data)

    def _serialize(self, candidates: Sequence[Candidate]) -> Any:
        scores = status.scores_of(candidates)
        context = {"request": self.request, "scores": scores}
        return CandidateShape(candidates, many=True, context=context).data


class CandidatePictureViewSet(ApiViewSet):
    """Pictures by candidate id, or by the id of a tile."""

    permission_classes = (IsAtWork,)
    lookup_url_kwarg = "ref"
    lookup_value_converter = "candidate"

    @operation(
        pictures.binary_or_unchanged(*pictures.TYPES), 410, empty="Not modified."
    )
    @action(detail=True)
    def image(self, request: Request, ref: str) -> HttpResponseBase:
        """The picture; 404 `unreadable` if it has none.

        It is a rendition: a JPEG, upright, in sRGB, at most 2,560 pixels long, without
        metadata. Admins who ask by candidate id get the original file if browsers show
        its format. While a large rendition is made, the thumbnail stands in.
        """
        image = pictures.image_of(_visible_candidate(ref, self.user))
        is_for_admin = "." not in ref and self.user.is_admin
        view = pictures.full_view(is_for_admin=is_for_admin)
        return pictures.respond(request, self.user, image, f"candidate-{ref}", view)

    @operation(
        pictures.binary_or_unchanged(pictures.THUMBNAIL_TYPE),
        410,
        empty="Not modified.",
    )
    @action(detail=True)
    def thumbnail(self, request: Request, ref: str) -> HttpResponseBase:
        """A small WebP; 404 `unreadable` if there is none."""
        image = pictures.image_of(_visible_candidate(ref, self.user))
        name = f"thumbnail-{ref}"
        return pictures.respond(request, self.user, image, name, pictures.thumbnail)

    @operation({201: ReportShape}, 410, request=NewReport)
    @action(detail=True, methods=["post"], permission_classes=[IsAdminOrJudge])
    def reports(self, request: Request, ref: str) -> Response:
        """Report a candidate. No judge gets it until an adjudicator has checked it."""
        candidate, body = _own_candidate(ref, self.user), read_body(NewReport, request)
        report = queue.report(
            candidate=candidate,
            by=self.user,
            reason=body["reason"],
            comment=body.get("comment", ""),
        )
        return Response(ReportShape(report).data, status=201)


def _candidates() -> QuerySet[Candidate]:
    rows = Candidate.objects.select_related("entity", "image")
    return rows.exclude(state=CandidateState.ERASED)


def _own_candidate(ref: str, user: User) -> Candidate:
    """Return the candidate of a tile on an own page, or for an admin of any id."""
    if "." in ref:
        return queue.resolve_tile(ref, user)
    if not user.is_admin:
        raise NotFound(f"There is no candidate {ref}.")
    return get_or_404(_candidates(), int(ref))


def _visible_candidate(ref: str, user: User) -> Candidate:
    """Return a candidate whose picture the user can see, conflicts included."""
    is_id = "." not in ref
    if is_id and user.is_adjudicator and adjudication.can_see_candidate(int(ref)):
        return get_or_404(_candidates(), int(ref))
    return _own_candidate(ref, user)
