"""Candidates as admins see them, and reports on them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from annotations.api.fields import Choice, Strict, Text
from annotations.api.pagination import ListQuery
from annotations.models import Candidate, CandidateState, Report, ReportReason, Score

from .scorers import ScoreShape

STATES = [state for state in CandidateState.values if state != CandidateState.ERASED]


class CandidateQuery(ListQuery):
    """Whose candidates."""

    entity = serializers.CharField(max_length=128, help_text="Key of the entity.")


class CandidateShape(serializers.ModelSerializer):
    """A candidate under its own number, which judges never see; nor scores.

    The context brings the `scores` of all candidates that are shown.
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
        """Digest of the bytes; None while they are awaited."""
        return str(candidate.image.sha256) if candidate.image else None

    def get_width(self, candidate: Candidate) -> int | None:
        """Pixels across."""
        return candidate.image.width if candidate.image else None

    def get_height(self, candidate: Candidate) -> int | None:
        """Pixels down."""
        return candidate.image.height if candidate.image else None

    def get_image(self, candidate: Candidate) -> str | None:
        """Address of the picture, where there is one to see."""
        return self._address("api:candidate-image", candidate)

    def get_thumbnail(self, candidate: Candidate) -> str | None:
        """Address of the small picture, where there is one to see."""
        return self._address("api:candidate-thumbnail", candidate)

    @extend_schema_field(ScoreShape(many=True))
    def get_scores(self, candidate: Candidate) -> Any:
        """What each model thinks of it, those at work first."""
        scores: list[Score] = self.context["scores"].get(candidate.pk, [])
        return ScoreShape(scores, many=True).data

    def _address(self, name: str, candidate: Candidate) -> str | None:
        if not candidate.is_readable:
            return None
        return reverse(name, [str(candidate.pk)], request=self.context["request"])


class EventShape(serializers.Serializer):
    """One thing that happened to a candidate."""

    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="Sign-in name; empty where nobody did it.")
    batch = serializers.IntegerField(
        source="batch.pk", allow_null=True, default=None, help_text="Its number."
    )
    what = serializers.CharField(help_text="In words.")
    said = serializers.CharField(help_text="As somebody wrote it.")


class HistoryShape(serializers.Serializer):
    """What happened to a candidate, the newest first."""

    events = EventShape(many=True)


class NewReport(Strict):
    """Why a candidate should leave the queue."""

    reason = Choice(choices=ReportReason.values)
    comment = Text(max_length=2000, required=False, allow_blank=True)


class ReportShape(serializers.ModelSerializer):
    """A report as its author sees it."""

    reason = serializers.ChoiceField(ReportReason.values, read_only=True)

    class Meta:
        model = Report
        fields = ("id", "reason", "comment", "created_at")
        read_only_fields = fields
