"""Files that were read in, and the rows that were not."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ImportState(models.TextChoices):
    """Done: every row is in or refused. Failed: it cannot be read to its end."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Import(models.Model):
    """One file on its way in. `position` counts the records that are committed.

    `upload` is the name in Django's storage of a file that came by HTTP; it is deleted
    when the import ends. A killed import goes on after `position`.
    """

    layout = models.CharField(max_length=16, blank=True, default="")
    file_name = models.TextField(blank=True, default="")
    upload = models.TextField(blank=True, default="")
    with_images = models.BooleanField(default=True)
    state = models.CharField(
        max_length=8, choices=ImportState.choices, default=ImportState.PENDING
    )
    position = models.BigIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)  # since it last got on
    rows_read = models.BigIntegerField(default=0)
    rows_added = models.BigIntegerField(default=0)
    rows_known = models.BigIntegerField(default=0)
    rows_refused = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True, default="")
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
    """A row that was not taken: its 1-based line, why, and its first 200 characters."""

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
    """An erased key or picture, remembered only as an HMAC so that it cannot return."""

    class Kind(models.TextChoices):
        ENTITY = "entity"
        IMAGE = "image"

    kind = models.CharField(max_length=6, choices=Kind.choices)
    hmac = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.kind} tombstone {self.pk}"
