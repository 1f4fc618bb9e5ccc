"""Rulings of adjudicators."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotations.consensus import Verdict

from .batches import Batch
from .entities import Candidate


class Ruling(models.Model):
    """An adjudicator's decision on a candidate. It does not change the judgments.

    A candidate has one standing ruling per batch. Reopened rulings are kept.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, related_name="rulings"
    )
    verdict = models.CharField(
        max_length=6,
        choices=[(v.value, v.value) for v in Verdict if v is not Verdict.SKIP],
    )
    note = models.TextField(blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "candidate"],
                condition=Q(reopened_at__isnull=True),
                name="one_standing_ruling",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} for candidate {self.candidate_id}"
