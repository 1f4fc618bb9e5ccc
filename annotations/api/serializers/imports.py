"""Imports: the upload form, and the progress."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations import intake
from annotations.api.fields import StrictSerializer
from annotations.models import Import, ImportState

from .base import ReadOnlyModelSerializer

IMAGES = ("all", "none")


class NewImport(StrictSerializer):
    """A file, its layout, and whether its pictures are imported (`all` or `none`)."""

    file = serializers.FileField(max_length=200, allow_empty_file=True)
    layout = serializers.ChoiceField(
        sorted(intake.LAYOUTS),
        required=False,
        allow_blank=True,
        help_text="Detected by default.",
    )
    images = serializers.ChoiceField(IMAGES, required=False)


class ImportWarning(serializers.Serializer[Any]):
    """What an import changed, ignored or left out; `line` is the first one, or 0."""

    message = serializers.CharField()
    count = serializers.IntegerField()
    line = serializers.IntegerField()


class ImportShape(ReadOnlyModelSerializer[Import]):
    """The progress of an import. `problem` is the reason of a failure."""

    state = serializers.ChoiceField(ImportState.values)
    images = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = Import
        fields = (
            "id",
            "state",
            "file_name",
            "layout",
            "images",
            "rows_read",
            "rows_added",
            "rows_known",
            "rows_refused",
            "problem",
            "warnings",
            "created_at",
            "finished_at",
        )

    def get_images(self, source: Import) -> str:
        """Return whether pictures are imported: all or none."""
        return IMAGES[0] if source.with_images else IMAGES[1]

    @extend_schema_field(ImportWarning(many=True))
    def get_warnings(self, source: Import) -> list[dict[str, Any]]:
        """Return the warnings in the order of their first line."""
        return [{"message": text, **entry} for text, entry in source.warnings.items()]
