"""Batches: what is asked for, what stands, how far they are."""

from typing import Any, ClassVar

from rest_framework import serializers

from annotations.api.fields import (
    BIGGEST_INT,
    Choice,
    Number,
    Strict,
    Text,
    Whole,
)
from annotations.api.pagination import ListQuery
from annotations.models import Assignment, Batch, BatchState, Order, Purpose
from annotations.models.batches import JUDGES_LIMIT

from .people import NameField

NAME = r"[^\s\x00]"


class BatchName(serializers.RegexField, Text):
    """A name with something to read in it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NAME, max_length=200, **kwargs)


class Sample(Strict):
    """Entities drawn by frequency; the same seed draws the same ones."""

    size = Whole(min_value=1, max_value=10_000_000)
    seed = Whole(required=False, max_value=BIGGEST_INT)
    exponent = Number(required=False, min_value=0, max_value=10)


class BatchRules(Strict):
    """What may be said of a batch at any time."""

    judges_required = Whole(required=False, min_value=1, max_value=JUDGES_LIMIT)
    judges_maximum = Whole(
        required=False, min_value=1, max_value=JUDGES_LIMIT, allow_null=True
    )
    page_size = Whole(required=False, min_value=1, max_value=200)
    guidelines = Text(required=False, allow_blank=True, max_length=20_000)
    priority = Whole(required=False, min_value=-BIGGEST_INT, max_value=BIGGEST_INT)


class NewBatch(BatchRules):
    """A batch of named entities, or of a sample of all: one of the two."""

    also: ClassVar = {"oneOf": [{"required": ["entities"]}, {"required": ["sample"]}]}
    name = BatchName()
    entities = serializers.ListField(
        child=Text(max_length=128), required=False, min_length=1
    )
    sample = Sample(required=False)
    order = Choice(choices=Order.values, required=False)
    purpose = Choice(choices=Purpose.values, required=False)


class BatchChange(BatchRules):
    """What may be changed of a batch; what is not named stays."""

    name = BatchName(required=False)


class Usernames(Strict):
    """Who is to judge."""

    usernames = serializers.ListField(child=NameField(), min_length=1, max_length=1000)


class BatchShape(serializers.ModelSerializer):
    """A batch as its judges see it."""

    state = serializers.ChoiceField(BatchState.values, read_only=True)
    order = serializers.ChoiceField(Order.values, read_only=True)
    purpose = serializers.ChoiceField(Purpose.values, read_only=True)

    class Meta:
        model = Batch
        fields: tuple[str, ...] = (
            "id",
            "name",
            "state",
            "purpose",
            "page_size",
            "order",
            "guidelines",
            "judges_required",
            "judges_maximum",
        )
        read_only_fields: tuple[str, ...] = fields


class BatchInFull(BatchShape):
    """A batch as admins see it; judges see what there is up to judges_maximum."""

    for_admins = ("priority", "sample", "seed", "judges", "created_at", "opened_at")
    judges = serializers.SerializerMethodField()
    sample = serializers.DictField(read_only=True, allow_null=True)

    class Meta(BatchShape.Meta):
        fields = (
            *BatchShape.Meta.fields,
            "priority",
            "sample",
            "seed",
            "judges",
            "created_at",
            "opened_at",
        )
        read_only_fields = fields

    def get_judges(self, batch: Batch) -> list[str]:
        """Sign-in names of those who judge it now."""
        return sorted(
            member.judge.username
            for member in batch.batchjudge_set.all()
            if member.removed_at is None
        )


class Added(serializers.Serializer):
    """How many candidates joined."""

    added = serializers.IntegerField(min_value=0)


class JudgeNumbers(serializers.Serializer):
    """What one judge has done in the batch."""

    username = serializers.CharField()
    judged = serializers.IntegerField()
    skipped = serializers.IntegerField()
    seconds = serializers.FloatField()
    is_active = serializers.BooleanField()


class Progress(serializers.Serializer):
    """How far a batch is, as of `counted_at`. Judges get own numbers only."""

    candidates = serializers.IntegerField(required=False)
    judged = serializers.IntegerField(
        required=False, help_text="The required judges are in."
    )
    disputed = serializers.IntegerField(required=False)
    open = serializers.IntegerField(
        required=False, help_text="Judged, but the truth is open."
    )
    judges = JudgeNumbers(many=True)
    counted_at = serializers.DateTimeField(allow_null=True)


class BatchQuery(ListQuery):
    """Of which state."""

    state = serializers.ChoiceField(BatchState.values, required=False)


class HeldPage(serializers.ModelSerializer):
    """A page that a judge holds now."""

    judge = serializers.CharField(source="judge.username", read_only=True)
    entity = serializers.CharField(
        source="entity.key",
        read_only=True,
        allow_null=True,
        help_text="Null where it has been erased.",
    )

    class Meta:
        model = Assignment
        fields = ("id", "judge", "entity", "leased_at", "expires_at")
        read_only_fields = fields
