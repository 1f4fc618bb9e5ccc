"""Django's admin site, a view of rows that no page shows.

Only the stages change rows that have rules (leases, judgments, batches, users), so nearly
everything is read-only here. No list counts its whole table.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest

from annotations.models import (
    Alias,
    Assignment,
    AuditEntry,
    Batch,
    BatchEntity,
    BatchJudge,
    Candidate,
    Comment,
    Conflict,
    Entity,
    GuidelinesVersion,
    Image,
    Import,
    Invitation,
    JudgeDay,
    JudgmentRevision,
    RefusedRow,
    Report,
    Ruling,
    SecondLook,
    Tombstone,
    User,
    Voiding,
)

COUNT_LIMIT = 10_000


class LimitedPaginator(Paginator):  # type: ignore[type-arg]  # generic only in stubs
    """A paginator that counts at most COUNT_LIMIT rows, because tables can be large."""

    @property
    def count(self) -> int:
        """Return the number of rows, at most COUNT_LIMIT."""
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            return len(rows.order_by().values_list("pk")[:COUNT_LIMIT])
        return len(rows)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in stubs
    """Read-only rows."""

    paginator = LimitedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_select_related = True
    ordering: ClassVar = ["-pk"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the stages create rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the stages change rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: erasure is a separate action."""
        return False


@admin.register(User)
class Users(ReadOnlyAdmin):
    """Users, without the hashes of their passwords."""

    list_display = ("username", "email", "roles", "is_active", "last_login")
    search_fields: ClassVar = ["username", "email"]
    exclude: ClassVar = ["password"]


@admin.register(Invitation)
class Invitations(ReadOnlyAdmin):
    """Invitations, without the digests of their links."""

    list_display = ("pk", "email", "roles", "by", "expires_at", "accepted_by")
    search_fields: ClassVar = ["email"]
    exclude: ClassVar = ["digest"]


@admin.register(Entity)
class Entities(ReadOnlyAdmin):
    """Entities. The search finds the beginning of a key."""

    list_display = ("key", "name", "frequency", "erased_at")
    search_fields: ClassVar = ["key__startswith"]


@admin.register(Candidate)
class Candidates(ReadOnlyAdmin):
    """Candidates. The search finds the key of their entity."""

    list_display = ("pk", "entity", "state", "rank", "face_id")
    search_fields: ClassVar = ["entity__key__exact"]
    raw_id_fields: ClassVar = ["entity", "image"]


@admin.register(Batch)
class Batches(ReadOnlyAdmin):
    """Batches with the totals of their queues."""

    list_display = ("name", "state", "candidates_total", "judged_total", "counted_at")
    search_fields: ClassVar = ["name"]


@admin.register(Assignment)
class Assignments(ReadOnlyAdmin):
    """Pages of judges."""

    list_display = ("pk", "batch", "entity", "judge", "state", "expires_at")


@admin.register(Import)
class Imports(ReadOnlyAdmin):
    """Imported files."""

    list_display = ("pk", "file_name", "layout", "state", "rows_read", "rows_refused")


@admin.register(Report)
class Reports(ReadOnlyAdmin):
    """Reports of candidates."""

    list_display = ("pk", "candidate", "by", "reason", "created_at", "dismissed_at")


@admin.register(AuditEntry)
class AuditEntries(ReadOnlyAdmin):
    """The audit log."""

    list_display = ("at", "by", "action", "details")
    search_fields: ClassVar = ["action"]


@admin.register(Tombstone)
class Tombstones(ReadOnlyAdmin):
    """Erased entities and pictures, without their HMACs."""

    list_display = ("pk", "kind", "created_at")
    exclude: ClassVar = ["hmac"]


class NamesOnly(ReadOnlyAdmin):
    """Rows listed by their names only."""


# A judgment has a primary key of three columns, which the admin site does not support.
admin.site.register(
    [
        Alias,
        BatchEntity,
        BatchJudge,
        Comment,
        Conflict,
        GuidelinesVersion,
        Image,
        JudgeDay,
        JudgmentRevision,
        RefusedRow,
        Ruling,
        SecondLook,
        Voiding,
    ],
    NamesOnly,
)
