"""Scorers: versions, calibrations, failures and scores."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from annotations.api.fields import (
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
)
from annotations.models import FitMethod, Outcome, Score, Scorer, ScorerFit

from .base import ReadOnlyModelSerializer


class BinShape(serializers.Serializer[Any]):
    """Candidates with a probability from `low` to `high`, and their share of yes."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    count = serializers.IntegerField(min_value=0)
    mean = serializers.FloatField(help_text="Mean of the probabilities.")
    share = serializers.FloatField(help_text="Share of yes.")


class FitShape(ReadOnlyModelSerializer[ScorerFit]):
    """A calibration on independent verdicts of this installation."""

    method = serializers.ChoiceField(FitMethod.values)
    brier = serializers.FloatField(
        help_text="Brier score on entities that it was not fitted on."
    )
    ece = serializers.FloatField(help_text="Expected calibration error.")
    auc = serializers.FloatField(
        allow_null=True,
        help_text="Null if all labels are the same.",
    )
    reliability = BinShape(many=True)
    previous_brier = serializers.FloatField(
        help_text="Brier score of the previous fit on these labels."
    )
    shift = serializers.FloatField(
        help_text="Mean distance to the previous probabilities."
    )

    class Meta:
        model = ScorerFit
        fields = (
            "id",
            "made_at",
            "method",
            "labels",
            "positives",
            "entities",
            "brier",
            "ece",
            "auc",
            "reliability",
            "previous_brier",
            "shift",
        )


class ScorerShape(serializers.Serializer[Any]):
    """One version of a scorer, with its latest fit."""

    id = serializers.IntegerField(source="scorer.pk")
    name = serializers.CharField(source="scorer.name")
    version = serializers.CharField(source="scorer.version")
    digest = serializers.CharField(
        source="scorer.digest",
        help_text="SHA-256 of the weights; empty if it has none.",
    )
    is_active = serializers.BooleanField(
        source="scorer.is_active", help_text="Whether the settings name it."
    )
    paused = serializers.SerializerMethodField()
    paused_at = serializers.DateTimeField(source="scorer.paused_at", allow_null=True)
    created_at = serializers.DateTimeField(source="scorer.created_at")
    fit = FitShape(
        allow_null=True, help_text="The latest fit; null: its documented prior is used."
    )

    def get_paused(self, line: object) -> bool:
        """Return whether workers skip it."""
        scorer: Scorer = line.scorer  # type: ignore[attr-defined]
        return scorer.paused_at is not None


class ScorerChange(StrictSerializer):
    """Changes of a scorer. Fields that are not sent stay."""

    paused = StrictBooleanField(required=False)


class FailureShape(ReadOnlyModelSerializer[Score]):
    """A picture whose scoring failed repeatedly."""

    candidate = serializers.IntegerField(source="candidate_id")
    entity = serializers.CharField(
        source="candidate.entity.key",
        allow_null=True,
        help_text="The key; null if the entity has been erased.",
    )

    class Meta:
        model = Score
        fields = ("candidate", "entity", "problem", "scored_at")


@extend_schema_serializer(component_name="Again")
class RetryFailures(StrictSerializer):
    """The candidate to score again; all failures by default."""

    candidate = StrictIntegerField(required=False, allow_null=True)


@extend_schema_serializer(component_name="Retried")
class RetriedFailures(serializers.Serializer[Any]):
    """The number of pictures that will be scored again."""

    retried = serializers.IntegerField(min_value=0)


class ScoreShape(ReadOnlyModelSerializer[Score]):
    """A scorer's score of a candidate. Judges never see it."""

    scorer = serializers.CharField(source="scorer.name")
    version = serializers.CharField(source="scorer.version")
    outcome = serializers.ChoiceField(Outcome.values)
    probability = serializers.FloatField(
        allow_null=True,
        help_text="Probability of yes; null unless the outcome is scored.",
    )
    similarity = serializers.FloatField(
        allow_null=True, help_text="Cosine to the nearest reference."
    )
    cohesion = serializers.FloatField(
        allow_null=True,
        help_text="Mean cosine to the most similar of the entity's other candidates.",
    )
    side = serializers.FloatField(
        allow_null=True, help_text="Length of the face's side in pixels."
    )
    detection = serializers.FloatField(
        allow_null=True, help_text="The detector's confidence."
    )
    compared = serializers.IntegerField(
        help_text="The number of references compared with."
    )
    fit = serializers.IntegerField(
        source="fit_id",
        allow_null=True,
        help_text="The id of the calibration; null: the prior was used.",
    )

    class Meta:
        model = Score
        fields = (
            "scorer",
            "version",
            "outcome",
            "problem",
            "probability",
            "similarity",
            "cohesion",
            "faces",
            "side",
            "detection",
            "compared",
            "fit",
            "scored_at",
        )


class ScorerInBatchShape(serializers.Serializer[Any]):
    """The progress of a scorer with the entities of a batch."""

    scorer = serializers.IntegerField(source="scorer.pk")
    name = serializers.CharField(source="scorer.name")
    version = serializers.CharField(source="scorer.version")
    paused = serializers.BooleanField(source="is_paused")
    due = serializers.IntegerField(min_value=0)
    due_is_more = serializers.BooleanField(
        source="is_more", help_text="Whether `due` is a lower bound."
    )
    scored = serializers.IntegerField(
        allow_null=True, help_text="Entities whose scores are current; null if unknown."
    )
    problem = serializers.CharField(
        help_text="The latest problem that is retried automatically; empty if none."
    )
    stuck = serializers.BooleanField(
        source="is_stuck", help_text="Whether no worker takes the pending entities."
    )


class BatchScoringShape(serializers.Serializer[Any]):
    """The progress of the scorers with a batch."""

    entities = serializers.IntegerField(min_value=0)
    scorers = ScorerInBatchShape(many=True)
