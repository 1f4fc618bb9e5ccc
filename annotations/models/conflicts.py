"""Conflicts of candidates, and the comments and second looks that resolve them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from .batches import Batch
from .entities import Candidate, Entity


class Conflict(models.Model):
    """A candidate for an adjudicator: disputed, reported or stuck, and without a ruling.

    `queue` writes it under the queue row's lock, in the transaction that changes the
    candidate's standing; `verify` recomputes it. An adjudicator leases a conflict as a
    judge leases a page.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, db_index=False)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, db_index=False)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="conflicts"
    )
    is_open = models.BooleanField()  # its truth is open
    is_disputed = models.BooleanField()
    is_reported = models.BooleanField()
    is_stuck = models.BooleanField()
    since = models.DateTimeField(db_default=Now(), editable=False)
    put_off_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "candidate"], name="one_conflict_per_candidate"
            ),
            models.CheckConstraint(
                condition=Q(is_disputed=True) | Q(is_reported=True) | Q(is_stuck=True),
                name="a_conflict_has_a_kind",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("batch"),
                F("put_off_at").asc(nulls_first=True),
                F("is_open").desc(),
                F("id"),
                name="conflicts_to_hand_out",
            ),
            models.Index(
                F("batch"), F("is_open").desc(), F("id"), name="conflicts_open_first"
            ),
            models.Index(fields=["batch", "entity"], name="conflicts_of_entity"),
        ]

    def __str__(self) -> str:
        return f"conflict on candidate {self.candidate_id} in batch {self.batch_id}"

    @property
    def kinds(self) -> list[str]:
        """The reasons among disputed, reported and stuck."""
        names = ("disputed", "reported", "stuck")
        return [name for name in names if getattr(self, f"is_{name}")]


class Comment(models.Model):
    """A note of an adjudicator or admin on a candidate. Rulings do not remove it."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="comments"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"comment {self.pk} on candidate {self.candidate_id}"


class SecondLook(models.Model):
    """A request to a judge to review a verdict, with the others' verdicts and reasons.

    The judge's answer is not independent, also if it confirms the verdict.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="second_looks"
    )
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    question = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=6, blank=True, default="")
    argument = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "candidate", "judge"],
                condition=Q(answered_at__isnull=True),
                name="asked_again_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"second look of {self.judge_id} at candidate {self.candidate_id}"
