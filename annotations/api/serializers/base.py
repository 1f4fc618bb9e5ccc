"""The base class of serializers that only answer with rows of a model."""

from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers

Row = TypeVar("Row", bound=Model)


class ReadOnlyModelSerializer(serializers.ModelSerializer[Row]):
    """A model serializer whose fields are all read-only, declared ones included."""

    def get_extra_kwargs(self) -> dict[str, Any]:
        """Make the fields of the model read-only."""
        extra_kwargs: dict[str, Any] = super().get_extra_kwargs()
        for name in self.Meta.fields:
            extra_kwargs.setdefault(name, {})["read_only"] = True
        return extra_kwargs

    def get_fields(self) -> dict[str, Any]:
        """Make the declared fields read-only."""
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.read_only, field.required = True, False
        return fields
