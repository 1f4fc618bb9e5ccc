"""Evaluations: what is sent in, and the figures that come of it."""

from typing import Any

from rest_framework import serializers

from annotations import evaluation
from annotations.api.fields import Strict
from annotations.coverage import CURVE_POINTS, PRECISIONS
from annotations.models import Evaluation


class NewEvaluation(Strict):
    """Results of a recogniser on a subset and split; a name to know them by."""

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
        help_text="That of the file where not given.",
    )


class AtPrecision(serializers.FloatField):
    """A number under a name with a point in it, which is no path here."""

    def get_attribute(self, instance: Any) -> Any:
        """The number itself."""
        return instance[self.field_name]


class Precisions(serializers.Serializer):
    """A number for each precision that is asked for."""

    def get_fields(self) -> dict[str, Any]:
        """Their names are no names of Python's."""
        return {
            precision: AtPrecision(allow_null=True, read_only=True)
            for precision in PRECISIONS
        }


class CurvePoint(serializers.Serializer):
    """One threshold."""

    threshold = serializers.FloatField()
    precision = serializers.FloatField()
    coverage = serializers.FloatField()


class EvaluationLine(serializers.ModelSerializer):
    """An evaluation and its figures, without the curve.

    `coverage` is the greatest at a precision, 0 where no threshold is precise enough
    (then `threshold` is null). `answered` of the `m` known pictures have an answer,
    `correct` a right one. `sha256` is that of the stored results.
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
