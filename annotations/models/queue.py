"""The queue of a batch, and the pages leased to judges."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from .batches import Batch
from .entities import Entity


class QueueState(models.TextChoices):
    """Open: a place can be leased. Leased: all unmet places are held. Done: none is unmet."""

    OPEN = "open"
    LEASED = "leased"
    DONE = "done"


class BatchEntity(models.Model):
    """The queue: one row per batch and entity. Its lock guards places and judgments.

    `upto` is the highest candidate id that belongs to the batch: a member is a candidate
    with id <= upto and a picture. Counters change in the transaction of the counted rows;
    `verify` recomputes them.
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
    disputed = models.IntegerField(default=0)
    undecided = models.IntegerField(default=0)  # judged, with open truth
    open_places = models.IntegerField(default=0)  # unmet and not held
    held_places = models.IntegerField(default=0)  # held by a lease, without a verdict
    is_control = models.BooleanField(default=False)  # keeps random order

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
    """An entity that has places again for a judge whose cursor may have passed it."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False)
    judge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, db_index=False)
    priority = models.FloatField()  # copied from the row, for an index in queue order

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
    """Held pages belong to the judge; all others have ended."""

    HELD = "held"
    SUBMITTED = "submitted"
    RELEASED = "released"
    EXPIRED = "expired"


class Assignment(models.Model):
    """One page for one judge: candidates of one entity, each on a numbered place.

    `candidates` and `places` are arrays of equal length, in the order shown, fixed by
    the lease. Position n of the page is tile `<id>.<n>`, counted from 0.
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
        """Return the tile's id, the only part of a candidate's identity that judges see."""
        return f"{self.pk}.{position}"
