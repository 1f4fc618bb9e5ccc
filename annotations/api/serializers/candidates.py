"""Candidates as admins see them, and reports of candidates."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from annotations.api.fields import StrictCharField, StrictChoiceField, StrictSerializer
from annotations.api.pagination import ListQuery
from annotations.models import Candidate, CandidateState, Report, ReportReason, Score

from .base import ReadOnlyModelSerializer
from .scorers import ScoreShape

STATES = [state for state in CandidateState.values if state != CandidateState.ERASED]


class CandidateQuery(ListQuery):
    """The entity whose candidates to list."""

    entity = serializers.CharField(max_length=128, help_text="Key of the entity.")


class CandidateShape(serializers.ModelSerializer[Candidate]):
    """A candidate with its id and its scores. Judges see neither.

    `context["scores"]` holds the scores of all candidates that are serialized.
    """

    entity = serializers.CharField(source="entity.key", read_only=True)
    state = serializers.ChoiceField(STATES, read_only=True)
    sha256 = serializers.SerializerMethodField()
    width = serializers.SerializerMethodField()
    height = serializers.SerializerMethodField()
    frame = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="x1 y1 x2 y2, relative to this picture.",
    )
    face_rectangle = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="x1 y1 x2 y2, relative to the picture it was cropped from.",
    )
    image = serializers.SerializerMethodField()
    thumbnail = serializers.SerializerMethodField()
    scores = serializers.SerializerMethodField()

    class Meta:
        model = Candidate
        fields = (
            "id",
            "entity",
            "state",
            "rank",
            "face_id",
            "image_url",
            "page_url",
            "query",
            "licence",
            "attribution",
            "retrieved_at",
            "frame",
            "face_rectangle",
            "sha256",
            "width",
            "height",
            "image",
            "thumbnail",
            "scores",
        )
        read_only_fields = fields

    def get_sha256(self, candidate: Candidate) -> str | None:
        """Return the digest of the bytes; None while the candidate is waiting for them."""
        return str(candidate.image.sha256) if candidate.image else None

    def get_width(self, candidate: Candidate) -> int | None:
        """Return the width in pixels."""
        return candidate.image.width if candidate.image else None

    def get_height(self, candidate: Candidate) -> int | None:
        """Return the height in pixels."""
        return candidate.image.height if candidate.image else None

    def get_image(self, candidate: Candidate) -> str | None:
        """Return the address of the picture, or None if it cannot be shown."""
        return self._address("api:picture-image", candidate)

    def get_thumbnail(self, candidate: Candidate) -> str | None:
        """Return the address of the thumbnail, or None if it cannot be shown."""
        return self._address("api:picture-thumbnail", candidate)

    @extend_schema_field(ScoreShape(many=True))
    def get_scores(self, candidate: Candidate) -> Any:
        """Return each scorer's score, active scorers first."""
        scores: list[Score] = self.context["scores"].get(candidate.pk, [])
        return ScoreShape(scores, many=True).data

    def _address(self, name: str, candidate: Candidate) -> str | None:
        if not candidate.is_readable:
            return None
        return reverse(name, [str(candidate.pk)], request=self.context["request"])


class EventShape(serializers.Serializer[Any]):
    """One event in the history of a candidate."""

    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="Username; empty if no user did it.")
    batch = serializers.IntegerField(
        source="batch.pk", allow_null=True, default=None, help_text="Its id."
    )
    what = serializers.CharField(source="action", help_text="The event in words.")
    said = serializers.CharField(source="text", help_text="The text of the user.")


class HistoryShape(serializers.Serializer[Any]):
    """The latest events of a candidate, newest first."""

    events = EventShape(many=True)


class NewReport(StrictSerializer):
    """The reason why a candidate should leave the queue."""

    reason = StrictChoiceField(choices=ReportReason.values)
    comment = StrictCharField(max_length=2000, required=False, allow_blank=True)


class ReportShape(ReadOnlyModelSerializer[Report]):
    """A report as its author sees it."""

    reason = serializers.ChoiceField(ReportReason.values)

    class Meta:
        model = Report
        fields = ("id", "reason", "comment", "created_at")
