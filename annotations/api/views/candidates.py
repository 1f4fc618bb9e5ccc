"""Candidates: by number for admins, by tile of an own page for judges."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication, entities, queue
from annotations.api.pagination import listed, page_of
from annotations.api.permissions import IsAdmin, IsAdminOrJudge, IsAtWork
from annotations.api.schema import answers, binary
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
from .base import ApiView, ask, key_of, read


class Candidates(ApiView):
    """The candidates of an entity."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[CandidateQuery],
        responses=answers({200: listed(CandidateShape)}, 404),
    )
    def get(self, request: Request) -> Response:
        """List an entity's candidates; erased ones are in no list."""
        key = key_of(ask(CandidateQuery, request)["entity"])
        entity = Entity.objects.filter(key=key).first()
        if entity is None:
            raise NotFound(f"There is no entity {key}.")
        rows = _present().filter(entity=entity)
        return page_of(request, rows, lambda found: _shown(found, request))


class OneCandidate(ApiView):
    """A candidate by number."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: CandidateShape}))
    def get(self, request: Request, id: int) -> Response:
        """Show a candidate."""
        return Response(_shown([_by_number(id)], request)[0])


class CandidateHistory(ApiView):
    """What happened to a candidate."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: HistoryShape}))
    def get(self, request: Request, id: int) -> Response:
        """Who said, ruled, reported and noted what; the newest first, not for ever back."""
        events = entities.history(_by_number(id))
        return Response(HistoryShape({"events": events}).data)


class CandidateImage(ApiView):
    """The picture."""

    permission_classes = (IsAtWork,)

    @extend_schema(
        responses=answers(binary(*pictures.TYPES) | {304: None}, 410, described="Same.")
    )
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        """Bytes that a browser may show; 404 `unreadable` where there are none."""
        image = pictures.image_of(_to_see(ref, self.user))
        name = f"candidate-{ref}"
        return pictures.answer(request, self.user, image, name, pictures.full)


class CandidateThumbnail(ApiView):
    """The small picture."""

    permission_classes = (IsAtWork,)

    @extend_schema(
        responses=answers(
            binary(pictures.THUMBNAIL_TYPE) | {304: None}, 410, described="Same."
        )
    )
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        """A small WebP; 404 `unreadable` where there is none."""
        image = pictures.image_of(_to_see(ref, self.user))
        name = f"thumbnail-{ref}"
        return pictures.answer(request, self.user, image, name, pictures.small)


class CandidateReports(ApiView):
    """What is wrong with a picture."""

    permission_classes = (IsAdminOrJudge,)

    @extend_schema(request=NewReport, responses=answers({201: ReportShape}, 410))
    def post(self, request: Request, ref: str) -> Response:
        """Take a candidate out of the queue until somebody has looked at it."""
        candidate, body = _named(ref, self.user), read(NewReport, request)
        report = queue.report(
            candidate=candidate,
            by=self.user,
            reason=body["reason"],
            comment=body.get("comment", ""),
        )
        return Response(ReportShape(report).data, status=201)


def _shown(candidates: Sequence[Candidate], request: Request) -> Any:
    context = {"request": request, "scores": status.scores_of(candidates)}
    return CandidateShape(candidates, many=True, context=context).data


def _present() -> QuerySet[Candidate]:
    rows = Candidate.objects.select_related("entity", "image")
    return rows.exclude(state=CandidateState.ERASED)


def _by_number(number: int) -> Candidate:
    candidate = _present().filter(pk=number).first()
    if candidate is None:
        raise NotFound(f"There is no candidate {number}.")
    return candidate


def _named(ref: str, user: User) -> Candidate:
    """A tile of an own page, or for an admin any candidate by its number."""
    if "." in ref:
        return queue.resolve_tile(ref, user)
    if not user.is_admin:
        raise NotFound(f"There is no candidate {ref}.")
    return _by_number(int(ref))


def _to_see(ref: str, user: User) -> Candidate:
    """Adjudicators may look at what is in the conflicts, too."""
    sees = user.is_adjudicator and "." not in ref and adjudication.may_see(int(ref))
    return _by_number(int(ref)) if sees else _named(ref, user)
