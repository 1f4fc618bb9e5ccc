"""The body of every error."""

from typing import Any

from rest_framework import serializers


class Problem(serializers.Serializer[Any]):
    """A problem (RFC 9457). Some types have further fields."""

    type = serializers.CharField(help_text="Stable: `/problems/` and a slug.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Reasons by field; items of lists by index: `judgments.3.id`.",
    )
