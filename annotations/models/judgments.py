"""Judgments: one narrow row with the current verdict, and revisions of former ones."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotations.consensus import Verdict

from .batches import Batch
from .entities import Candidate
from .queue import Assignment
from .triggers import APPEND_ONLY_UNLESS_ERASING, KEEP_REVISION

VERDICTS = [(verdict.value, verdict.value) for verdict in Verdict]


class How(models.TextChoices):
    """How a verdict was given."""

    KEY = "key"
    CLICK = "click"
    FILL = "fill"


class Judgment(models.Model):
    """A judge's current verdict on a candidate in a batch.

    `place` is None for a skip. `blind_verdict` is the judge's last verdict given without
    having seen votes, None if there is none. `verdict` is null only inside the
    transaction that takes the judgment back. Every unique key begins with batch, so that
    the table can be partitioned by batch.
    """

    pk = models.CompositePrimaryKey("batch", "candidate", "judge")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT)
    judge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False
    )
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, db_index=False)
    place = models.SmallIntegerField(null=True)
    verdict = models.CharField(max_length=6, choices=VERDICTS, null=True)  # noqa: DJ001
    blind_verdict = models.CharField(max_length=6, choices=VERDICTS, null=True)  # noqa: DJ001
    how = models.CharField(max_length=5, choices=How.choices)
    reason = models.TextField(blank=True, default="")
    centiseconds = models.IntegerField()
    decided_at = models.DateTimeField()
    received_at = models.DateTimeField()
    client_id = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["batch", "candidate", "place"], name="one_judgment_per_place"
            ),
            models.UniqueConstraint(
                fields=["batch", "client_id", "judge"],
                name="one_judgment_per_mark",
            ),
            models.CheckConstraint(
                condition=Q(verdict="skip", place__isnull=True)
                | Q(verdict__isnull=True)
                | (~Q(verdict="skip") & Q(place__gte=1, place__lte=7)),
                name="a_place_unless_skipped",
            ),
        ]
        triggers: ClassVar = [KEEP_REVISION]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.judge_id} on candidate {self.candidate_id}"


class Unblinding(models.Model):
    """A judge who has been shown the votes on a candidate, or a sign of them.

    A settled picture and the request for a second look are such signs. The judge's later
    verdicts on the candidate, in any batch, are not independent. `page` writes the row
    in the statement or transaction that gives the sign. Former adjudicators and admins
    have no rows: `User.unblinded_upto` covers everything that they could see.
    """

    pk = models.CompositePrimaryKey("candidate", "judge")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, db_index=False)
    judge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False
    )

    def __str__(self) -> str:
        return f"{self.judge_id} is not blind on candidate {self.candidate_id}"


class Voiding(models.Model):
    """The removal of all of a judge's judgments in a batch, with the reason."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT)
    judge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField()
    judgments = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"voiding {self.pk} in batch {self.batch_id}"


class JudgmentRevision(models.Model):
    """A mark that was replaced, taken back or voided, with the mark that replaced it.

    A trigger on Judgment writes these rows. `judgments` adds one for a null mark without
    a judgment to take back. Rows never change, and only an erasure deletes them. The
    indexes find every mark's id: a new id without an index entry is also the current
    judgment's id, or the old id of the next revision.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, db_index=False)
    judge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False
    )
    assignment_id = models.BigIntegerField(null=True)
    old_client_id = models.UUIDField(null=True)
    old_verdict = models.CharField(max_length=6, null=True)  # noqa: DJ001
    old_place = models.SmallIntegerField(null=True)
    old_decided_at = models.DateTimeField(null=True)
    old_centiseconds = models.IntegerField(null=True)
    old_how = models.CharField(max_length=5, null=True)  # noqa: DJ001
    new_assignment_id = models.BigIntegerField(null=True)
    new_client_id = models.UUIDField(null=True)
    new_verdict = models.CharField(max_length=6, null=True)  # noqa: DJ001
    replaced_at = models.DateTimeField()
    voiding = models.ForeignKey(
        Voiding, on_delete=models.PROTECT, null=True, db_index=False
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["batch", "candidate", "judge"], name="revisions_of_judgment"
            ),
            models.Index(
                fields=["batch", "old_client_id", "judge"], name="replaced_marks"
            ),
            models.Index(
                fields=["batch", "new_client_id", "judge"],
                condition=Q(new_verdict__isnull=True),
                name="marks_that_took_back",
            ),
        ]
        triggers: ClassVar = [APPEND_ONLY_UNLESS_ERASING]

    def __str__(self) -> str:
        return f"revision {self.pk} of candidate {self.candidate_id}"
