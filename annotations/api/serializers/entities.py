"""Entities, in full for admins and without any count for judges."""

from django.db.models import Count
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from annotations.api.fields import BIGGEST, Strict, Text, Whole
from annotations.api.pagination import ListQuery
from annotations.models import Alias, Entity

from .candidates import STATES

DIGEST = r"^[0-9a-f]{64}\Z"
WEB_ADDRESS = r"^(?:https?://[^\s\x00-\x1f\x7f-\x9f<>\"']+)?\Z"


class AliasShape(serializers.ModelSerializer):
    """Another name, and its language where that is known."""

    class Meta:
        model = Alias
        fields = ("name", "language")
        read_only_fields = fields


class EntityQuery(ListQuery):
    """Which entities."""

    search = Text(
        max_length=128,
        required=False,
        allow_blank=True,
        help_text="Admins only: key or name begins so, in any case; keys come first.",
    )


class EntityLine(serializers.ModelSerializer):
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
        read_only_fields: tuple[str, ...] = fields
        extra_kwargs = {"key": {"allow_null": False}}


class EntityShape(EntityLine):
    """An entity with its other names and its representative.

    `context["representative"]` holds its candidate (or None) and whether it was chosen.
    """

    aliases = AliasShape(source="other_names", many=True, read_only=True)
    representative = serializers.SerializerMethodField()
    representative_verified = serializers.SerializerMethodField()

    class Meta(EntityLine.Meta):
        fields = (
            *EntityLine.Meta.fields,
            "aliases",
            "representative",
            "representative_verified",
        )
        read_only_fields = fields

    def get_representative(self, entity: Entity) -> str | None:
        """Address of the picture that shows who it is."""
        candidate, _ = self.context["representative"]
        if candidate is None:
            return None
        request = self.context["request"]
        return reverse("api:representative", [entity.key], request=request)

    def get_representative_verified(self, entity: Entity) -> bool:
        """False where nobody chose it."""
        return bool(self.context["representative"][1])


class StateCounts(serializers.Serializer):
    """How many candidates are in each state; erased ones count nowhere."""

    waiting = serializers.IntegerField()
    ready = serializers.IntegerField()
    unreadable = serializers.IntegerField()
    empty = serializers.IntegerField()


class EntityInFull(EntityShape):
    """An entity as admins see it; judges get it without frequency, digest and counts."""

    for_admins = ("representative_sha256", "frequency", "candidates")
    representative_sha256 = serializers.CharField(
        source="representative", read_only=True, allow_null=True
    )
    candidates = serializers.SerializerMethodField()

    class Meta(EntityShape.Meta):
        fields = (
            *EntityShape.Meta.fields,
            "representative_sha256",
            "frequency",
            "candidates",
        )
        read_only_fields = fields

    @extend_schema_field(StateCounts)
    def get_candidates(self, entity: Entity) -> dict[str, int]:
        """How many there are, by state."""
        rows = entity.candidates.values_list("state").annotate(Count("pk")).order_by()
        found = dict(rows)
        return {state: found.get(state, 0) for state in STATES}


class WebAddress(serializers.RegexField, Text):
    """An http or https address, or none: it becomes a link that judges click."""

    def __init__(self) -> None:
        super().__init__(WEB_ADDRESS, max_length=2000, required=False, allow_blank=True)


class Digest(serializers.RegexField, Text):
    """A SHA-256 in hex."""

    def __init__(self) -> None:
        super().__init__(DIGEST, required=False, allow_null=True)


def _text(limit: int) -> Text:
    return Text(max_length=limit, required=False, allow_blank=True)


def _values() -> serializers.ListField:
    return serializers.ListField(
        child=Text(max_length=200), required=False, max_length=50
    )


class EntityChange(Strict):
    """What may be changed of an entity; what is not named stays."""

    name = _text(500)
    description = _text(5000)
    frequency = Whole(required=False, allow_null=True, max_value=BIGGEST)
    gender = _text(100)
    birth_date = _text(100)
    professions = _values()
    countries = _values()
    url = WebAddress()
    representative = Digest()
