"""Serializer fields without coercion: "5" is not a number and 1 is not true."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

BIGGEST = 2**63 - 1
BIGGEST_INT = 2**31 - 1


class StrictCharField(serializers.CharField):
    """A JSON string, with its spaces. NUL and lone surrogates are refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Refuse everything except a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A JSON number without a fraction: 0 to 64 bits, unless other limits are given."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_value", BIGGEST)
        kwargs.setdefault("min_value", 0)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Refuse everything except a number without a fraction, such as 1 or 1.0."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if isinstance(data, float) and not data.is_integer():
            self.fail("invalid")
        return super().to_internal_value(int(data))


class StrictFloatField(serializers.FloatField):
    """A finite JSON number."""

    def to_internal_value(self, data: Any) -> float:
        """Refuse everything except a number."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            return super().to_internal_value(data)
        except OverflowError:
            self.fail("invalid")


class StrictBooleanField(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse everything except a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictChoiceField(serializers.ChoiceField):
    """One of several strings."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse everything except one of the strings."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer[Any]):
    """A request body that refuses unknown fields, so that none is assigned by accident."""

    # What browsers send in a form besides its fields.
    ignored = frozenset({"csrfmiddlewaretoken"})

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown fields by name, then validate the others."""
        if isinstance(data, Mapping):
            accepted = {name for name, f in self.fields.items() if not f.read_only}
            unknown = [str(n) for n in data if n not in accepted | self.ignored]
            if unknown:
                raise serializers.ValidationError(
                    {name: ["There is no such field."] for name in unknown}
                )
        return super().to_internal_value(data)
