"""Evaluations: results of recognisers, measured on a release."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import evaluation, releases
from annotations.api.pagination import NEWEST_FIRST, paginate
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.evaluations import (
    EvaluationLine,
    EvaluationShape,
    NewEvaluation,
)
from annotations.models import Evaluation, Release

from .base import ApiViewSet, UploadViewSet, get_or_404, read_body


class EvaluationUploadViewSet(UploadViewSet):
    """The evaluations of a release."""

    command = "evaluate RESULTS --release NAME"

    @property
    def limit(self) -> int:
        """The maximum size in bytes; the caller waits while the file is measured."""
        return evaluation.RESULTS_MAX_BYTES

    @list_operation(EvaluationLine)
    def list(self, request: Request, id: int) -> Response:
        """List the evaluations of a release, newest first."""
        rows = _evaluations().filter(release=_release(id))
        return paginate(request, rows, EvaluationLine, NEWEST_FIRST)

    @operation(
        {201: EvaluationShape}, 409, request={"multipart/form-data": NewEvaluation}
    )
    def create(self, request: Request, id: int) -> Response:
        """Evaluate results at once. Errors in the file are reported by line."""
        release = _release(id)
        form = read_body(NewEvaluation, request)
        created = releases.evaluate(
            release=release,
            subset=form["subset"],
            split=form["split"],
            file=form["file"],
            name=form.get("name") or form["file"].name[:100],
            by=self.user,
        )
        return Response(EvaluationShape(created).data, status=201)


class EvaluationViewSet(ApiViewSet):
    """One evaluation."""

    @operation({200: EvaluationShape})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show the figures and the curve of an evaluation."""
        return Response(EvaluationShape(get_or_404(_evaluations(), id)).data)

    @operation({204: None})
    def destroy(self, request: Request, id: int) -> Response:
        """Delete an evaluation and its results."""
        evaluation.delete(evaluation=get_or_404(_evaluations(), id), by=self.user)
        return Response(status=204)


def _release(id: int) -> Release:
    return get_or_404(Release.objects.all(), id)


def _evaluations() -> QuerySet[Evaluation]:
    return Evaluation.objects.select_related("created_by")
