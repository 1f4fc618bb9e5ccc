"""How recognisers do on a release."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import evaluation, releases
from annotations.api.pagination import NEWEST_FIRST, ListQuery, listed, page_of
from annotations.api.permissions import IsAdmin
from annotations.api.schema import answers
from annotations.api.serializers.evaluations import (
    EvaluationLine,
    EvaluationShape,
    NewEvaluation,
)
from annotations.errors import NotFound
from annotations.models import Evaluation, Release

from .base import ApiView, UploadView, read


class ReleaseEvaluations(UploadView):
    """Results that were evaluated on a release."""

    command = "evaluate RESULTS --release NAME"

    @property
    def limit(self) -> int:
        """Results are read at once, while the caller waits."""
        return evaluation.RESULTS_MAX_BYTES

    @extend_schema(
        parameters=[ListQuery], responses=answers({200: listed(EvaluationLine)})
    )
    def get(self, request: Request, id: int) -> Response:
        """List evaluations of a release, newest first."""
        rows = Evaluation.objects.filter(release=_release(id))
        return page_of(
            request,
            rows.select_related("created_by"),
            lambda found: EvaluationLine(found, many=True).data,
            NEWEST_FIRST,
        )

    @extend_schema(
        request={"multipart/form-data": NewEvaluation},
        responses=answers({201: EvaluationShape}, 409),
    )
    def post(self, request: Request, id: int) -> Response:
        """Evaluate results at once. What is wrong inside the file is told by its line."""
        release = _release(id)
        form = read(NewEvaluation, request)
        file = form["file"]
        made = releases.evaluate(
            release=release,
            subset=form["subset"],
            split=form["split"],
            file=file,
            name=form.get("name") or file.name[:100],
            by=self.user,
        )
        return Response(EvaluationShape(made).data, status=201)


class OneEvaluation(ApiView):
    """An evaluation by number."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: EvaluationShape}))
    def get(self, request: Request, id: int) -> Response:
        """Show its figures and its curve."""
        return Response(EvaluationShape(_evaluation(id)).data)

    @extend_schema(responses=answers({204: None}))
    def delete(self, request: Request, id: int) -> Response:
        """Take it back, with its results."""
        evaluation.delete(evaluation=_evaluation(id), by=self.user)
        return Response(status=204)


def _release(number: int) -> Release:
    found = Release.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no release {number}.")
    return found


def _evaluation(number: int) -> Evaluation:
    rows = Evaluation.objects.select_related("created_by")
    found = rows.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no evaluation {number}.")
    return found
