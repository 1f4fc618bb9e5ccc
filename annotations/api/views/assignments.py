"""A judge's pages and marks: the calls of the labelling page."""

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import judgments, page, queue
from annotations.api.pagination import NEWEST_FIRST, paginate
from annotations.api.permissions import IsAdminOrJudge, IsJudge
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.judgments import (
    MarksShape,
    OutcomesShape,
    outcomes_as_json,
    parse_marks,
)
from annotations.api.serializers.pages import (
    AssignmentQuery,
    AssignmentShape,
    LeaseRequest,
    PageShape,
    Renewed,
    Submitted,
    page_as_json,
)
from annotations.errors import NotFound
from annotations.models import Batch, User

from . import pictures
from .base import ApiView, ApiViewSet, judged_batches, read_body, read_query

NO_PAGE_HEADERS = [
    OpenApiParameter(
        "Labeler-Reason",
        str,
        OpenApiParameter.HEADER,
        response=["204"],
        enum=["no-batch", "all-done", "closed", "held-by-others"],
        description="The reason why there is no page.",
    ),
    OpenApiParameter(
        "Retry-After",
        int,
        OpenApiParameter.HEADER,
        response=["204"],
        description="Seconds to wait, where waiting helps.",
    ),
]


class AssignmentViewSet(ApiViewSet):
    """A judge's own pages."""

    permission_classes = (IsJudge,)

    @operation(
        {200: PageShape, 204: None},
        409,
        empty="There is no page.",
        request=LeaseRequest,
        parameters=NO_PAGE_HEADERS,
    )
    @action(detail=False, methods=["post"])
    def lease(self, request: Request) -> Response:
        """Lease a page, or get the held one; 204 gives the reason if there is none."""
        body = read_body(LeaseRequest, request)
        batch_id = body.get("batch")
        try:
            batch = None if batch_id is None else _judged_batch(self.user, batch_id)
            assignment = queue.lease(
                judge=self.user, batch=batch, after=body.get("after")
            )
        except queue.NothingToLease as error:
            headers = {"Labeler-Reason": error.reason}
            if error.retry_after is not None:
                headers["Retry-After"] = str(error.retry_after)
            return Response(status=204, headers=headers)
        return Response(
            page_as_json(page.build_page(assignment, is_leased_now=True), request)
        )

    @list_operation(AssignmentShape, query=AssignmentQuery)
    def list(self, request: Request) -> Response:
        """List the judge's own pages, newest first."""
        rows = queue.pages_of(self.user).select_related("entity")
        batch_id = read_query(AssignmentQuery, request).get("batch")
        if batch_id is not None:
            rows = rows.filter(batch=batch_id)
        return paginate(request, rows, AssignmentShape, NEWEST_FIRST)

    @operation({200: PageShape})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show an own page in any state."""
        assignment = queue.page_of_judge(id, self.user)
        return Response(page_as_json(page.build_page(assignment), request))

    @operation({200: Renewed}, 409)
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, id: int) -> Response:
        """Extend the lease of this page, and of the others held in its batch."""
        assignment = queue.renew(assignment_id=id, judge=self.user)
        return Response(Renewed(assignment).data)

    @operation({204: None}, 409, empty="The page is released.")
    @action(detail=True, methods=["post"], permission_classes=[IsAdminOrJudge])
    def release(self, request: Request, id: int) -> Response:
        """Release an own page, or any page as an admin. Its verdicts stay."""
        if self.user.is_admin:
            queue.release_page(assignment_id=id, by=self.user)
        else:
            queue.release(assignment_id=id, judge=self.user)
        return Response(status=204)

    @operation({200: Submitted}, 409)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, id: int) -> Response:
        """Submit a page; 409 names the tiles that have no verdict or were lost."""
        finished = queue.submit(assignment_id=id, judge=self.user)
        return Response({"finished": finished})

    @operation(
        pictures.binary_or_unchanged(pictures.THUMBNAIL_TYPE), empty="Not modified."
    )
    @action(detail=True, url_path="settled/<id:place>")
    def settled(self, request: Request, id: int, place: int) -> HttpResponseBase:
        """A small WebP of a settled picture beside an own page of an open batch."""
        assignment = queue.visible_page(id, self.user)
        candidate = page.settled_picture(assignment, place)
        if candidate is None:
            raise NotFound(f"There is no settled picture {place} beside page {id}.")
        image = pictures.image_of(candidate)
        return pictures.respond(
            request, self.user, image, "settled", pictures.thumbnail
        )


class JudgmentsView(ApiView):
    """The marks of a judge."""

    permission_classes = (IsJudge,)

    @operation({200: OutcomesShape}, request=MarksShape)
    def put(self, request: Request) -> Response:
        """Record marks in one transaction. Sending them again changes nothing."""
        marks = parse_marks(request.data)
        outcomes = judgments.record(judge=self.user, marks=marks)
        return Response(outcomes_as_json(outcomes))


def _judged_batch(judge: User, id: int) -> Batch:
    """Return a batch that this judge judges now; any other leads to 204 no-batch."""
    batch = judged_batches(judge).filter(pk=id).first()
    if batch is None:
        raise queue.NothingToLease("no-batch")
    return batch
