"""Releases: requests, their state, and the differences between them."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from annotations import releases
from annotations.api.fields import (
    BIGGEST,
    BIGGEST_INT,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from annotations.api.pagination import ListQuery
from annotations.models import Release, ReleaseState
from annotations.releases.files import CROPS, SPLITS, SUBSETS

from .base import ReadOnlyModelSerializer


class ReleaseContent(StrictSerializer):
    """The batches of a release."""

    batches = serializers.ListField(
        child=StrictIntegerField(), min_length=1, max_length=1000
    )


class NewRelease(ReleaseContent):
    """A new release."""

    name = StrictCharField(max_length=100)
    dev_entities = StrictIntegerField(
        max_value=BIGGEST_INT,
        help_text="The number of entities in the development split.",
    )
    distractors = StrictIntegerField(
        max_value=BIGGEST_INT,
        help_text="The number of pictures settled as no that are mixed into each test"
        " file.",
    )
    seed = StrictIntegerField(
        required=False, max_value=BIGGEST, help_text="The seed of all random choices."
    )
    leaves_open_out = StrictBooleanField(
        required=False,
        help_text="Leave out open candidates. By default they block the release.",
    )
    purpose = StrictCharField(required=False, allow_blank=True, max_length=20_000)
    contact = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=2_000,
        help_text="The address to which people write to be removed.",
    )


@extend_schema_serializer(component_name="FoundShape")
class ReleasePreviewShape(serializers.Serializer[Any]):
    """The content of a release of these batches, if it were frozen now.

    `confirmed` counts entities with a readable image that people confirmed. `refused`
    counts pictures that can be distractors: readable, *no* unanimously or by ruling, and
    *yes* nowhere.
    """

    candidates = serializers.IntegerField()
    yes = serializers.IntegerField()
    no = serializers.IntegerField()
    broken = serializers.IntegerField()
    open = serializers.IntegerField()
    entities = serializers.IntegerField()
    confirmed = serializers.IntegerField()
    refused = serializers.IntegerField()


class ReleaseFile(serializers.Serializer[Any]):
    """A file: its name, digest and size."""

    name = serializers.CharField()
    sha256 = serializers.CharField()
    bytes = serializers.IntegerField()
    lines = serializers.IntegerField()


class ReleaseShape(ReadOnlyModelSerializer[Release]):
    """A release. `problem` is the reason of a failure. A finished release never changes."""

    state = serializers.ChoiceField(ReleaseState.values)
    progress = serializers.FloatField(min_value=0, max_value=1)
    batches = serializers.ListField(child=serializers.IntegerField(min_value=0))
    rules = serializers.DictField()
    counts = serializers.DictField()
    files = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = Release
        fields = (
            "id",
            "name",
            "state",
            "progress",
            "problem",
            "batches",
            "dev_entities",
            "distractors",
            "seed",
            "leaves_open_out",
            "purpose",
            "contact",
            "rules",
            "method",
            "code_version",
            "counts",
            "files",
            "created_by",
            "created_at",
            "finished_at",
        )

    def get_files(self, release: Release) -> list[dict[str, Any]]:
        """Return its files; none before it is done."""
        fields = ReleaseFile(
            [{"name": n, **release.files[n]} for n in releases.file_names(release)],
            many=True,
        )
        return list(fields.data)


class ReleaseQuery(ListQuery):
    """The releases of one state, or all."""

    state = serializers.ChoiceField(ReleaseState.values, required=False)


class MeasurementQuery(serializers.Serializer[Any]):
    """The measurement file to get."""

    subset = serializers.ChoiceField(SUBSETS)
    split = serializers.ChoiceField(SPLITS)
    image = serializers.ChoiceField(CROPS, default="aligned")


class KeyQuery(serializers.Serializer[Any]):
    """The subset whose key to get, for its test split."""

    subset = serializers.ChoiceField(SUBSETS)


class SinceQuery(serializers.Serializer[Any]):
    """The earlier release to compare with."""

    since = serializers.IntegerField(min_value=0, max_value=BIGGEST)


class ChangeShape(serializers.Serializer[Any]):
    """A candidate that was added, removed, or has another verdict.

    A verdict is empty if the truth is open, and null if the candidate is not in the
    release.
    """

    kind = serializers.ChoiceField(["added", "removed", "changed"])
    entity_key = serializers.CharField()
    entity_name = serializers.CharField(allow_blank=True)
    candidate_id = serializers.IntegerField()
    before = serializers.CharField(allow_null=True, allow_blank=True)
    after = serializers.CharField(allow_null=True, allow_blank=True)
    basis_before = serializers.CharField(allow_null=True)
    basis_after = serializers.CharField(allow_null=True)


class ChangesShape(serializers.Serializer[Any]):
    """The differences between the truth of two releases."""

    release = serializers.IntegerField()
    since = serializers.IntegerField()
    changes = ChangeShape(many=True)
