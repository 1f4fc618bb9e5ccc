"""Releases: what is asked for, what stands, how they differ."""

from typing import Any

from rest_framework import serializers

from annotations import releases
from annotations.api.fields import BIGGEST, BIGGEST_INT, Flag, Strict, Text, Whole
from annotations.api.pagination import ListQuery
from annotations.models import Release, ReleaseState
from annotations.releases.files import CROPS, SPLITS, SUBSETS


class ReleaseContent(Strict):
    """Which batches a release is made of."""

    batches = serializers.ListField(child=Whole(), min_length=1, max_length=1000)


class NewRelease(ReleaseContent):
    """A release to be made."""

    name = Text(max_length=100)
    dev_entities = Whole(
        max_value=BIGGEST_INT, help_text="How many entities the development split has."
    )
    distractors = Whole(
        max_value=BIGGEST_INT,
        help_text="How many pictures that are settled as no are mixed into each test"
        " file.",
    )
    seed = Whole(
        required=False, max_value=BIGGEST, help_text="Everything is drawn by it."
    )
    leaves_open_out = Flag(
        required=False,
        help_text="Leave candidates out whose truth is open; else they block it.",
    )
    purpose = Text(required=False, allow_blank=True, max_length=20_000)
    contact = Text(
        required=False,
        allow_blank=True,
        max_length=2_000,
        help_text="To whom somebody writes who is to be removed.",
    )


class FoundShape(serializers.Serializer):
    """What some batches hold now.

    `confirmed`: entities with a readable image that people say shows them; `refused`:
    readable pictures that may be distractors: *no* unanimously or by ruling, nowhere
    *yes*.
    """

    candidates = serializers.IntegerField()
    yes = serializers.IntegerField()
    no = serializers.IntegerField()
    broken = serializers.IntegerField()
    open = serializers.IntegerField()
    entities = serializers.IntegerField()
    confirmed = serializers.IntegerField()
    refused = serializers.IntegerField()


class ReleaseFile(serializers.Serializer):
    """A file: its name, digest and size."""

    name = serializers.CharField()
    sha256 = serializers.CharField()
    bytes = serializers.IntegerField()
    lines = serializers.IntegerField()


class ReleaseShape(serializers.ModelSerializer):
    """A release. `problem` says why a failed one failed; done ones never change."""

    state = serializers.ChoiceField(ReleaseState.values, read_only=True)
    progress = serializers.FloatField(min_value=0, max_value=1, read_only=True)
    batches = serializers.ListField(
        child=serializers.IntegerField(min_value=0), read_only=True
    )
    rules = serializers.DictField(read_only=True)
    counts = serializers.DictField(read_only=True)
    files = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by.username", read_only=True)

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
        read_only_fields = fields

    def get_files(self, release: Release) -> list[dict[str, Any]]:
        """Its files; none before it is done."""
        fields = ReleaseFile(
            [{"name": n, **release.files[n]} for n in releases.file_names(release)],
            many=True,
        )
        return list(fields.data)


class ReleaseQuery(ListQuery):
    """Of which state."""

    state = serializers.ChoiceField(ReleaseState.values, required=False)


class MeasurementQuery(serializers.Serializer):
    """Which measurement file."""

    subset = serializers.ChoiceField(SUBSETS)
    split = serializers.ChoiceField(SPLITS)
    image = serializers.ChoiceField(CROPS, default="aligned")


class KeyQuery(serializers.Serializer):
    """Of which subset's test split."""

    subset = serializers.ChoiceField(SUBSETS)


class SinceQuery(serializers.Serializer):
    """Since which release."""

    since = serializers.IntegerField(min_value=0, max_value=BIGGEST)


class ChangeShape(serializers.Serializer):
    """A candidate that came, went, or whose verdict is another one.

    Verdicts: empty where the truth is open, null where it is not in that release.
    """

    kind = serializers.ChoiceField(["added", "removed", "changed"])
    entity_key = serializers.CharField()
    entity_name = serializers.CharField(allow_blank=True)
    candidate_id = serializers.IntegerField()
    before = serializers.CharField(allow_null=True, allow_blank=True)
    after = serializers.CharField(allow_null=True, allow_blank=True)
    basis_before = serializers.CharField(allow_null=True)
    basis_after = serializers.CharField(allow_null=True)


class ChangesShape(serializers.Serializer):
    """How a release's truth differs from an earlier one's."""

    release = serializers.IntegerField()
    since = serializers.IntegerField()
    changes = ChangeShape(many=True)
