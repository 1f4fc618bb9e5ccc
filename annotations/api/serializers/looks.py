"""Second looks as their judges see them."""

from typing import Any

from rest_framework import serializers

from annotations.adjudication import RULINGS, Look
from annotations.api.fields import Choice, Strict, Text
from annotations.consensus import Verdict
from annotations.models import SecondLook

from .conflicts import VoteShape, vote_as_json


class SecondAnswer(Strict):
    """What a judge says after having seen the other's argument."""

    verdict = Choice(choices=RULINGS)
    argument = Text(required=False, allow_blank=True, max_length=5000)


class LookLine(serializers.ModelSerializer):
    """A second look that waits for the judge. What others said comes when it is opened."""

    batch = serializers.IntegerField(source="batch_id", read_only=True)
    entity = serializers.CharField(
        source="candidate.entity.key", read_only=True, allow_null=True
    )

    class Meta:
        model = SecondLook
        fields = ("id", "batch", "entity", "question", "asked_at")
        read_only_fields = fields


class LookShape(serializers.Serializer):
    """A second look that was opened: what is said from now on is not independent."""

    id = serializers.IntegerField()
    batch = serializers.IntegerField()
    tile = serializers.CharField(help_text="<assignment>.<position>")
    question = serializers.CharField()
    verdict = serializers.ChoiceField([v.value for v in Verdict])
    reason = serializers.CharField(help_text="The judge's own.")
    others = VoteShape(many=True)


def look_as_json(look: Look) -> dict[str, Any]:
    """An opened second look in the shape of LookShape."""
    return {
        "id": look.second_look.pk,
        "batch": look.second_look.batch_id,
        "tile": look.tile,
        "question": look.second_look.question,
        "verdict": look.verdict,
        "reason": look.reason,
        "others": [vote_as_json(vote, is_named=False) for vote in look.others],
    }
