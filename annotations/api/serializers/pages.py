"""A judge's page as JSON, from the same value that the labelling page shows."""

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from annotations.api.fields import BIGGEST, StrictIntegerField, StrictSerializer
from annotations.api.pagination import ListQuery
from annotations.consensus import Verdict
from annotations.models import Assignment, AssignmentState
from annotations.page import Page, Tile

from .base import ReadOnlyModelSerializer


class AssignmentQuery(ListQuery):
    """The pages of one batch, or of all."""

    batch = serializers.IntegerField(required=False, min_value=0, max_value=BIGGEST)


class LeaseRequest(StrictSerializer):
    """The batch to lease from (any by default), and the held page to continue after."""

    batch = StrictIntegerField(required=False, allow_null=True, max_value=BIGGEST)
    after = StrictIntegerField(required=False, allow_null=True, max_value=BIGGEST)


class AssignmentShape(ReadOnlyModelSerializer[Assignment]):
    """One page for one judge, and the end of its lease."""

    batch = serializers.IntegerField(source="batch_id")
    entity = serializers.CharField(
        source="entity.key", allow_null=True, help_text="The key."
    )
    state = serializers.ChoiceField(AssignmentState.values)

    class Meta:
        model = Assignment
        fields = ("id", "batch", "entity", "state", "leased_at", "expires_at")


class Renewed(serializers.Serializer[Any]):
    """The new end of the lease."""

    expires_at = serializers.DateTimeField()


class Submitted(serializers.Serializer[Any]):
    """Whether the entity has no further candidates for this judge."""

    finished = serializers.BooleanField()


class PageEntity(serializers.Serializer[Any]):
    """The entity that the candidates should show."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    description = serializers.CharField()
    gender = serializers.CharField()
    birth_date = serializers.CharField()
    professions = serializers.ListField(child=serializers.CharField())
    countries = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    representative = serializers.URLField(allow_null=True)
    representative_verified = serializers.BooleanField()
    settled = serializers.ListField(
        child=serializers.URLField(),
        help_text="Other pictures of the entity, settled and not for this judge to mark.",
    )


class TileShape(serializers.Serializer[Any]):
    """A candidate on the page. Its judge never learns its other id."""

    id = serializers.CharField(help_text="<assignment>.<position>")
    image = serializers.URLField(allow_null=True)
    thumbnail = serializers.URLField(allow_null=True)
    image_url = serializers.CharField(help_text="The source of the picture.")
    page_url = serializers.CharField()
    rank = serializers.IntegerField(allow_null=True)
    face_id = serializers.CharField()
    face = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="x1 y1 x2 y2 of the face to judge, relative to the picture.",
    )
    unreadable = serializers.BooleanField()
    erased = serializers.BooleanField()
    reported = serializers.BooleanField(help_text="Reported by this judge.")
    verdict = serializers.ChoiceField(
        [v.value for v in Verdict],
        allow_null=True,
        help_text="The judge's own verdict.",
    )
    reason = serializers.CharField(help_text="The judge's own comment.")


class PageShape(serializers.Serializer[Any]):
    """One page: an entity and its candidates, in the order to show them."""

    assignment = AssignmentShape()
    entity = PageEntity()
    candidates = TileShape(many=True)
    done = serializers.IntegerField(help_text="Submitted pages of this entity.")
    total = serializers.IntegerField(
        help_text="Estimated number of pages of this entity."
    )


def page_as_json(page: Page, request: Any) -> dict[str, Any]:
    """Return the page in the shape of PageShape. Faster than serializers."""
    base_url = reverse("api:candidate-list", request=request)
    return {
        "assignment": AssignmentShape(page.assignment).data,
        "entity": _entity(page, request),
        "candidates": [_tile(tile, base_url) for tile in page.tiles],
        "done": page.done,
        "total": page.total,
    }


def _entity(page: Page, request: Any) -> dict[str, Any]:
    entity, representative = page.entity, None
    if page.representative is not None and entity.key:
        representative = reverse(
            "api:entity-representative", [entity.key], request=request
        )
    return {
        "key": entity.key,
        "name": entity.name,
        "description": entity.description,
        "gender": entity.gender,
        "birth_date": entity.birth_date,
        "professions": entity.professions,
        "countries": entity.countries,
        "url": entity.url,
        "aliases": list(page.aliases),
        "representative": representative,
        "representative_verified": page.is_representative_verified,
        "settled": [
            reverse(
                "api:assignment-settled", [page.assignment.pk, place], request=request
            )
            for place in page.settled
        ],
    }


def _tile(tile: Tile, base_url: str) -> dict[str, Any]:
    has_picture = not (tile.is_unreadable or tile.is_erased)
    url = f"{base_url}{tile.id}/"
    return {
        "id": tile.id,
        "image": f"{url}image/" if has_picture else None,
        "thumbnail": f"{url}thumbnail/" if has_picture else None,
        "image_url": tile.image_url,
        "page_url": tile.page_url,
        "rank": tile.rank,
        "face_id": tile.face_id,
        "face": tile.frame,
        "unreadable": tile.is_unreadable,
        "erased": tile.is_erased,
        "reported": tile.is_reported,
        "verdict": tile.verdict,
        "reason": tile.reason,
    }
