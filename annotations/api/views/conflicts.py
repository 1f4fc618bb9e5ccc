"""Conflicts: seen, held and settled by adjudicators."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication, queue
from annotations.api.pagination import (
    NEWEST_FIRST,
    Keyset,
    ListQuery,
    listed,
    page_of,
)
from annotations.api.permissions import IsAdjudicator
from annotations.api.schema import answers, binary
from annotations.api.serializers.cases import case_as_json
from annotations.api.serializers.conflicts import (
    AskedShape,
    CaseShape,
    CommentShape,
    ConflictLine,
    ConflictRequest,
    NewComment,
    NewRuling,
    Question,
    RulingQuery,
    RulingShape,
)
from annotations.errors import NotFound
from annotations.models import Batch, Candidate, Conflict, Report, Ruling

from . import pictures
from .base import ApiView, ask, read

OPEN_ONES_FIRST = Keyset(
    ("-is_open", "pk"), adjudication.place_in_list, adjudication.beyond
)


class Conflicts(ApiView):
    """The conflicts of a batch."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(
        parameters=[ListQuery], responses=answers({200: listed(ConflictLine)})
    )
    def get(self, request: Request, id: int) -> Response:
        """List what is disputed, reported or stuck and not ruled on, open ones first."""
        batch = _batch(id)

        def show(rows: Sequence[Conflict]) -> Any:
            votes = adjudication.votes_on_all(batch, [r.candidate_id for r in rows])
            context = {"votes": votes, "now": queue.clock()}
            return ConflictLine(rows, many=True, context=context).data

        return page_of(request, adjudication.listed(batch), show, OPEN_ONES_FIRST)


class LeaseConflict(ApiView):
    """The next conflict."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(
        request=ConflictRequest,
        responses=answers(
            {200: CaseShape, 204: None}, 404, described="Nothing is left to look at."
        ),
    )
    def post(self, request: Request) -> Response:
        """Hold a conflict, or get the one that is held; nobody else gets it meanwhile."""
        number = read(ConflictRequest, request).get("batch")
        batch = None if number is None else _batch(number)
        held = adjudication.lease(by=self.user, batch=batch)
        if held is None:
            return Response(status=204)
        case = adjudication.case_of(held.batch, held.candidate_id)
        return Response(case_as_json(case, request))


class OneConflict(ApiView):
    """A conflict, or what was ruled on."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(responses=answers({200: CaseShape}))
    def get(self, request: Request, id: int, candidate: int) -> Response:
        """Show all that is known of it; names only once it is ruled on."""
        case = adjudication.case_of(_batch(id), candidate)
        return Response(case_as_json(case, request))


class PutOff(ApiView):
    """Letting go."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(
        request=None, responses=answers({204: None}, 409, described="It is free.")
    )
    def post(self, request: Request, id: int, candidate: int) -> Response:
        """Look at it later: the others come first."""
        adjudication.put_off(batch=_batch(id), candidate=candidate, by=self.user)
        return Response(status=204)


class ConflictComments(ApiView):
    """Notes."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(request=NewComment, responses=answers({201: CommentShape}, 410))
    def post(self, request: Request, id: int, candidate: int) -> Response:
        """Note something about a candidate; it is kept whatever is ruled."""
        made = adjudication.comment(
            batch=_batch(id),
            candidate=candidate,
            by=self.user,
            **read(NewComment, request),
        )
        return Response(CommentShape(made).data, status=201)


class ConflictLooks(ApiView):
    """Asking the judges."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(
        request=Question, responses=answers({201: AskedShape(many=True)}, 409, 410)
    )
    def post(self, request: Request, id: int, candidate: int) -> Response:
        """Ask the judges of a disputed candidate to look again, seeing each other."""
        batch, asked = _batch(id), read(Question, request)
        adjudication.ask_again(batch=batch, candidate=candidate, by=self.user, **asked)
        case = adjudication.case_of(batch, candidate)
        return Response(case_as_json(case, request)["second_looks"], status=201)


class ConflictSettled(ApiView):
    """More pictures of a conflict's entity."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(
        responses=answers(
            binary(pictures.THUMBNAIL_TYPE) | {304: None}, described="Same."
        )
    )
    def get(
        self, request: Request, id: int, candidate: int, place: int
    ) -> HttpResponseBase:
        """A small WebP of a settled picture beside a conflict."""
        case = adjudication.case_of(_batch(id), candidate)
        shown = adjudication.settled_beside(case.candidate)
        if place >= len(shown):
            raise NotFound(f"There is no settled picture {place} beside it.")
        found = Candidate.objects.select_related("image").get(pk=shown[place])
        image = pictures.image_of(found)
        return pictures.answer(request, self.user, image, "settled", pictures.small)


class Rulings(ApiView):
    """Decisions."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(
        parameters=[RulingQuery], responses=answers({200: listed(RulingShape)}, 404)
    )
    def get(self, request: Request) -> Response:
        """List the rulings that stand in a batch, newest first."""
        batch = _batch(ask(RulingQuery, request)["batch"])

        def show(rows: Sequence[Ruling]) -> Any:
            return RulingShape(rows, many=True).data

        return page_of(request, adjudication.ruled(batch), show, NEWEST_FIRST)

    @extend_schema(
        request=NewRuling, responses=answers({201: RulingShape}, 404, 409, 410)
    )
    def post(self, request: Request) -> Response:
        """Rule on a candidate. Judgments stay; one ruling stands at a time."""
        body = read(NewRuling, request)
        ruling = adjudication.rule(
            batch=_batch(body.pop("batch")), by=self.user, **body
        )
        return Response(RulingShape(ruling).data, status=201)


class OneRuling(ApiView):
    """A ruling by number."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(responses=answers({204: None}, described="It no longer stands."))
    def delete(self, request: Request, id: int) -> Response:
        """Reopen it: it is kept, and the candidate stands as its judges left it."""
        ruling = Ruling.objects.filter(pk=id).first()
        if ruling is None:
            raise NotFound(f"There is no ruling {id}.")
        adjudication.reopen(ruling=ruling, by=self.user)
        return Response(status=204)


class OneReport(ApiView):
    """A report by number."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(responses=answers({204: None}, described="It is dismissed."))
    def delete(self, request: Request, id: int) -> Response:
        """Dismiss it: the candidate is asked for again."""
        report = Report.objects.filter(pk=id).first()
        if report is None:
            raise NotFound(f"There is no report {id}.")
        adjudication.dismiss(report=report, by=self.user)
        return Response(status=204)


def _batch(number: int) -> Batch:
    batch = Batch.objects.filter(pk=number).first()
    if batch is None:
        raise NotFound(f"There is no batch {number}.")
    return batch
