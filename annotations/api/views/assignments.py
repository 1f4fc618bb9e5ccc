"""A judge's pages and marks: the calls that are made all day."""

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import judgments, page, queue
from annotations.api.fields import BIGGEST
from annotations.api.pagination import NEWEST_FIRST, ListQuery, listed, page_of
from annotations.api.permissions import IsAdminOrJudge, IsJudge
from annotations.api.schema import answers, binary
from annotations.api.serializers.judgments import (
    MarksShape,
    OutcomesShape,
    marks_of,
    outcomes,
)
from annotations.api.serializers.pages import (
    AssignmentShape,
    LeaseRequest,
    PageShape,
    Renewed,
    Submitted,
    as_json,
)
from annotations.errors import NotFound
from annotations.models import Batch, User

from . import pictures
from .base import ApiView, ask, own_batches, read

WHY_NOTHING = [
    OpenApiParameter(
        "Labeler-Reason",
        str,
        OpenApiParameter.HEADER,
        response=["204"],
        enum=["no-batch", "all-done", "closed", "held-by-others"],
        description="Why there is no page.",
    ),
    OpenApiParameter(
        "Retry-After",
        int,
        OpenApiParameter.HEADER,
        response=["204"],
        description="Seconds to wait, where waiting helps.",
    ),
]


class AssignmentQuery(ListQuery):
    """Of which batch."""

    batch = serializers.IntegerField(required=False, min_value=0, max_value=BIGGEST)


class Lease(ApiView):
    """The next page."""

    permission_classes = (IsJudge,)

    @extend_schema(
        request=LeaseRequest,
        parameters=WHY_NOTHING,
        responses=answers(
            {200: PageShape, 204: None}, 409, described="There is no page."
        ),
    )
    def post(self, request: Request) -> Response:
        """Lease a page, or get the one that is held; 204 says why there is none."""
        asked = read(LeaseRequest, request)
        number, after = asked.get("batch"), asked.get("after")
        try:
            batch = None if number is None else _own_batch(self.user, number)
            leased = queue.lease(judge=self.user, batch=batch, after=after)
        except queue.NothingToLease as nothing:
            headers = {"Labeler-Reason": nothing.reason}
            if nothing.retry_after is not None:
                headers["Retry-After"] = str(nothing.retry_after)
            return Response(status=204, headers=headers)
        return Response(as_json(page.of(leased), request))


class Assignments(ApiView):
    """Own pages."""

    permission_classes = (IsJudge,)

    @extend_schema(
        parameters=[AssignmentQuery],
        responses=answers({200: listed(AssignmentShape)}),
    )
    def get(self, request: Request) -> Response:
        """List own pages, newest first."""
        pages = queue.pages_of(self.user).select_related("entity")
        if (number := ask(AssignmentQuery, request).get("batch")) is not None:
            pages = pages.filter(batch=number)
        return page_of(
            request,
            pages,
            lambda rows: AssignmentShape(rows, many=True).data,
            NEWEST_FIRST,
        )


class OneAssignment(ApiView):
    """An own page."""

    permission_classes = (IsJudge,)

    @extend_schema(responses=answers({200: PageShape}))
    def get(self, request: Request, id: int) -> Response:
        """Show an own page, whatever its state."""
        return Response(as_json(page.of(queue.own_page(id, self.user)), request))


class Renew(ApiView):
    """A sign of life."""

    permission_classes = (IsJudge,)

    @extend_schema(request=None, responses=answers({200: Renewed}, 409))
    def post(self, request: Request, id: int) -> Response:
        """Hold this page, and the others held in its batch, for longer."""
        renewed = queue.renew(assignment_id=id, judge=self.user)
        return Response(Renewed(renewed).data)


class Release(ApiView):
    """Giving back."""

    permission_classes = (IsAdminOrJudge,)

    @extend_schema(
        request=None, responses=answers({204: None}, 409, described="It is free.")
    )
    def post(self, request: Request, id: int) -> Response:
        """Give an own page back, as an admin anybody's; the verdicts on it stay."""
        if self.user.is_admin:
            queue.release_page(assignment_id=id, by=self.user)
        else:
            queue.release(assignment_id=id, judge=self.user)
        return Response(status=204)


class Submit(ApiView):
    """Finishing."""

    permission_classes = (IsJudge,)

    @extend_schema(request=None, responses=answers({200: Submitted}, 409))
    def post(self, request: Request, id: int) -> Response:
        """Finish a page; 409 names the tiles that are missing or lost."""
        finished = queue.submit(assignment_id=id, judge=self.user)
        return Response({"finished": finished})


class Settled(ApiView):
    """More pictures of a page's entity."""

    permission_classes = (IsJudge,)

    @extend_schema(
        responses=answers(
            binary(pictures.THUMBNAIL_TYPE) | {304: None}, described="Same."
        )
    )
    def get(self, request: Request, id: int, place: int) -> HttpResponseBase:
        """A small WebP of a settled picture beside an own page of an open batch."""
        assignment = queue.open_page(id, self.user)
        candidate = page.settled_picture(assignment, place)
        if candidate is None:
            raise NotFound(f"There is no settled picture {place} beside page {id}.")
        image = pictures.image_of(candidate)
        return pictures.answer(request, self.user, image, "settled", pictures.small)


class Judgments(ApiView):
    """Marks."""

    permission_classes = (IsJudge,)

    @extend_schema(request=MarksShape, responses=answers({200: OutcomesShape}))
    def put(self, request: Request) -> Response:
        """Record marks in one transaction; sending them again changes nothing."""
        marks = marks_of(request.data)
        return Response(outcomes(judgments.record(judge=self.user, marks=marks)))


def _own_batch(judge: User, number: int) -> Batch:
    """A batch that this judge judges now; others are as good as none: 204 no-batch."""
    batch = own_batches(judge).filter(pk=number).first()
    if batch is None:
        raise queue.NothingToLease("no-batch")
    return batch
