"""Models: how far they are, how good, and what an admin tells them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import tasks
from annotations.api.pagination import (
    NEWEST_FIRST,
    Keyset,
    ListQuery,
    listed,
    page_of,
)
from annotations.api.permissions import IsAdmin
from annotations.api.schema import answers
from annotations.api.serializers.scorers import (
    Again,
    BatchScoringShape,
    FailureShape,
    FitShape,
    Retried,
    ScorerChange,
    ScorerShape,
)
from annotations.errors import NotFound
from annotations.models import Scorer
from annotations.scoring import control, status

from .base import ApiView, batch_for, read

BY_CANDIDATE = Keyset(
    ("candidate_id",),
    lambda score: score.candidate_id,
    lambda cursor: Q(candidate__gt=cursor),
)


class Scorers(ApiView):
    """Every model in every version."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[ListQuery], responses=answers({200: listed(ScorerShape)})
    )
    def get(self, request: Request) -> Response:
        """List models, with their latest fits."""
        return page_of(request, Scorer.objects.all(), _shown)


class OneScorer(ApiView):
    """A model by number."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: ScorerShape}))
    def get(self, request: Request, id: int) -> Response:
        """Show a model."""
        return Response(_shown([_scorer(id)])[0])

    @extend_schema(request=ScorerChange, responses=answers({200: ScorerShape}))
    def patch(self, request: Request, id: int) -> Response:
        """Pause a model, or let it go on."""
        scorer, fields = _scorer(id), read(ScorerChange, request)
        if "paused" in fields:
            act = control.pause if fields["paused"] else control.resume
            scorer = act(scorer=scorer, by=self.user)
        return Response(_shown([scorer])[0])


class ScorerFits(ApiView):
    """The calibrations of a model."""

    permission_classes = (IsAdmin,)

    @extend_schema(parameters=[ListQuery], responses=answers({200: listed(FitShape)}))
    def get(self, request: Request, id: int) -> Response:
        """List the fits, the newest first."""
        rows = status.fits_of(_scorer(id))
        return page_of(
            request, rows, lambda found: FitShape(found, many=True).data, NEWEST_FIRST
        )

    @extend_schema(
        request=None,
        responses=answers({202: None}, 409, described="A worker fits it."),
    )
    def post(self, request: Request, id: int) -> Response:
        """Have a model fitted anew now. With too few labels nothing changes."""
        scorer = control.require_active(_scorer(id))
        tasks.refit_scorer.delay(scorer.pk, self.user.pk)
        return Response(status=202)


class ScorerFailures(ApiView):
    """What a model set aside."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[ListQuery], responses=answers({200: listed(FailureShape)})
    )
    def get(self, request: Request, id: int) -> Response:
        """List the pictures that were set aside, and why."""
        return page_of(
            request,
            status.failed_scores(_scorer(id)),
            lambda found: FailureShape(found, many=True).data,
            BY_CANDIDATE,
        )


class RetryFailures(ApiView):
    """Trying again."""

    permission_classes = (IsAdmin,)

    @extend_schema(request=Again, responses=answers({200: Retried}, 409))
    def post(self, request: Request, id: int) -> Response:
        """Look once more at a picture that was set aside, or at all of them."""
        scorer, asked = _scorer(id), read(Again, request)
        tried = control.retry_failed(scorer=scorer, by=self.user, **asked)
        return Response({"retried": tried})


class ScorerEmbeddings(ApiView):
    """The vectors that a model has found in pictures: biometric data."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        responses=answers(
            {204: None, 202: None}, described="They are gone; 202: workers go on."
        )
    )
    def delete(self, request: Request, id: int) -> Response:
        """Delete a model's embeddings; scores stay. What is much goes on in workers."""
        scorer = _scorer(id)
        gone = control.purge_embeddings(scorer=scorer, by=self.user)
        if gone < control.PURGED_AT_ONCE:
            return Response(status=204)
        tasks.purge_embeddings.delay(scorer.pk, self.user.pk)
        return Response(status=202)


class BatchScoring(ApiView):
    """How far the models are with a batch."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: BatchScoringShape}))
    def get(self, request: Request, id: int) -> Response:
        """What is scored of a batch's entities, what is due, and what is in the way."""
        told = status.batch_scoring(batch_for(self.user, id))
        return Response(BatchScoringShape(told).data)


def _scorer(number: int) -> Scorer:
    scorer = Scorer.objects.filter(pk=number).first()
    if scorer is None:
        raise NotFound(f"There is no model {number}.")
    return scorer


def _shown(scorers: Sequence[Scorer]) -> Any:
    return ScorerShape(status.with_fits(scorers), many=True).data
