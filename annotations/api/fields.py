"""Fields that take what JSON says and nothing like it: no "5" for 5, no 1 for true."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

BIGGEST = 2**63 - 1
BIGGEST_INT = 2**31 - 1


class Text(serializers.CharField):
    """A JSON string, kept as it is; no NUL, no half of a surrogate pair."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Refuse everything but a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A JSON number without a fraction, within 64 bits unless told narrower."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_value", BIGGEST)
        kwargs.setdefault("min_value", 0)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Refuse everything but a number without a fraction; 1.0 is one."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if isinstance(data, float) and not data.is_integer():
            self.fail("invalid")
        return super().to_internal_value(int(data))


class Number(serializers.FloatField):
    """A finite JSON number."""

    def to_internal_value(self, data: Any) -> float:
        """Refuse everything but a number."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            return super().to_internal_value(data)
        except OverflowError:
            self.fail("invalid")


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse everything but a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    """One of some strings."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse everything but one of the strings."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Strict(serializers.Serializer):
    """A body that holds known fields only: nothing is assigned that is not named here."""

    # What a form carries besides its fields.
    ignored = frozenset({"csrfmiddlewaretoken"})

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown fields by name, then read the known ones."""
        if isinstance(data, Mapping):
            known = {name for name, f in self.fields.items() if not f.read_only}
            unknown = [str(n) for n in data if n not in known | self.ignored]
            if unknown:
                raise serializers.ValidationError(
                    {name: ["There is no such field."] for name in unknown}
                )
        return super().to_internal_value(data)
