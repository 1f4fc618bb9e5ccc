"""How far the judges of a batch agree."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import agreement, tasks
from annotations.api.permissions import IsAdjudicator, IsAdmin
from annotations.api.schema import answers
from annotations.api.serializers.agreement import (
    AgreementShape,
    JudgesReliability,
    NotYetShape,
)
from annotations.errors import NotFound
from annotations.models import AgreementReport, Batch

from .base import ApiView

RETRY_SECONDS, RETRY_LATER = 2, 600
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    required=True,
    response=["202"],
    description="Seconds to wait.",
)


class Agreement(ApiView):
    """Agreement in figures."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[RETRY_AFTER],
        responses=answers({200: AgreementShape, 202: NotYetShape}),
    )
    def get(self, request: Request, id: int) -> Response:
        """Coefficients, intervals, pairs and judges; 202 until nothing said is missing."""
        return _known(id, lambda found: AgreementShape(agreement.told(found)).data)


class JudgesReliabilities(ApiView):
    """What judges are like."""

    permission_classes = (IsAdjudicator,)

    @extend_schema(
        parameters=[RETRY_AFTER],
        responses=answers({200: JudgesReliability, 202: NotYetShape}),
    )
    def get(self, request: Request, id: int) -> Response:
        """Confusion of each judge and shares of the values, as advice to adjudicators."""
        names = self.user.is_admin
        return _known(
            id,
            lambda found: (
                JudgesReliability(agreement.reliability_of(found, names=names)).data
            ),
        )


def _known(number: int, show: Callable[[AgreementReport], Any]) -> Response:
    """What is known if nothing was said since, else 202: it is being worked out."""
    batch = Batch.objects.filter(pk=number).first()
    if batch is None:
        raise NotFound(f"There is no batch {number}.")
    found = agreement.latest(batch)
    if found.comparison is not None and found.is_current:
        return Response(show(found.comparison))
    if not found.problem:
        tasks.ask_for_agreement(batch.pk)
    before = found.comparison.computed_at if found.comparison else None
    return Response(
        NotYetShape({"computed_at": before, "problem": found.problem or None}).data,
        status=202,
        headers={"Retry-After": str(RETRY_LATER if found.problem else RETRY_SECONDS)},
    )
