"""The shape of every refusal."""

from rest_framework import serializers


class Problem(serializers.Serializer):
    """A problem as RFC 9457 has it. Some hold further fields, named after their type."""

    type = serializers.CharField(help_text="Stable: `/problems/` and a name.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What is wrong, by field; items of lists by index: `judgments.3.id`.",
    )
