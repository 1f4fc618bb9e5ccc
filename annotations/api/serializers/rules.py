"""The rules of a batch, as they are asked for."""

from typing import Any

from rest_framework import serializers

from annotations.api.fields import (
    BIGGEST_INT,
    Choice,
    Flag,
    Number,
    Strict,
    Text,
    Whole,
)
from annotations.batches.rules import AUDIT_LIMIT, MIDDLE
from annotations.models import Order, Purpose
from annotations.models.batches import JUDGES_LIMIT

NAME = r"[^\s\x00]"


class BatchName(serializers.RegexField, Text):
    """A name with something to read in it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NAME, max_length=200, **kwargs)


class Share(Number):
    """A part of a whole, above nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=1, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        """Refuse nothing, too."""
        share = super().to_internal_value(data)
        if share == 0:
            raise serializers.ValidationError("Must be above 0.")
        return share


class Threshold(Number):
    """A probability beyond which one verdict is all but certain."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=MIDDLE, max_value=1, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        """Refuse both ends, too."""
        threshold = super().to_internal_value(data)
        if threshold in (MIDDLE, 1):
            raise serializers.ValidationError("Must be above 0.5 and below 1.")
        return threshold


class BatchRules(Strict):
    """What may be said of a batch at any time."""

    judges_required = Whole(required=False, min_value=1, max_value=JUDGES_LIMIT)
    judges_maximum = Whole(
        required=False, min_value=1, max_value=JUDGES_LIMIT, allow_null=True
    )
    page_size = Whole(required=False, min_value=1, max_value=200)
    guidelines = Text(required=False, allow_blank=True, max_length=20_000)
    priority = Whole(required=False, min_value=-BIGGEST_INT, max_value=BIGGEST_INT)
    order = Choice(choices=Order.values, required=False)
    purpose = Choice(choices=Purpose.values, required=False)
    cap = Whole(
        required=False,
        min_value=1,
        max_value=BIGGEST_INT,
        allow_null=True,
        help_text="The most candidates that one judge may judge.",
    )
    cap_share = Share(
        required=False,
        allow_null=True,
        help_text="The same as a share of all candidates; the smaller one counts.",
    )
    deadline = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Shown; it closes nothing."
    )
    shows_agreement = Flag(
        required=False, help_text="Judges see how often the others said the same."
    )
    scorer = Text(
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="An active scorer, for order and clearance. Empty: the first one.",
    )
    control_share = Share(
        required=False,
        allow_null=True,
        help_text="The share of entities that an uncertain order leaves in random order;"
        " fixed by the first opening.",
    )
    clear_beyond = Threshold(
        required=False,
        allow_null=True,
        help_text="Batches for cleaning: people are not asked where the calibrated"
        " probability of yes or of no is at least this. Null: everything is asked.",
    )
    audit_size = Whole(
        required=False,
        min_value=1,
        max_value=AUDIT_LIMIT,
        help_text="How many of those, drawn at random, are asked all the same.",
    )
