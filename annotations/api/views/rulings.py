"""Rulings on candidates, and the dismissal of reports, by adjudicators."""

from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication, queue
from annotations.api.pagination import NEWEST_FIRST, paginate
from annotations.api.permissions import IsAdjudicator
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.conflicts import NewRuling, RulingQuery, RulingShape
from annotations.models import Batch, Report, Ruling

from .base import ApiViewSet, get_or_404, read_body, read_query


class RulingViewSet(ApiViewSet):
    """Rulings."""

    permission_classes = (IsAdjudicator,)

    @list_operation(RulingShape, 404, query=RulingQuery)
    def list(self, request: Request) -> Response:
        """List the standing rulings of a batch, newest first."""
        batch_id = read_query(RulingQuery, request)["batch"]
        batch = get_or_404(Batch.objects.all(), batch_id)
        return paginate(
            request, adjudication.standing_rulings(batch), RulingShape, NEWEST_FIRST
        )

    @operation({201: RulingShape}, 404, 409, 410, request=NewRuling)
    def create(self, request: Request) -> Response:
        """Rule on a candidate. Judgments stay; a candidate has one standing ruling."""
        body = read_body(NewRuling, request)
        batch = get_or_404(Batch.objects.all(), body.pop("batch"))
        ruling = adjudication.rule(batch=batch, by=self.user, **body)
        return Response(RulingShape(ruling).data, status=201)

    @operation({204: None}, empty="The ruling no longer stands.")
    def destroy(self, request: Request, id: int) -> Response:
        """Reopen a ruling: it is kept, and the votes decide about the candidate again."""
        ruling = get_or_404(Ruling.objects.all(), id)
        adjudication.reopen(ruling=ruling, by=self.user)
        return Response(status=204)


class ReportViewSet(ApiViewSet):
    """Reports of candidates."""

    permission_classes = (IsAdjudicator,)

    @operation({204: None}, empty="The report is dismissed.")
    def destroy(self, request: Request, id: int) -> Response:
        """Dismiss a report: judges get the candidate again."""
        report = get_or_404(Report.objects.all(), id)
        queue.dismiss_report(report=report, by=self.user)
        return Response(status=204)
