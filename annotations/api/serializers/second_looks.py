"""Second looks, as the judges see them."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from annotations.adjudication import RULINGS, SecondLookPage
from annotations.api.fields import StrictCharField, StrictChoiceField, StrictSerializer
from annotations.consensus import Verdict
from annotations.models import SecondLook

from .base import ReadOnlyModelSerializer
from .conflicts import VoteShape, vote_as_json


class SecondAnswer(StrictSerializer):
    """A judge's answer after seeing the other votes and arguments."""

    verdict = StrictChoiceField(choices=RULINGS)
    argument = StrictCharField(required=False, allow_blank=True, max_length=5000)


@extend_schema_serializer(component_name="LookLine")
class SecondLookLine(ReadOnlyModelSerializer[SecondLook]):
    """A second look that is open for the judge. The other votes are not shown yet."""

    batch = serializers.IntegerField(source="batch_id")
    entity = serializers.CharField(source="candidate.entity.key", allow_null=True)

    class Meta:
        model = SecondLook
        fields = ("id", "batch", "entity", "question", "asked_at")


@extend_schema_serializer(component_name="LookShape")
class SecondLookShape(serializers.Serializer[Any]):
    """A second look with the other votes. From now on the verdict is not independent."""

    id = serializers.IntegerField()
    batch = serializers.IntegerField()
    tile = serializers.CharField(help_text="<assignment>.<position>")
    question = serializers.CharField()
    verdict = serializers.ChoiceField([v.value for v in Verdict])
    reason = serializers.CharField(help_text="The judge's own reason.")
    others = VoteShape(many=True)


def second_look_as_json(page: SecondLookPage) -> dict[str, Any]:
    """Return a second look in the shape of SecondLookShape."""
    return {
        "id": page.second_look.pk,
        "batch": page.second_look.batch_id,
        "tile": page.tile,
        "question": page.second_look.question,
        "verdict": page.verdict,
        "reason": page.reason,
        "others": [vote_as_json(vote, is_named=False) for vote in page.others],
    }
