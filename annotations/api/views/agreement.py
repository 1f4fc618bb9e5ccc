"""Agreement among the judges of a batch, and estimates of their reliability."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import agreement, tasks
from annotations.api.permissions import IsAdjudicator
from annotations.api.schema import operation
from annotations.api.serializers.agreement import (
    AgreementShape,
    JudgesReliability,
    PendingReportShape,
)
from annotations.models import AgreementReport, Batch

from .base import ApiViewSet, get_or_404

RETRY_SECONDS, RETRY_SECONDS_AFTER_PROBLEM = 2, 600
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    required=True,
    response=["202"],
    description="Seconds to wait.",
)


class AgreementViewSet(ApiViewSet):
    """Reports on the judges of a batch. A worker computes them."""

    @operation({200: AgreementShape, 202: PendingReportShape}, parameters=[RETRY_AFTER])
    @action(detail=True)
    def agreement(self, request: Request, id: int) -> Response:
        """Show coefficients, intervals, pairs and judges; 202 until they are current."""
        return _current_report(
            id, lambda report: AgreementShape(agreement.as_json(report)).data
        )

    @operation(
        {200: JudgesReliability, 202: PendingReportShape}, parameters=[RETRY_AFTER]
    )
    @action(detail=True, permission_classes=[IsAdjudicator])
    def reliability(self, request: Request, id: int) -> Response:
        """Show each judge's confusion matrix and the shares of the values, as advice."""

        def serialize(report: AgreementReport) -> Any:
            figures = agreement.reliability_as_json(
                report, show_names=self.user.is_admin
            )
            return JudgesReliability(figures).data

        return _current_report(id, serialize)


def _current_report(
    batch_id: int, serialize: Callable[[AgreementReport], Any]
) -> Response:
    """Answer with the report if it is current; else have it computed and answer 202."""
    batch = get_or_404(Batch.objects.all(), batch_id)
    latest = agreement.latest_report(batch)
    if latest.report is not None and latest.is_current:
        return Response(serialize(latest.report))
    if not latest.problem:
        tasks.request_agreement(batch.pk)
    body = {
        "computed_at": latest.report.computed_at if latest.report else None,
        "problem": latest.problem or None,
    }
    wait = RETRY_SECONDS_AFTER_PROBLEM if latest.problem else RETRY_SECONDS
    return Response(
        PendingReportShape(body).data, status=202, headers={"Retry-After": str(wait)}
    )
