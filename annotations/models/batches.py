"""Batches: entities for a group of judges, with rules, guidelines and members."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Now

from annotations.consensus import Rules

from .validators import GreaterThan, LessThan, require_time_zone

JUDGES_LIMIT = 7
PAGE_LIMIT = 200
PRIORITY_LIMIT = 2**31 - 1
AUDIT_SIZE, AUDIT_LIMIT = 299, 100_000
# Probability at which both verdicts are equally likely.
EVEN_PROBABILITY = 0.5
GUIDELINES_LIMIT = 20_000  # characters

JUDGES = (MinValueValidator(1), MaxValueValidator(JUDGES_LIMIT))
SHARE = (GreaterThan(0), MaxValueValidator(1))


class BatchState(models.TextChoices):
    """Only open batches lease pages. Opening a closed batch continues it."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Order(models.TextChoices):
    """The order of the queue. Without scores, `uncertain` equals `rank`."""

    UNCERTAIN = "uncertain"
    RANDOM = "random"
    RANK = "rank"


class Purpose(models.TextChoices):
    """Measurement: people judge everything. Cleaning: clearance can be switched on."""

    MEASUREMENT = "measurement"
    CLEANING = "cleaning"


class Batch(models.Model):
    """A set of entities for a group of judges, with its rules.

    The validators and `clean` define the valid rules. Forms and serializers read their
    limits from here, `batches.rules` calls `full_clean`.
    """

    name = models.CharField(
        max_length=200,
        validators=[RegexValidator(r"\S", "A batch needs a name.")],
        error_messages={"blank": "A batch needs a name."},
    )
    state = models.CharField(
        max_length=8, choices=BatchState.choices, default=BatchState.DRAFT
    )
    purpose = models.CharField(
        max_length=12, choices=Purpose.choices, default=Purpose.MEASUREMENT
    )
    judges_required = models.PositiveSmallIntegerField(default=2, validators=JUDGES)
    # None follows judges_required; `judges_maximum` resolves it.
    maximum = models.PositiveSmallIntegerField(null=True, blank=True, validators=JUDGES)
    page_size = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(PAGE_LIMIT)]
    )
    order = models.CharField(
        max_length=10, choices=Order.choices, default=Order.UNCERTAIN
    )
    # None until a first version is stored; `guidelines` reads it.
    current_guidelines = models.ForeignKey(
        "GuidelinesVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    priority = models.IntegerField(
        default=0,
        validators=[
            MinValueValidator(-PRIORITY_LIMIT),
            MaxValueValidator(PRIORITY_LIMIT),
        ],
    )
    deadline = models.DateTimeField(
        null=True, blank=True, validators=[require_time_zone]
    )
    # The most candidates that one judge can judge: a number, and a share of all.
    cap = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    cap_share = models.FloatField(null=True, blank=True, validators=SHARE)
    # Whether judges see in percent how far they agree with the others.
    shows_agreement = models.BooleanField(default=False)
    # The scorer for the uncertain order and clearance; empty: the default scorer.
    scorer = models.CharField(max_length=40, blank=True, default="")
    # The share of entities, drawn by seed, that stay in random order.
    control_share = models.FloatField(null=True, blank=True, validators=SHARE)
    # Cleaning batches only: the probability beyond which people are not asked, the
    # number of such candidates that are judged all the same, and when that audit failed.
    clear_beyond = models.FloatField(
        null=True,
        blank=True,
        validators=[GreaterThan(EVEN_PROBABILITY), LessThan(1)],
    )
    audit_size = models.PositiveIntegerField(
        default=AUDIT_SIZE,
        validators=[MinValueValidator(1), MaxValueValidator(AUDIT_LIMIT)],
    )
    clearance_failed_at = models.DateTimeField(null=True, blank=True)
    seed = models.BigIntegerField(default=0)
    # How the entities were chosen; both are None for a list of keys.
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
    # Totals of the queue, updated periodically (tasks.count_batches), never on demand.
    entities_total = models.BigIntegerField(default=0)
    candidates_total = models.BigIntegerField(default=0)
    judged_total = models.BigIntegerField(default=0)
    disputed_total = models.BigIntegerField(default=0)
    open_total = models.BigIntegerField(default=0)
    conflicts_total = models.BigIntegerField(default=0)
    # Totals of the last clearance pass: cleared candidates, those of them in the audit,
    # the decided ones of the audit, and those where people contradict the model.
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
                condition=Q(page_size__gte=1, page_size__lte=PAGE_LIMIT),
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

    def clean(self) -> None:
        """Check the rules that depend on each other. Errors use the API's names."""
        errors = {}
        if self.maximum is not None and self.maximum < self.judges_required:
            errors["judges_maximum"] = "Must be at least the number of judges required."
        if self.control_share is not None and self.order != Order.UNCERTAIN:
            errors["control_share"] = "Only possible with the uncertain order."
        if self.clear_beyond is not None and self.purpose != Purpose.CLEANING:
            errors["clear_beyond"] = "Only possible in a batch for cleaning."
        if errors:
            raise ValidationError(errors)

    @property
    def guidelines(self) -> str:
        """The current guidelines in Markdown, empty for the default guidelines."""
        return self.current_guidelines.text if self.current_guidelines else ""

    @property
    def guidelines_version(self) -> int:
        """The number of the current version, counted from 1."""
        return self.current_guidelines.version if self.current_guidelines else 1

    @property
    def former_guidelines(self) -> "models.QuerySet[GuidelinesVersion]":
        """The replaced versions, with `replaced_by` (a username) and `replaced_at`."""
        successors = GuidelinesVersion.objects.filter(
            batch=OuterRef("batch"), version=OuterRef("version") + 1
        )
        return self.guidelines_versions.filter(
            version__lt=self.guidelines_version
        ).annotate(
            replaced_by=Subquery(successors.values("created_by__username")),
            replaced_at=Subquery(successors.values("created_at")),
        )

    @property
    def judges_maximum(self) -> int:
        """The most judgments that a candidate can get."""
        return self.judges_required if self.maximum is None else self.maximum

    @property
    def not_asked_total(self) -> int:
        """The number of cleared candidates outside the audit; 0 after it has failed."""
        if self.clearance_failed_at is not None:
            return 0
        return self.cleared_total - self.audit_total

    @property
    def asked_total(self) -> int:
        """The number of candidates that people are asked about."""
        return max(0, self.candidates_total - self.not_asked_total)

    @property
    def rules(self) -> Rules:
        """The numbers of judges that decide need and truth."""
        return Rules(self.judges_required, self.judges_maximum)


class GuidelinesVersion(models.Model):
    """One version of a batch's guidelines. The highest version is the current one."""

    batch = models.ForeignKey(
        Batch, on_delete=models.CASCADE, related_name="guidelines_versions"
    )
    version = models.PositiveIntegerField()
    text = models.TextField(
        blank=True, validators=[MaxLengthValidator(GUIDELINES_LIMIT)]
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "version"], name="one_text_per_batch_version"
            ),
        ]

    def __str__(self) -> str:
        return f"guidelines {self.version} of batch {self.batch_id}"
