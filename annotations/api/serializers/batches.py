"""Batches: requests, their state and their progress."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from annotations.api.fields import StrictCharField, StrictSerializer
from annotations.api.pagination import ListQuery
from annotations.intervals import share_interval
from annotations.models import (
    Assignment,
    Batch,
    BatchState,
    GuidelinesVersion,
    Order,
    Purpose,
)

from .base import ReadOnlyModelSerializer
from .choices import CHOICE, ChoiceShape
from .rules import RULES, BatchName, BatchRules
from .users import NameField

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
    """A new batch: its name, the choice of its entities and its rules."""

    name = BatchName()

    class Meta(BatchRules.Meta):
        fields = ("name", *CHOICE, *RULES)


class PreviewedBatch(NewBatch):
    """A batch to preview. It needs no name."""

    name = BatchName(required=False)


class BatchChange(BatchRules):
    """Changes of a batch. Fields that are not sent stay.

    Order, purpose and control share are fixed by the first opening.
    """

    name = BatchName(required=False)

    class Meta(BatchRules.Meta):
        fields = ("name", *RULES)


class Usernames(StrictSerializer):
    """The judges to add."""

    usernames = serializers.ListField(child=NameField(), min_length=1, max_length=1000)


@extend_schema_serializer(component_name="WhyVoid")
class NewVoiding(StrictSerializer):
    """The reason to void a judge's judgments."""

    reason = StrictCharField(max_length=5000)


class VoidingShape(serializers.Serializer[Any]):
    """A voiding: how many judgments it removed, and why."""

    judgments = serializers.IntegerField(min_value=0)
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class BatchShape(ReadOnlyModelSerializer[Batch]):
    """A batch as its judges see it."""

    state = serializers.ChoiceField(BatchState.values)
    order = serializers.ChoiceField(Order.values)
    purpose = serializers.ChoiceField(Purpose.values)

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


class ClearanceShape(serializers.Serializer[Any]):
    """Cleared candidates and the results of their audit, as of the last pass."""

    failed_at = serializers.DateTimeField(
        source="clearance_failed_at",
        allow_null=True,
        help_text="When the audit failed. Then nothing is cleared any more.",
    )
    cleared = serializers.IntegerField(source="cleared_total", min_value=0)
    in_audit = serializers.IntegerField(source="audit_total", min_value=0)
    audited = serializers.IntegerField(source="audited_total", min_value=0)
    errors_found = serializers.IntegerField(source="audit_errors", min_value=0)
    error_interval = serializers.SerializerMethodField(
        help_text="95 % interval of the share of errors; null before the first audited one."
    )
    judgments_saved = serializers.SerializerMethodField()

    def get_error_interval(self, batch: Batch) -> list[float] | None:
        """Return the low and the high end."""
        if not batch.audited_total:
            return None
        return list(share_interval(batch.audit_errors, batch.audited_total))

    def get_judgments_saved(self, batch: Batch) -> int:
        """Return the number of judgments that were not needed, without the audit."""
        return batch.not_asked_total * batch.judges_required


class BatchInFull(BatchShape):
    """A batch as admins see it; judges get the fields up to judges_maximum."""

    for_admins = FOR_ADMINS
    judges = serializers.SerializerMethodField()
    sample = serializers.DictField(allow_null=True)
    filter = serializers.DictField(allow_null=True)
    clearance = serializers.SerializerMethodField()

    class Meta(BatchShape.Meta):
        fields = (*BatchShape.Meta.fields, *FOR_ADMINS)

    @extend_schema_field(ClearanceShape(allow_null=True))
    def get_clearance(self, batch: Batch) -> dict[str, Any] | None:
        """Return null if clearance is off."""
        return None if batch.clear_beyond is None else ClearanceShape(batch).data

    def get_judges(self, batch: Batch) -> list[str]:
        """Return the usernames of the judges who judge it now."""
        return sorted(
            member.judge.username
            for member in batch.batchjudge_set.all()
            if member.removed_at is None
        )


class FormerGuidelinesShape(ReadOnlyModelSerializer[GuidelinesVersion]):
    """Guidelines that were replaced, with the user and the time."""

    replaced_by = serializers.CharField()
    replaced_at = serializers.DateTimeField()

    class Meta:
        model = GuidelinesVersion
        fields = ("version", "text", "replaced_by", "replaced_at")


class Added(serializers.Serializer[Any]):
    """The number of candidates that were added."""

    added = serializers.IntegerField(min_value=0)


class JudgeNumbers(serializers.Serializer[Any]):
    """The work of one judge in the batch."""

    username = serializers.CharField()
    judged = serializers.IntegerField()
    skipped = serializers.IntegerField()
    seconds = serializers.FloatField()
    is_active = serializers.BooleanField()


class Progress(serializers.Serializer[Any]):
    """The progress of a batch as of `counted_at`. Judges get only their own figures."""

    candidates = serializers.IntegerField(required=False)
    judged = serializers.IntegerField(
        required=False, help_text="Candidates with the required number of judgments."
    )
    disputed = serializers.IntegerField(required=False)
    open = serializers.IntegerField(
        required=False, help_text="Judged candidates whose truth is open."
    )
    judges = JudgeNumbers(many=True)
    counted_at = serializers.DateTimeField(allow_null=True)


class BatchQuery(ListQuery):
    """The batches of one state, or all."""

    state = serializers.ChoiceField(BatchState.values, required=False)


class HeldPage(ReadOnlyModelSerializer[Assignment]):
    """A page that a judge holds now."""

    judge = serializers.CharField(source="judge.username")
    entity = serializers.CharField(
        source="entity.key",
        allow_null=True,
        help_text="The key; null if the entity has been erased.",
    )

    class Meta:
        model = Assignment
        fields = ("id", "judge", "entity", "leased_at", "expires_at")
