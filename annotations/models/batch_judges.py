"""The judges of a batch and their daily work."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from .batches import Batch


class BatchJudge(models.Model):
    """A judge of a batch, with the judge's position in its queue.

    The cursor is the key (priority, entity) of the last queue row that this judge
    passed. Rows up to it have nothing left for this judge, except those in `Reopened`.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE)
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    removed_at = models.DateTimeField(null=True, blank=True)
    cursor_priority = models.FloatField(null=True, blank=True)
    cursor_entity = models.BigIntegerField(null=True, blank=True)
    # The judge's counters, changed in the transaction that records marks: current
    # verdicts without skips, current skips, and the time spent on all marks.
    verdicts = models.IntegerField(default=0)
    skips = models.IntegerField(default=0)
    centiseconds = models.BigIntegerField(default=0)
    # When a verdict was last given, changed or taken back.
    said_at = models.DateTimeField(null=True, blank=True)
    # How often the others gave the same verdict, 0 to 1, over `shared` candidates;
    # computed daily.
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
    """A judge's work in a batch on one day (UTC).

    Judges are paid by these rows, so later erasures and voidings do not reduce them.
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
