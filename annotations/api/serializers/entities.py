"""Entities: in full for admins, without counts for judges."""

from typing import Any

from django.db.models import Count
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from annotations.api.fields import (
    BIGGEST,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from annotations.api.pagination import ListQuery
from annotations.models import Alias, Entity

from .base import ReadOnlyModelSerializer
from .candidates import STATES

DIGEST = r"^[0-9a-f]{64}\Z"
WEB_ADDRESS = r"^(?:https?://[^\s\x00-\x1f\x7f-\x9f<>\"']+)?\Z"


class AliasShape(ReadOnlyModelSerializer[Alias]):
    """Another name, with its language if it is known."""

    class Meta:
        model = Alias
        fields = ("name", "language")


class EntityQuery(ListQuery):
    """The entities to list."""

    search = StrictCharField(
        max_length=128,
        required=False,
        allow_blank=True,
        help_text="Admins only: the start of a key or name, in upper or lower case. Keys come first.",
    )


class EntityLine(ReadOnlyModelSerializer[Entity]):
    """An entity in a list."""

    class Meta:
        model = Entity
        fields: tuple[str, ...] = (
            "key",
            "name",
            "description",
            "gender",
            "birth_date",
            "professions",
            "countries",
            "url",
        )
        extra_kwargs = {"key": {"allow_null": False}}


class EntityShape(EntityLine):
    """An entity with its other names and its representative.

    `context["representative"]` is its candidate (or None) and whether a person chose it.
    """

    aliases = AliasShape(source="other_names", many=True)
    representative = serializers.SerializerMethodField()
    representative_verified = serializers.SerializerMethodField()

    class Meta(EntityLine.Meta):
        fields = (
            *EntityLine.Meta.fields,
            "aliases",
            "representative",
            "representative_verified",
        )

    def get_representative(self, entity: Entity) -> str | None:
        """Return the address of the representative, or None if there is no picture."""
        candidate, _ = self.context["representative"]
        if candidate is None:
            return None
        request = self.context["request"]
        return reverse("api:entity-representative", [entity.key], request=request)

    def get_representative_verified(self, entity: Entity) -> bool:
        """Return whether a person chose the representative."""
        return bool(self.context["representative"][1])


class StateCounts(serializers.Serializer[Any]):
    """The number of candidates in each state. Erased ones are not counted."""

    waiting = serializers.IntegerField()
    ready = serializers.IntegerField()
    unreadable = serializers.IntegerField()
    empty = serializers.IntegerField()


class EntityInFull(EntityShape):
    """An entity as admins see it; judges get it without frequency, digest and counts."""

    for_admins = ("representative_sha256", "frequency", "candidates")
    representative_sha256 = serializers.CharField(
        source="representative", allow_null=True
    )
    candidates = serializers.SerializerMethodField()

    class Meta(EntityShape.Meta):
        fields = (
            *EntityShape.Meta.fields,
            "representative_sha256",
            "frequency",
            "candidates",
        )

    @extend_schema_field(StateCounts)
    def get_candidates(self, entity: Entity) -> dict[str, int]:
        """Return the number of candidates by state."""
        rows = entity.candidates.values_list("state").annotate(Count("pk")).order_by()
        counts = dict(rows)
        return {state: counts.get(state, 0) for state in STATES}


class WebAddress(serializers.RegexField, StrictCharField):
    """An http or https address, or an empty text. Judges see it as a link."""

    def __init__(self) -> None:
        super().__init__(WEB_ADDRESS, max_length=2000, required=False, allow_blank=True)


class Digest(serializers.RegexField, StrictCharField):
    """A SHA-256 in hex."""

    def __init__(self) -> None:
        super().__init__(DIGEST, required=False, allow_null=True)


def _text(limit: int) -> StrictCharField:
    return StrictCharField(max_length=limit, required=False, allow_blank=True)


def _values() -> serializers.ListField:
    return serializers.ListField(
        child=StrictCharField(max_length=200), required=False, max_length=50
    )


class EntityChange(StrictSerializer):
    """Changes of an entity. Fields that are not sent stay."""

    name = _text(500)
    description = _text(5000)
    frequency = StrictIntegerField(required=False, allow_null=True, max_value=BIGGEST)
    gender = _text(100)
    birth_date = _text(100)
    professions = _values()
    countries = _values()
    url = WebAddress()
    representative = Digest()
