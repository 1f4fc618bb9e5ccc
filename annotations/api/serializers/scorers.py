"""Models: what they are, how well they are calibrated, what they set aside."""

from rest_framework import serializers

from annotations.api.fields import Flag, Strict, Whole
from annotations.models import FitMethod, Outcome, Score, Scorer, ScorerFit


class BinShape(serializers.Serializer):
    """The probabilities from low to high, and how often these were yes."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    count = serializers.IntegerField(min_value=0)
    mean = serializers.FloatField(help_text="Mean of the probabilities.")
    share = serializers.FloatField(help_text="Share of yes.")


class FitShape(serializers.ModelSerializer):
    """A calibration on this installation's own independent verdicts."""

    method = serializers.ChoiceField(FitMethod.values, read_only=True)
    brier = serializers.FloatField(
        read_only=True, help_text="Of entities that it was not fitted on."
    )
    ece = serializers.FloatField(
        read_only=True, help_text="Expected calibration error."
    )
    auc = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Null where all labels are the same.",
    )
    reliability = BinShape(many=True, read_only=True)
    previous_brier = serializers.FloatField(
        read_only=True, help_text="Of the fit before, on the labels of this one."
    )
    shift = serializers.FloatField(
        read_only=True, help_text="Mean distance to the probabilities of before."
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
        read_only_fields = fields


class ScorerShape(serializers.Serializer):
    """A model in one version, with its latest fit."""

    id = serializers.IntegerField(source="scorer.pk")
    name = serializers.CharField(source="scorer.name")
    version = serializers.CharField(source="scorer.version")
    digest = serializers.CharField(
        source="scorer.digest", help_text="SHA-256 of the weights; empty: it has none."
    )
    is_active = serializers.BooleanField(
        source="scorer.is_active", help_text="The settings name it."
    )
    paused = serializers.SerializerMethodField()
    paused_at = serializers.DateTimeField(source="scorer.paused_at", allow_null=True)
    created_at = serializers.DateTimeField(source="scorer.created_at")
    fit = FitShape(
        allow_null=True, help_text="The latest; null: its documented prior counts."
    )

    def get_paused(self, line: object) -> bool:
        """Whether workers leave it alone."""
        scorer: Scorer = line.scorer  # type: ignore[attr-defined]
        return scorer.paused_at is not None


class ScorerChange(Strict):
    """What may be changed of a model; what is not named stays."""

    paused = Flag(required=False)


class FailureShape(serializers.ModelSerializer):
    """A picture that was set aside: looking at it failed again and again."""

    candidate = serializers.IntegerField(source="candidate_id", read_only=True)
    entity = serializers.CharField(
        source="candidate.entity.key",
        read_only=True,
        allow_null=True,
        help_text="Null where it has been erased.",
    )

    class Meta:
        model = Score
        fields = ("candidate", "entity", "problem", "scored_at")
        read_only_fields = fields


class Again(Strict):
    """What to look at once more: a candidate, or all that was set aside."""

    candidate = Whole(required=False, allow_null=True)


class Retried(serializers.Serializer):
    """How many pictures will be looked at again."""

    retried = serializers.IntegerField(min_value=0)


class ScoreShape(serializers.ModelSerializer):
    """What a model thinks of a candidate. Judges never see it."""

    scorer = serializers.CharField(source="scorer.name", read_only=True)
    version = serializers.CharField(source="scorer.version", read_only=True)
    outcome = serializers.ChoiceField(Outcome.values, read_only=True)
    probability = serializers.FloatField(
        read_only=True, allow_null=True, help_text="Of yes; only where it is scored."
    )
    similarity = serializers.FloatField(
        read_only=True, allow_null=True, help_text="Cosine to the nearest reference."
    )
    cohesion = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Mean cosine to the most similar of the entity's other candidates.",
    )
    side = serializers.FloatField(
        read_only=True, allow_null=True, help_text="Of the face, in pixels."
    )
    detection = serializers.FloatField(
        read_only=True, allow_null=True, help_text="The detector's confidence."
    )
    compared = serializers.IntegerField(
        read_only=True, help_text="References that were there."
    )
    fit = serializers.IntegerField(
        source="fit_id",
        read_only=True,
        allow_null=True,
        help_text="Which calibrated it; null: the prior.",
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
        read_only_fields = fields


class ScorerInBatchShape(serializers.Serializer):
    """How far a model is with the entities of a batch."""

    scorer = serializers.IntegerField(source="scorer.pk")
    name = serializers.CharField(source="scorer.name")
    version = serializers.CharField(source="scorer.version")
    paused = serializers.BooleanField(source="is_paused")
    due = serializers.IntegerField(min_value=0)
    due_is_more = serializers.BooleanField(
        source="is_more", help_text="There are more, too many to count."
    )
    scored = serializers.IntegerField(
        allow_null=True, help_text="Entities that need no look now; null: cannot tell."
    )
    problem = serializers.CharField(
        help_text="The latest that is tried again by itself; empty: none."
    )
    stuck = serializers.BooleanField(
        source="is_stuck", help_text="Nobody comes for what is due."
    )


class BatchScoringShape(serializers.Serializer):
    """How far the models are with a batch."""

    entities = serializers.IntegerField(min_value=0)
    scorers = ScorerInBatchShape(many=True)
