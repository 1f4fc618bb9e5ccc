"""Files on their way in."""

from rest_framework import serializers

from annotations import intake
from annotations.api.fields import Strict
from annotations.models import Import, ImportState

IMAGES = ("all", "none")


class NewImport(Strict):
    """A file; its layout where it cannot be detected; `none` to leave pictures out."""

    file = serializers.FileField(max_length=200, allow_empty_file=True)
    layout = serializers.ChoiceField(
        sorted(intake.LAYOUTS),
        required=False,
        allow_blank=True,
        help_text="Detected where not given.",
    )
    images = serializers.ChoiceField(IMAGES, required=False)


class ImportShape(serializers.ModelSerializer):
    """How far an import is. `problem` says why a failed one failed."""

    state = serializers.ChoiceField(ImportState.values, read_only=True)
    images = serializers.SerializerMethodField()

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
            "created_at",
            "finished_at",
        )
        read_only_fields = fields

    def get_images(self, source: Import) -> str:
        """Whether its pictures are taken in: all or none."""
        return IMAGES[0] if source.with_images else IMAGES[1]
