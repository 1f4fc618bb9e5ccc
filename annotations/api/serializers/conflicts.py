"""Conflicts as adjudicators see them."""

from typing import Any

from rest_framework import serializers

from annotations.adjudication import RULINGS, Vote
from annotations.api.fields import BIGGEST, Choice, Strict, Text, Whole
from annotations.api.pagination import ListQuery
from annotations.consensus import Verdict
from annotations.models import (
    Comment,
    Conflict,
    ReportReason,
    Ruling,
)

KINDS = ["disputed", "reported", "stuck"]


class ConflictRequest(Strict):
    """From which batch; any, unless told."""

    batch = Whole(required=False, allow_null=True, max_value=BIGGEST)


class NewRuling(Strict):
    """A decision on a candidate of a batch."""

    batch = Whole()
    candidate = Whole()
    verdict = Choice(choices=RULINGS)
    note = Text(required=False, allow_blank=True, max_length=5000)


class RulingQuery(ListQuery):
    """Of which batch."""

    batch = serializers.IntegerField(min_value=0, max_value=BIGGEST)


class NewComment(Strict):
    """Something to note about a candidate."""

    text = Text(max_length=5000)


class Question(Strict):
    """What to tell the judges who are asked to look again."""

    question = Text(required=False, allow_blank=True, max_length=5000)


class VoteShape(serializers.Serializer):
    """What a judge said. `judge` is null until a ruling stands."""

    who = serializers.CharField(
        help_text="A letter, by lot: the same for this candidate only."
    )
    judge = serializers.CharField(allow_null=True)
    verdict = serializers.ChoiceField([v.value for v in Verdict])
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField()
    independent = serializers.BooleanField(
        help_text="Given without having seen another vote."
    )


def vote_as_json(vote: Vote, *, is_named: bool) -> dict[str, Any]:
    """A vote in the shape of VoteShape."""
    return {
        "who": vote.who,
        "judge": vote.username if is_named else None,
        "verdict": vote.verdict,
        "reason": vote.reason,
        "decided_at": vote.decided_at,
        "independent": vote.is_independent,
    }


class RulingShape(serializers.ModelSerializer):
    """A ruling."""

    batch = serializers.IntegerField(source="batch_id", read_only=True)
    candidate = serializers.IntegerField(source="candidate_id", read_only=True)
    verdict = serializers.ChoiceField(RULINGS, read_only=True)
    by = serializers.CharField(source="by.username", read_only=True)

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
        read_only_fields = fields


class CommentShape(serializers.ModelSerializer):
    """A comment."""

    by = serializers.CharField(source="by.username", read_only=True)

    class Meta:
        model = Comment
        fields = ("id", "text", "by", "created_at")
        read_only_fields = fields


class ReportLine(serializers.Serializer):
    """A report that nobody has dismissed. `by` is null until a ruling stands."""

    id = serializers.IntegerField()
    reason = serializers.ChoiceField(ReportReason.values)
    comment = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class AskedShape(serializers.Serializer):
    """A judge who was asked to look again."""

    who = serializers.CharField(allow_null=True, help_text="The letter of the vote.")
    question = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)


class ConflictEntity(serializers.Serializer):
    """Whom the candidate is to show."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    description = serializers.CharField()
    representative = serializers.URLField(allow_null=True)
    representative_verified = serializers.BooleanField()
    settled = serializers.ListField(
        child=serializers.URLField(), help_text="Other pictures, settled as yes."
    )


class ConflictLine(serializers.ModelSerializer):
    """A candidate in the conflicts, in a list."""

    batch = serializers.IntegerField(source="batch_id", read_only=True)
    candidate = serializers.IntegerField(source="candidate_id", read_only=True)
    entity = serializers.CharField(
        source="entity.key", read_only=True, allow_null=True, help_text="Its key."
    )
    kinds = serializers.SerializerMethodField()
    open = serializers.BooleanField(source="is_open", read_only=True)
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
        read_only_fields = fields

    def get_kinds(self, conflict: Conflict) -> list[str]:
        """Why it is here: disputed, reported, stuck."""
        return conflict.kinds

    def get_held(self, conflict: Conflict) -> bool:
        """Whether somebody is looking at it now."""
        until = conflict.held_until
        return until is not None and until > self.context["now"]

    def get_votes(self, conflict: Conflict) -> Any:
        """What was said, without names."""
        votes = self.context["votes"].get(conflict.candidate_id, [])
        return [vote_as_json(vote, is_named=False) for vote in votes]


class CaseShape(serializers.Serializer):
    """One conflict with all that is known of it."""

    batch = serializers.IntegerField()
    candidate = serializers.IntegerField()
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when somebody holds it."
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
    second_looks = AskedShape(many=True)
    ruling = RulingShape(allow_null=True)
