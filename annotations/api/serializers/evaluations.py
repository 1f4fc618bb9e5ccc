"""Evaluations: uploads of results, and the measured figures."""

from typing import Any

from rest_framework import serializers

from annotations import evaluation
from annotations.api.fields import StrictSerializer
from annotations.coverage import CURVE_POINTS, PRECISIONS
from annotations.models import Evaluation


class NewEvaluation(StrictSerializer):
    """Results of a recogniser on a subset and split, with a name."""

    file = serializers.FileField(
        max_length=200,
        allow_empty_file=True,
        help_text="Six columns, or three: line number, MID estimated, confidence.",
    )
    subset = serializers.ChoiceField(evaluation.SUBSETS)
    split = serializers.ChoiceField(evaluation.SPLITS)
    name = serializers.CharField(
        max_length=100,
        required=False,
        help_text="The default is the name of the file.",
    )


class AtPrecision(serializers.FloatField):
    """A number whose field name contains a point, so it must not be split into a path."""

    def get_attribute(self, instance: Any) -> Any:
        """Return the number under the whole name."""
        return instance[self.field_name]


class Precisions(serializers.Serializer[Any]):
    """A number for each required precision."""

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; their names are not valid names in Python."""
        return {
            precision: AtPrecision(allow_null=True, read_only=True)
            for precision in PRECISIONS
        }


class CurvePoint(serializers.Serializer[Any]):
    """Precision and coverage at one threshold."""

    threshold = serializers.FloatField()
    precision = serializers.FloatField()
    coverage = serializers.FloatField()


class EvaluationLine(serializers.ModelSerializer[Evaluation]):
    """An evaluation and its figures, without the curve.

    `coverage` is the greatest at a precision, or 0 if no threshold is precise enough (then
    `threshold` is null). `answered` of the `m` known pictures have an answer, `correct` of
    them a correct one. `sha256` is the digest of the stored results.
    """

    created_by = serializers.CharField(
        source="created_by.username", default=None, allow_null=True, read_only=True
    )
    coverage = Precisions(source="figures.coverage")
    threshold = Precisions(source="figures.threshold")
    answered = serializers.IntegerField(source="figures.answered")
    correct = serializers.IntegerField(source="figures.correct")
    m = serializers.IntegerField(source="figures.m")

    class Meta:
        model = Evaluation
        fields: tuple[str, ...] = (
            "id",
            "release",
            "name",
            "subset",
            "split",
            "sha256",
            "created_by",
            "created_at",
            "coverage",
            "threshold",
            "answered",
            "correct",
            "m",
        )
        read_only_fields: tuple[str, ...] = fields


class EvaluationShape(EvaluationLine):
    """An evaluation with its curve, from the highest threshold to the lowest."""

    curve = CurvePoint(
        source="figures.curve",
        many=True,
        help_text=f"At most {CURVE_POINTS} points; exact at the thresholds above.",
    )

    class Meta(EvaluationLine.Meta):
        fields = (*EvaluationLine.Meta.fields, "curve")
        read_only_fields = fields
