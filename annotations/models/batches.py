"""Who is asked what: batches, their queue and the pages leased to judges."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from annotations.consensus import Rules

from .entities import Entity

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
    candidates_total = models.BigIntegerField(default=0)
    judged_total = models.BigIntegerField(default=0)
    disputed_total = models.BigIntegerField(default=0)
    open_total = models.BigIntegerField(default=0)
    conflicts_total = models.BigIntegerField(default=0)
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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def judges_maximum(self) -> int:
        """The most judgments a candidate may get; follows the required ones."""
        return self.judges_required if self.maximum is None else self.maximum

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


class QueueState(models.TextChoices):
    """Open: some place can be leased. Leased: all unmet places are held. Done: none."""

    OPEN = "open"
    LEASED = "leased"
    DONE = "done"


class BatchEntity(models.Model):
    """The queue: one row per batch and entity. Its lock guards places and judgments.

    `upto` is the highest candidate id that belongs to the batch: a member is a
    candidate with id <= upto whose picture has come. Counters change in the
    transaction of what they count; `verify` recomputes them.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    state = models.CharField(
        max_length=6, choices=QueueState.choices, default=QueueState.DONE
    )
    priority = models.FloatField(default=0)
    upto = models.BigIntegerField(default=0)
    total = models.IntegerField(default=0)
    judged = models.IntegerField(default=0)
    settled = models.IntegerField(default=0)
    disputed = models.IntegerField(default=0)
    undecided = models.IntegerField(default=0)  # judged, but its truth is open
    open_places = models.IntegerField(default=0)  # unmet and not held
    held_places = models.IntegerField(default=0)  # held by a live lease, no verdict yet

    class Meta:
        verbose_name_plural = "batch entities"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "entity"], name="an_entity_once_a_batch"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("batch"),
                -F("priority"),
                F("entity"),
                condition=Q(state="open"),
                name="queue",
            ),
        ]

    def __str__(self) -> str:
        return f"entity {self.entity_id} in batch {self.batch_id}"


class Reopened(models.Model):
    """An entity, perhaps behind this judge's cursor, that may have something again."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False)
    judge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, db_index=False)
    priority = models.FloatField()  # the row's, so that the queue's order is an index

    class Meta:
        verbose_name_plural = "reopened"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "judge", "entity"], name="an_entity_reopened_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("batch"),
                F("judge"),
                -F("priority"),
                F("entity"),
                name="reopened_in_queue_order",
            ),
        ]

    def __str__(self) -> str:
        return f"entity {self.entity_id} again for {self.judge_id}"


class AssignmentState(models.TextChoices):
    """Held pages are the judge's; the others are over."""

    HELD = "held"
    SUBMITTED = "submitted"
    RELEASED = "released"
    EXPIRED = "expired"


class Assignment(models.Model):
    """One page for one judge: candidates of one entity, each on a numbered place.

    `candidates` and `places` are arrays of equal length, in the order shown, fixed
    when leased. Position n of the page is tile `<id>.<n>`, counted from 0.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, db_index=False)
    judge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False
    )
    candidates = ArrayField(models.BigIntegerField())
    places = ArrayField(models.SmallIntegerField())
    state = models.CharField(
        max_length=9, choices=AssignmentState.choices, default=AssignmentState.HELD
    )
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["batch", "entity"],
                condition=Q(state="held"),
                name="held_of_entity",
            ),
            models.Index(
                fields=["expires_at"], condition=Q(state="held"), name="held_until"
            ),
            models.Index(fields=["judge", "batch", "-id"], name="own_pages"),
            models.Index(fields=["batch", "entity", "judge"], name="pages_of_entity"),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"

    def tile_id(self, position: int) -> str:
        """All that a judge sees of a candidate's identity."""
        return f"{self.pk}.{position}"
