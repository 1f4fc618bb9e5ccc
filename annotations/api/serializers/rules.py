"""The rules of a batch in a request body. The limits are those of the model."""

from typing import Any, ClassVar

from django.db import models
from rest_framework import serializers

from annotations.api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
)
from annotations.models import Batch, Order, Purpose
from annotations.models.batches import GUIDELINES_LIMIT
from annotations.models.validators import GreaterThan, LessThan, limits_of

VISIBLE_CHARACTER = r"[^\s\x00]"
RULES = (
    *("judges_required", "judges_maximum", "page_size", "guidelines", "priority"),
    *("order", "purpose", "cap", "cap_share", "deadline", "shows_agreement"),
    *("scorer", "control_share", "clear_beyond", "audit_size"),
)


class BatchName(serializers.RegexField, StrictCharField):
    """A name with at least one visible character."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(VISIBLE_CHARACTER, max_length=200, **kwargs)


class BatchRules(StrictSerializer, serializers.ModelSerializer[Batch]):
    """The rules of a batch that a request can set."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BooleanField: StrictBooleanField,
        models.CharField: StrictCharField,
        models.FloatField: StrictFloatField,
        models.IntegerField: StrictIntegerField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveSmallIntegerField: StrictIntegerField,
    }
    serializer_choice_field = StrictChoiceField

    judges_maximum = StrictIntegerField(
        required=False, allow_null=True, **limits_of(Batch._meta.get_field("maximum"))
    )
    guidelines = StrictCharField(
        required=False, allow_blank=True, max_length=GUIDELINES_LIMIT
    )

    class Meta:
        model = Batch
        fields: tuple[str, ...] = RULES
        extra_kwargs: ClassVar = {
            "order": {"choices": Order.values},
            "purpose": {"choices": Purpose.values},
            "cap": {"help_text": "The most candidates that one judge can judge."},
            "cap_share": {
                "help_text": "The same as a share of all candidates. The lower limit"
                " applies."
            },
            "deadline": {
                "help_text": "Shown to judges. The batch stays open after it."
            },
            "shows_agreement": {
                "help_text": "Judges see how often the others gave the same verdict."
            },
            "scorer": {
                "help_text": "An active scorer, for order and clearance. Empty: the"
                " default scorer."
            },
            "control_share": {
                "help_text": "The share of entities that stay in random order in an"
                " uncertain batch. Fixed by the first opening."
            },
            "clear_beyond": {
                "help_text": "Batches for cleaning: people are not asked where the"
                " calibrated probability of yes or of no is at least this. Null: people"
                " are asked about everything."
            },
            "audit_size": {
                "help_text": "The number of such candidates, drawn at random, that"
                " people are asked about all the same."
            },
        }

    def build_standard_field(
        self, field_name: str, model_field: "models.Field[Any, Any]"
    ) -> tuple["type[serializers.Field[Any, Any, Any, Any]]", dict[str, Any]]:
        """Keep exclusive limits, which the base class turns into inclusive ones."""
        field_class, options = super().build_standard_field(field_name, model_field)
        exclusive_limits = [
            validator
            for validator in model_field.validators
            if isinstance(validator, GreaterThan | LessThan)
        ]
        options["validators"] = [*options.get("validators", []), *exclusive_limits]
        return field_class, options
