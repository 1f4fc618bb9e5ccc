"""The choice of a batch's entities, and the composition of a choice."""

from typing import Any, ClassVar

from rest_framework import serializers

from annotations.api.fields import (
    BIGGEST,
    BIGGEST_INT,
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
)
from annotations.batches.choice import SIZE_LIMIT
from annotations.batches.filters import YEAR_LIMIT

CHOICE = ("entities", "filter", "sample")
TEXT_LIMIT = 200
VALUES_LIMIT = 100


class Sample(StrictSerializer):
    """Entities drawn by frequency. The same seed draws the same sample."""

    size = StrictIntegerField(min_value=1, max_value=SIZE_LIMIT)
    seed = StrictIntegerField(required=False, max_value=BIGGEST_INT)
    exponent = StrictFloatField(required=False, min_value=0, max_value=10)


class Values(serializers.ListField):
    """Values of a property. One of them must match exactly."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=StrictCharField(max_length=TEXT_LIMIT),
            required=False,
            max_length=VALUES_LIMIT,
            **kwargs,
        )


class FilterShape(StrictSerializer):
    """Conditions on entities; {} for all entities. Rank 1 has the highest frequency."""

    rank_from = StrictIntegerField(required=False, min_value=1, max_value=BIGGEST)
    rank_to = StrictIntegerField(required=False, min_value=1, max_value=BIGGEST)
    genders = Values()
    professions = Values()
    countries = Values()
    born_from = StrictIntegerField(
        required=False, max_value=YEAR_LIMIT, help_text="A year."
    )
    born_to = StrictIntegerField(
        required=False, max_value=YEAR_LIMIT, help_text="A year."
    )
    never_judged = StrictBooleanField(
        required=False, help_text="Not judged in any batch."
    )
    has_candidates = StrictBooleanField(required=False)


class ChoiceShape(StrictSerializer):
    """Entities by key, a filter, or a sample; a filter limits the sample's population."""

    also: ClassVar = {
        "oneOf": [
            {"required": ["entities"]},
            {"anyOf": [{"required": ["sample"]}, {"required": ["filter"]}]},
        ]
    }
    entities = serializers.ListField(
        child=StrictCharField(max_length=128), required=False, min_length=1
    )
    filter = FilterShape(required=False)
    sample = Sample(required=False)


class ShareShape(serializers.Serializer[Any]):
    """A value, with the number and share of the entities read that have it."""

    value = serializers.CharField()
    count = serializers.IntegerField()
    share = serializers.FloatField()


class PropertyShape(serializers.Serializer[Any]):
    """The most frequent values of a property."""

    name = serializers.CharField()
    top = ShareShape(many=True)
    others = serializers.IntegerField(help_text="The number of further values.")
    without = serializers.IntegerField(
        help_text="The number of entities without a value."
    )
    without_share = serializers.FloatField()


class ProblemsShape(serializers.Serializer[Any]):
    """Problems of one kind: their number, and a sentence for each of the first."""

    count = serializers.IntegerField()
    first = serializers.ListField(child=serializers.CharField())


class MixShape(serializers.Serializer[Any]):
    """The composition of a choice.

    The counts are those of the `looked_at` entities: all, or a random sample of them.
    """

    entities = serializers.IntegerField()
    is_estimated = serializers.BooleanField(
        help_text="Whether `entities` is an estimate."
    )
    looked_at = serializers.IntegerField()
    is_sampled = serializers.BooleanField()
    candidates = serializers.IntegerField(
        help_text="Candidates that can be judged now."
    )
    is_guessed = serializers.BooleanField(
        help_text="Whether `candidates` is an estimate."
    )
    seed = serializers.IntegerField(
        allow_null=True,
        help_text="The seed of a sample. Create the batch with it to draw the same.",
    )
    bottom_share = serializers.FloatField(
        allow_null=True,
        help_text="Share of entities from the bottom 90 % by frequency, 0 to 1.",
    )
    threshold = serializers.IntegerField(
        allow_null=True, help_text="Entities of the bottom 90 % have a lower frequency."
    )
    without_frequency = serializers.IntegerField()
    properties = PropertyShape(many=True)
    unknown = ProblemsShape()
    malformed = ProblemsShape()
    doubles = ProblemsShape()
