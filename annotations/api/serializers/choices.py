"""How a batch's entities are chosen, and the mix that comes of it."""

from typing import Any, ClassVar

from rest_framework import serializers

from annotations.api.fields import (
    BIGGEST,
    BIGGEST_INT,
    Flag,
    Number,
    Strict,
    Text,
    Whole,
)
from annotations.batches.choice import SIZE_LIMIT
from annotations.batches.filters import YEAR_LIMIT

TEXT_LIMIT = 200
VALUES_LIMIT = 100


class Sample(Strict):
    """Entities drawn by frequency; the same seed draws the same ones."""

    size = Whole(min_value=1, max_value=SIZE_LIMIT)
    seed = Whole(required=False, max_value=BIGGEST_INT)
    exponent = Number(required=False, min_value=0, max_value=10)


class Values(serializers.ListField):
    """Values of a property, of which one must fit exactly."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=Text(max_length=TEXT_LIMIT),
            required=False,
            max_length=VALUES_LIMIT,
            **kwargs,
        )


class FilterShape(Strict):
    """What an entity must be; {} is all. Ranks count by frequency, from 1."""

    rank_from = Whole(required=False, min_value=1, max_value=BIGGEST)
    rank_to = Whole(required=False, min_value=1, max_value=BIGGEST)
    genders = Values()
    professions = Values()
    countries = Values()
    born_from = Whole(required=False, max_value=YEAR_LIMIT, help_text="A year.")
    born_to = Whole(required=False, max_value=YEAR_LIMIT, help_text="A year.")
    never_judged = Flag(required=False, help_text="In no batch at all.")
    has_candidates = Flag(required=False)


class ChoiceShape(Strict):
    """One of: entities by key; a filter; a sample, of a filter's where there is one."""

    also: ClassVar = {
        "oneOf": [
            {"required": ["entities"]},
            {"anyOf": [{"required": ["sample"]}, {"required": ["filter"]}]},
        ]
    }
    entities = serializers.ListField(
        child=Text(max_length=128), required=False, min_length=1
    )
    filter = FilterShape(required=False)
    sample = Sample(required=False)


class ShareShape(serializers.Serializer):
    """A value, and how many of those looked at have it."""

    value = serializers.CharField()
    count = serializers.IntegerField()
    share = serializers.FloatField()


class PropertyShape(serializers.Serializer):
    """The most frequent values of a property."""

    name = serializers.CharField()
    top = ShareShape(many=True)
    others = serializers.IntegerField(help_text="Further values.")
    without = serializers.IntegerField(help_text="Entities without any.")
    without_share = serializers.FloatField()


class ProblemsShape(serializers.Serializer):
    """Keys that are wrong in one way; the first of them in sentences."""

    count = serializers.IntegerField()
    first = serializers.ListField(child=serializers.CharField())


class MixShape(serializers.Serializer):
    """What a choice would choose.

    The mix is that of the `looked_at` entities: all, or a random sample of them.
    """

    entities = serializers.IntegerField()
    is_estimated = serializers.BooleanField(help_text="Of `entities`.")
    looked_at = serializers.IntegerField()
    is_sampled = serializers.BooleanField()
    candidates = serializers.IntegerField(help_text="That can be judged now.")
    is_guessed = serializers.BooleanField(help_text="Of `candidates`.")
    seed = serializers.IntegerField(
        allow_null=True, help_text="Of a sample: cut with it, to draw the same."
    )
    bottom_share = serializers.FloatField(
        allow_null=True,
        help_text="Share of the bottom 90 % of all by frequency, 0 to 1.",
    )
    threshold = serializers.IntegerField(
        allow_null=True, help_text="The bottom 90 % have a lower frequency."
    )
    without_frequency = serializers.IntegerField()
    properties = PropertyShape(many=True)
    unknown = ProblemsShape()
    malformed = ProblemsShape()
    doubles = ProblemsShape()
