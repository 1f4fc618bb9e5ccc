"""A judge's page: the same typed value that the labelling page shows, as JSON."""

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from annotations.api.fields import BIGGEST, Strict, Whole
from annotations.consensus import Verdict
from annotations.models import Assignment, AssignmentState
from annotations.page import Page, Tile


class LeaseRequest(Strict):
    """From which batch (any, unless told), and after which page that is held."""

    batch = Whole(required=False, allow_null=True, max_value=BIGGEST)
    after = Whole(required=False, allow_null=True, max_value=BIGGEST)


class AssignmentShape(serializers.ModelSerializer):
    """One page for one judge, and how long it is held."""

    batch = serializers.IntegerField(source="batch_id", read_only=True)
    entity = serializers.CharField(
        source="entity.key", read_only=True, allow_null=True, help_text="Its key."
    )
    state = serializers.ChoiceField(AssignmentState.values, read_only=True)

    class Meta:
        model = Assignment
        fields = ("id", "batch", "entity", "state", "leased_at", "expires_at")
        read_only_fields = fields


class Renewed(serializers.Serializer):
    """Until when the page is held now."""

    expires_at = serializers.DateTimeField()


class Submitted(serializers.Serializer):
    """Whether nothing more of the entity is there for this judge."""

    finished = serializers.BooleanField()


class PageEntity(serializers.Serializer):
    """Whom the candidates are to show."""

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
        help_text="More pictures of it, settled and of no concern to this judge.",
    )


class TileShape(serializers.Serializer):
    """A candidate under the only name by which its judge knows it."""

    id = serializers.CharField(help_text="<assignment>.<position>")
    image = serializers.URLField(allow_null=True)
    thumbnail = serializers.URLField(allow_null=True)
    image_url = serializers.CharField(help_text="Where it came from.")
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
    reported = serializers.BooleanField(help_text="By this judge.")
    verdict = serializers.ChoiceField(
        [v.value for v in Verdict], allow_null=True, help_text="The judge's own."
    )
    reason = serializers.CharField(help_text="The judge's own comment.")


class PageShape(serializers.Serializer):
    """One page: an entity and its candidates, in the order to show them."""

    assignment = AssignmentShape()
    entity = PageEntity()
    candidates = TileShape(many=True)
    done = serializers.IntegerField(help_text="Pages of this entity submitted.")
    total = serializers.IntegerField(help_text="Pages of this entity, estimated.")


def as_json(page: Page, request: Any) -> dict[str, Any]:
    """The page in the shape of PageShape; written out, since every page needs it."""
    candidates = reverse("api:candidates", request=request)
    return {
        "assignment": AssignmentShape(page.assignment).data,
        "entity": _entity(page, request),
        "candidates": [_tile(tile, candidates) for tile in page.tiles],
        "done": page.done,
        "total": page.total,
    }


def _entity(page: Page, request: Any) -> dict[str, Any]:
    entity, address = page.entity, None
    if page.representative is not None and entity.key:
        address = reverse("api:representative", [entity.key], request=request)
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
        "representative": address,
        "representative_verified": page.is_representative_verified,
        "settled": [
            reverse("api:settled", [page.assignment.pk, place], request=request)
            for place in page.settled
        ],
    }


def _tile(tile: Tile, candidates: str) -> dict[str, Any]:
    has_picture = not (tile.is_unreadable or tile.is_erased)
    address = f"{candidates}{tile.id}/"
    return {
        "id": tile.id,
        "image": f"{address}image/" if has_picture else None,
        "thumbnail": f"{address}thumbnail/" if has_picture else None,
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
