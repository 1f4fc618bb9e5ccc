"""Scorers: state, calibrations and failures, and the admin's control of them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import tasks
from annotations.api.pagination import NEWEST_FIRST, Keyset, paginate
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.scorers import (
    FailureShape,
    FitShape,
    RetriedFailures,
    RetryFailures,
    ScorerChange,
    ScorerShape,
)
from annotations.models import Scorer
from annotations.scoring import control, status

from .base import ApiViewSet, get_or_404, read_body

BY_CANDIDATE = Keyset(
    ("candidate_id",),
    lambda score: score.candidate_id,
    lambda cursor: Q(candidate__gt=cursor),
)


class ScorerViewSet(ApiViewSet):
    """Every scorer in every version."""

    @list_operation(ScorerShape)
    def list(self, request: Request) -> Response:
        """List scorers with their latest fits."""
        return paginate(request, Scorer.objects.all(), _serialize)

    @operation({200: ScorerShape})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show a scorer."""
        return Response(_serialize([_scorer(id)])[0])

    @operation({200: ScorerShape}, request=ScorerChange)
    def partial_update(self, request: Request, id: int) -> Response:
        """Pause or resume a scorer."""
        scorer, fields = _scorer(id), read_body(ScorerChange, request)
        if "paused" in fields:
            change = control.pause if fields["paused"] else control.resume
            scorer = change(scorer=scorer, by=self.user)
        return Response(_serialize([scorer])[0])

    @list_operation(FitShape)
    @action(detail=True)
    def fits(self, request: Request, id: int) -> Response:
        """List the calibrations of a scorer, newest first."""
        return paginate(request, status.fits_of(_scorer(id)), FitShape, NEWEST_FIRST)

    @operation({202: None}, 409, empty="A worker will fit the scorer.")
    @fits.mapping.post
    def refit(self, request: Request, id: int) -> Response:
        """Fit a scorer again now. Too few labels change nothing."""
        scorer = control.require_active(_scorer(id))
        tasks.refit_scorer.delay(scorer.pk, self.user.pk)
        return Response(status=202)

    @list_operation(FailureShape)
    @action(detail=True)
    def failures(self, request: Request, id: int) -> Response:
        """List the pictures that could not be scored, with the reasons."""
        rows = status.failed_scores(_scorer(id))
        return paginate(request, rows, FailureShape, BY_CANDIDATE)

    @operation({200: RetriedFailures}, 409, request=RetryFailures)
    @action(detail=True, methods=["post"], url_path="failures/retry")
    def retry_failures(self, request: Request, id: int) -> Response:
        """Score one picture that failed again, or all of them."""
        scorer, body = _scorer(id), read_body(RetryFailures, request)
        count = control.retry_failed(scorer=scorer, by=self.user, **body)
        return Response({"retried": count})

    @operation(
        {204: None, 202: None},
        empty="The embeddings are deleted; 202: workers delete the rest.",
    )
    @action(detail=True, methods=["delete"])
    def embeddings(self, request: Request, id: int) -> Response:
        """Delete a scorer's embeddings, which are biometric data. Scores stay."""
        scorer = _scorer(id)
        count = control.purge_embeddings(scorer=scorer, by=self.user)
        if count < control.PURGED_AT_ONCE:
            return Response(status=204)
        tasks.purge_embeddings.delay(scorer.pk, self.user.pk)
        return Response(status=202)


def _scorer(id: int) -> Scorer:
    return get_or_404(Scorer.objects.all(), id)


def _serialize(scorers: Sequence[Scorer]) -> Any:
    return ScorerShape(status.with_fits(scorers), many=True).data
