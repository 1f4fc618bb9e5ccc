"""The audit log. Its rows are never changed or deleted.

They contain internal ids, never keys or digests, so that they can survive an erasure
without the erased data.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .triggers import APPEND_ONLY
from .users import User


class AuditEntry(models.Model):
    """One action of one user; `by` is None for the command line and for workers."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    action = models.CharField(max_length=40)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        triggers: ClassVar = [APPEND_ONLY]
        indexes: ClassVar = [
            models.Index(fields=["action", "-id"], name="audit_by_action")
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.by_id}"


def write(action: str, *, by: User | None, **details: Any) -> None:
    """Add an entry; `details` contain only internal ids, counts and states."""
    AuditEntry.objects.create(action=action, by=by, details=details)
