"""Conflicts, rulings and comments, as adjudicators see them."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from annotations.adjudication import RULINGS, Vote
from annotations.api.fields import (
    BIGGEST,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    StrictSerializer,
)
from annotations.api.pagination import ListQuery
from annotations.consensus import Verdict
from annotations.models import Comment, Conflict, ReportReason, Ruling

from .base import ReadOnlyModelSerializer

KINDS = ["disputed", "reported", "stuck"]


class ConflictRequest(StrictSerializer):
    """The batch to lease from; any batch by default."""

    batch = StrictIntegerField(required=False, allow_null=True, max_value=BIGGEST)


class NewRuling(StrictSerializer):
    """A ruling on a candidate of a batch."""

    batch = StrictIntegerField()
    candidate = StrictIntegerField()
    verdict = StrictChoiceField(choices=RULINGS)
    note = StrictCharField(required=False, allow_blank=True, max_length=5000)


class RulingQuery(ListQuery):
    """The batch whose rulings to list."""

    batch = serializers.IntegerField(min_value=0, max_value=BIGGEST)


class NewComment(StrictSerializer):
    """A comment on a candidate."""

    text = StrictCharField(max_length=5000)


class Question(StrictSerializer):
    """A question to the judges who get a second look."""

    question = StrictCharField(required=False, allow_blank=True, max_length=5000)


class VoteShape(serializers.Serializer[Any]):
    """The verdict of one judge. `judge` is null unless a ruling stands."""

    who = serializers.CharField(
        help_text="A random letter for the judge, valid for this candidate only."
    )
    judge = serializers.CharField(allow_null=True)
    verdict = serializers.ChoiceField([v.value for v in Verdict])
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField()
    independent = serializers.BooleanField(
        help_text="Given without seeing other votes."
    )


def vote_as_json(vote: Vote, *, is_named: bool) -> dict[str, Any]:
    """Return a vote in the shape of VoteShape."""
    return {
        "who": vote.who,
        "judge": vote.username if is_named else None,
        "verdict": vote.verdict,
        "reason": vote.reason,
        "decided_at": vote.decided_at,
        "independent": vote.is_independent,
    }


class RulingShape(ReadOnlyModelSerializer[Ruling]):
    """A ruling on a candidate."""

    batch = serializers.IntegerField(source="batch_id")
    candidate = serializers.IntegerField(source="candidate_id")
    verdict = serializers.ChoiceField(RULINGS)
    by = serializers.CharField(source="by.username")

    class Meta:
        model = Ruling
        fields = (
            "id",
            "batch",
            "candidate",
            "verdict",
            "note",
            "by",
            "created_at",
            "reopened_at",
        )


class CommentShape(ReadOnlyModelSerializer[Comment]):
    """A comment on a candidate."""

    by = serializers.CharField(source="by.username")

    class Meta:
        model = Comment
        fields = ("id", "text", "by", "created_at")


class ReportLine(serializers.Serializer[Any]):
    """An open report. `by` is null unless a ruling stands."""

    id = serializers.IntegerField()
    reason = serializers.ChoiceField(ReportReason.values)
    comment = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="AskedShape")
class RequestedSecondLookShape(serializers.Serializer[Any]):
    """A second look that a judge was asked for."""

    who = serializers.CharField(
        allow_null=True, help_text="The letter of the judge's vote."
    )
    question = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)


class ConflictEntity(serializers.Serializer[Any]):
    """The entity that the candidate should show."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    description = serializers.CharField()
    representative = serializers.URLField(allow_null=True)
    representative_verified = serializers.BooleanField()
    settled = serializers.ListField(
        child=serializers.URLField(),
        help_text="Other pictures of the entity, settled as yes.",
    )


class ConflictLine(ReadOnlyModelSerializer[Conflict]):
    """A conflict in a list."""

    batch = serializers.IntegerField(source="batch_id")
    candidate = serializers.IntegerField(source="candidate_id")
    entity = serializers.CharField(
        source="entity.key", allow_null=True, help_text="Its key."
    )
    kinds = serializers.SerializerMethodField()
    open = serializers.BooleanField(source="is_open")
    held = serializers.SerializerMethodField()
    votes = serializers.SerializerMethodField()

    class Meta:
        model = Conflict
        fields = (
            "batch",
            "candidate",
            "entity",
            "kinds",
            "open",
            "since",
            "held",
            "votes",
        )

    def get_kinds(self, conflict: Conflict) -> list[str]:
        """Return the kinds of conflict: disputed, reported, stuck."""
        return conflict.kinds

    def get_held(self, conflict: Conflict) -> bool:
        """Return whether an adjudicator holds it now."""
        held_until = conflict.held_until
        return held_until is not None and held_until > self.context["now"]

    def get_votes(self, conflict: Conflict) -> Any:
        """Return the votes without names."""
        votes = self.context["votes"].get(conflict.candidate_id, [])
        return [vote_as_json(vote, is_named=False) for vote in votes]


class CaseShape(serializers.Serializer[Any]):
    """One conflict with its votes, reports, comments, second looks and ruling."""

    batch = serializers.IntegerField()
    candidate = serializers.IntegerField()
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="The end of the lease; null if it is not held."
    )
    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS))
    open = serializers.BooleanField()
    entity = ConflictEntity()
    image = serializers.URLField(allow_null=True)
    thumbnail = serializers.URLField(allow_null=True)
    image_url = serializers.CharField()
    page_url = serializers.CharField()
    rank = serializers.IntegerField(allow_null=True)
    face = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    unreadable = serializers.BooleanField()
    votes = VoteShape(many=True)
    reports = ReportLine(many=True)
    comments = CommentShape(many=True)
    second_looks = RequestedSecondLookShape(many=True)
    ruling = RulingShape(allow_null=True)
