"""What is to be judged by whom: batches, their rules and their judges."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from annotations.consensus import Rules

JUDGES_LIMIT = 7


class BatchState(models.TextChoices):
    """Only open batches lease; opening a closed one continues it."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Order(models.TextChoices):
    """What is served first. Without scores, uncertain is rank."""

    UNCERTAIN = "uncertain"
    RANDOM = "random"
    RANK = "rank"


class Purpose(models.TextChoices):
    """Measurement: people judge everything. Cleaning: clearance may be switched on."""

    MEASUREMENT = "measurement"
    CLEANING = "cleaning"


class Batch(models.Model):
    """A set of entities for a group of judges, with its rules."""

    name = models.CharField(max_length=200)
    state = models.CharField(
        max_length=8, choices=BatchState.choices, default=BatchState.DRAFT
    )
    purpose = models.CharField(
        max_length=12, choices=Purpose.choices, default=Purpose.MEASUREMENT
    )
    judges_required = models.PositiveSmallIntegerField(default=2)
    # None follows judges_required.
    maximum = models.PositiveSmallIntegerField(null=True, blank=True)
    page_size = models.PositiveSmallIntegerField(default=30)
    order = models.CharField(
        max_length=10, choices=Order.choices, default=Order.UNCERTAIN
    )
    # Markdown; what stood before is in FormerGuidelines.
    guidelines = models.TextField(blank=True, default="")
    guidelines_version = models.PositiveIntegerField(default=1)
    priority = models.IntegerField(default=0)
    deadline = models.DateTimeField(null=True, blank=True)
    # The most that one judge may judge: a number, and a share of all candidates.
    cap = models.PositiveIntegerField(null=True, blank=True)
    cap_share = models.FloatField(null=True, blank=True)
    # Whether judges are told their own agreement with the others, in percent.
    shows_agreement = models.BooleanField(default=False)
    # The scorer by which an uncertain order goes; empty: the first of the settings.
    scorer = models.CharField(max_length=40, blank=True, default="")
    # The share of entities, drawn by seed, that stay in random order.
    control_share = models.FloatField(null=True, blank=True)
    # Cleaning batches only: beyond which probability people are not asked, how many of
    # those are asked all the same, and when that audit failed.
    clear_beyond = models.FloatField(null=True, blank=True)
    audit_size = models.PositiveIntegerField(default=299)
    clearance_failed_at = models.DateTimeField(null=True, blank=True)
    seed = models.BigIntegerField(default=0)
    # How the entities were chosen; both None where a list named them.
    sample = models.JSONField(null=True, blank=True)
    filter = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    opened_at = models.DateTimeField(null=True, blank=True)
    judges = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="BatchJudge", related_name="batches"
    )
    # Summed from the queue now and then (tasks.count_batches); never counted on demand.
    entities_total = models.BigIntegerField(default=0)
    candidates_total = models.BigIntegerField(default=0)
    judged_total = models.BigIntegerField(default=0)
    disputed_total = models.BigIntegerField(default=0)
    open_total = models.BigIntegerField(default=0)
    conflicts_total = models.BigIntegerField(default=0)
    # By the pass that clears: cleared in all; of these in the audit, judged there, and
    # judged otherwise than the model said.
    cleared_total = models.BigIntegerField(default=0)
    audit_total = models.IntegerField(default=0)
    audited_total = models.IntegerField(default=0)
    audit_errors = models.IntegerField(default=0)
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(judges_required__gte=1, judges_required__lte=JUDGES_LIMIT),
                name="judges_required_is_1_to_7",
            ),
            models.CheckConstraint(
                condition=Q(maximum__isnull=True)
                | Q(maximum__gte=F("judges_required"), maximum__lte=JUDGES_LIMIT),
                name="maximum_is_required_to_7",
            ),
            models.CheckConstraint(
                condition=Q(page_size__gte=1, page_size__lte=200),
                name="page_size_is_1_to_200",
            ),
            models.CheckConstraint(
                condition=Q(cap__isnull=True) | Q(cap__gte=1), name="cap_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(cap_share__isnull=True)
                | Q(cap_share__gt=0, cap_share__lte=1),
                name="cap_share_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(control_share__isnull=True)
                | Q(control_share__gt=0, control_share__lte=1),
                name="control_share_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(clear_beyond__isnull=True)
                | Q(purpose="cleaning", clear_beyond__gt=0.5, clear_beyond__lt=1),
                name="clearance_only_when_cleaning",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def judges_maximum(self) -> int:
        """The most judgments a candidate may get; follows the required ones."""
        return self.judges_required if self.maximum is None else self.maximum

    @property
    def not_asked_total(self) -> int:
        """The candidates that are cleared and not in the audit; none once it failed."""
        if self.clearance_failed_at is not None:
            return 0
        return self.cleared_total - self.audit_total

    @property
    def asked_total(self) -> int:
        """The candidates that people are asked about."""
        return max(0, self.candidates_total - self.not_asked_total)

    @property
    def rules(self) -> Rules:
        """The numbers that decide need and truth."""
        return Rules(self.judges_required, self.judges_maximum)


class FormerGuidelines(models.Model):
    """Guidelines that were replaced: what judges went by until then."""

    batch = models.ForeignKey(
        Batch, on_delete=models.CASCADE, related_name="former_guidelines"
    )
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    replaced_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "former guidelines"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "version"], name="one_text_per_version"
            ),
        ]

    def __str__(self) -> str:
        return f"guidelines {self.version} of batch {self.batch_id}"


class BatchJudge(models.Model):
    """A judge of a batch, and how far this judge has come in its queue.

    The cursor is the key (priority, entity) of the last queue row that this judge
    passed: up to it nothing is left for this judge but what `Reopened` names.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE)
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    removed_at = models.DateTimeField(null=True, blank=True)
    cursor_priority = models.FloatField(null=True, blank=True)
    cursor_entity = models.BigIntegerField(null=True, blank=True)
    # Own numbers, changed in the transaction that records: current verdicts (skips
    # left out), current skips, and the time of all marks given.
    verdicts = models.IntegerField(default=0)
    skips = models.IntegerField(default=0)
    centiseconds = models.BigIntegerField(default=0)
    # The last time that anything was said, or that what was said was changed.
    said_at = models.DateTimeField(null=True, blank=True)
    # How often the others said the same, 0 to 1, over `shared` candidates; daily.
    agreement = models.FloatField(null=True, blank=True)
    shared = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "judge"], name="a_judge_once_a_batch"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.judge_id} in {self.batch_id}"


class JudgeDay(models.Model):
    """What a judge did in a batch on one day (UTC).

    Work done stays done, and paid: what is erased or voided later is not taken off.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False)
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    day = models.DateField()
    verdicts = models.IntegerField(default=0)
    skips = models.IntegerField(default=0)
    centiseconds = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "judge", "day"], name="a_day_once_a_judge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.judge_id} in {self.batch_id} on {self.day}"
