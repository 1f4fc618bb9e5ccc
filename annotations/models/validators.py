"""Validators of model fields, and the limits that forms and serializers read from them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.deconstruct import deconstructible


@deconstructible
class GreaterThan(MinValueValidator):
    """Refuse the limit itself, too."""

    message = "Must be greater than %(limit_value)s."

    def compare(self, a: Any, b: Any) -> bool:
        """Return True when `a` violates the limit `b`."""
        return bool(a <= b)


@deconstructible
class LessThan(MaxValueValidator):
    """Refuse the limit itself, too."""

    message = "Must be less than %(limit_value)s."

    def compare(self, a: Any, b: Any) -> bool:
        """Return True when `a` violates the limit `b`."""
        return bool(a >= b)


def require_time_zone(value: Any) -> None:
    """Refuse a datetime without a time zone."""
    if timezone.is_naive(value):
        raise ValidationError("Must be a time with a time zone.")


def limits_of(field: "models.Field[Any, Any]") -> dict[str, Any]:
    """Return `min_value` and `max_value` as the field's validators set them."""
    minima = [
        v.limit_value for v in field.validators if isinstance(v, MinValueValidator)
    ]
    maxima = [
        v.limit_value for v in field.validators if isinstance(v, MaxValueValidator)
    ]
    limits = {
        "min_value": max(minima, default=None),
        "max_value": min(maxima, default=None),
    }
    return {name: limit for name, limit in limits.items() if limit is not None}
