"""The queries of streamed files."""

from typing import Any

from rest_framework import serializers

from annotations.api.fields import BIGGEST


class ExportQuery(serializers.Serializer[Any]):
    """The batch to export."""

    batch = serializers.IntegerField(min_value=0, max_value=BIGGEST)


class JudgmentsQuery(ExportQuery):
    """The batch to export, and whether judges have names; only admins get names."""

    names = serializers.ChoiceField(
        ["true", "false"],
        required=False,
        help_text="false: stable pseudonyms in place of sign-in names.",
    )
