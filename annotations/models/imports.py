"""Imported files, refused rows, and tombstones of erased data."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ImportState(models.TextChoices):
    """Done: every row is imported or refused. Failed: the file has an unreadable rest."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Import(models.Model):
    """The import of one file. `position` is the number of committed records.

    `upload` is the name in Django's storage of a file sent by HTTP, which is deleted when
    the import ends. A killed import resumes after `position`.
    """

    layout = models.CharField(max_length=16, blank=True, default="")
    file_name = models.TextField(blank=True, default="")
    upload = models.TextField(blank=True, default="")
    with_images = models.BooleanField(default=True)
    state = models.CharField(
        max_length=8, choices=ImportState.choices, default=ImportState.PENDING
    )
    position = models.BigIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)  # since the last progress
    rows_read = models.BigIntegerField(default=0)
    rows_added = models.BigIntegerField(default=0)
    rows_known = models.BigIntegerField(default=0)
    rows_refused = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True, default="")
    # By sentence: how many rows it concerns, and the line of the first, 0 for the file.
    warnings = models.JSONField(blank=True, default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    touched_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["touched_at"],
                condition=models.Q(state__in=["pending", "running"]),
                name="unfinished_imports",
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk} of {self.file_name}"


class RefusedRow(models.Model):
    """A row that was not imported: 1-based line, reason and first 200 characters."""

    source = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="refused", db_index=False
    )
    line = models.BigIntegerField()
    reason = models.TextField()
    row = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "line"], name="a_line_refused_once"
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Tombstone(models.Model):
    """The HMAC of an erased key or picture, so that it cannot be imported again."""

    class Kind(models.TextChoices):
        ENTITY = "entity"
        IMAGE = "image"

    kind = models.CharField(max_length=6, choices=Kind.choices)
    hmac = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.kind} tombstone {self.pk}"
