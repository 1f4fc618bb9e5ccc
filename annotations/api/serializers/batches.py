"""Batches: what is asked for, what stands, how far they are."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.api.fields import (
    Strict,
    Text,
)
from annotations.api.pagination import ListQuery
from annotations.intervals import share_interval
from annotations.models import (
    Assignment,
    Batch,
    BatchState,
    FormerGuidelines,
    Order,
    Purpose,
)

from .choices import ChoiceShape
from .people import NameField
from .rules import BatchName, BatchRules

FOR_ADMINS = (
    "priority",
    "cap",
    "cap_share",
    "scorer",
    "control_share",
    "clear_beyond",
    "audit_size",
    "clearance",
    "sample",
    "filter",
    "seed",
    "judges",
    "created_at",
    "opened_at",
)


class NewBatch(ChoiceShape, BatchRules):
    """A batch: its name, how its entities are chosen, its rules."""

    name = BatchName()


class PreviewedBatch(NewBatch):
    """The same before it is made; it needs no name yet."""

    name = BatchName(required=False)


class BatchChange(BatchRules):
    """What may be changed of a batch; what is not named stays.

    Order, purpose and control share are fixed by the first opening.
    """

    name = BatchName(required=False)


class Usernames(Strict):
    """Who is to judge."""

    usernames = serializers.ListField(child=NameField(), min_length=1, max_length=1000)


class WhyVoid(Strict):
    """Why a judge's judgments are voided."""

    reason = Text(max_length=5000)


class VoidingShape(serializers.Serializer):
    """What was voided."""

    judgments = serializers.IntegerField(min_value=0)
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


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
            "guidelines_version",
            "deadline",
            "shows_agreement",
            "judges_required",
            "judges_maximum",
        )
        read_only_fields: tuple[str, ...] = fields


class ClearanceShape(serializers.Serializer):
    """What people were not asked, and what the audit of it says, as of the last pass."""

    failed_at = serializers.DateTimeField(
        source="clearance_failed_at",
        allow_null=True,
        help_text="When the audit failed: all has returned, nothing more is cleared.",
    )
    cleared = serializers.IntegerField(source="cleared_total", min_value=0)
    in_audit = serializers.IntegerField(source="audit_total", min_value=0)
    audited = serializers.IntegerField(source="audited_total", min_value=0)
    errors_found = serializers.IntegerField(source="audit_errors", min_value=0)
    error_interval = serializers.SerializerMethodField(
        help_text="Of the share of errors, with 95 % confidence; null before the first."
    )
    judgments_saved = serializers.SerializerMethodField()

    def get_error_interval(self, batch: Batch) -> list[float] | None:
        """Low and high."""
        if not batch.audited_total:
            return None
        return list(share_interval(batch.audit_errors, batch.audited_total))

    def get_judgments_saved(self, batch: Batch) -> int:
        """Judgments that were not asked for, the audit left out."""
        return batch.not_asked_total * batch.judges_required


class BatchInFull(BatchShape):
    """A batch as admins see it; judges see what there is up to judges_maximum."""

    for_admins = FOR_ADMINS
    judges = serializers.SerializerMethodField()
    sample = serializers.DictField(read_only=True, allow_null=True)
    filter = serializers.DictField(read_only=True, allow_null=True)
    clearance = serializers.SerializerMethodField()

    class Meta(BatchShape.Meta):
        fields = (*BatchShape.Meta.fields, *FOR_ADMINS)
        read_only_fields = fields

    @extend_schema_field(ClearanceShape(allow_null=True))
    def get_clearance(self, batch: Batch) -> dict[str, Any] | None:
        """Null where it is off."""
        return None if batch.clear_beyond is None else ClearanceShape(batch).data

    def get_judges(self, batch: Batch) -> list[str]:
        """Sign-in names of those who judge it now."""
        return sorted(
            member.judge.username
            for member in batch.batchjudge_set.all()
            if member.removed_at is None
        )


class FormerGuidelinesShape(serializers.ModelSerializer):
    """Guidelines that were replaced, by whom and when."""

    replaced_by = serializers.CharField(source="replaced_by.username", read_only=True)

    class Meta:
        model = FormerGuidelines
        fields = ("version", "text", "replaced_by", "replaced_at")
        read_only_fields = fields


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
