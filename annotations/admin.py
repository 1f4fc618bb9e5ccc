"""Django's admin site, for looking at rows that no page shows.

Whatever has rules (leases, judgments, batches, people) is changed through its stage,
so nearly everything is read-only here. No list counts its table.
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


class Uncounted(Paginator):
    """Pages of a list that may be long: counts only as far as anybody turns pages."""

    @property
    def count(self) -> int:
        """Rows there are, or COUNT_LIMIT where there are more."""
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            return len(rows.order_by().values_list("pk")[:COUNT_LIMIT])
        return len(rows)


class Looking(admin.ModelAdmin):
    """Rows to look at."""

    paginator = Uncounted
    show_full_result_count = False
    list_per_page = 50
    list_select_related = True
    ordering: ClassVar = ["-pk"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows come from the stages."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are changed by the stages."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Erasure is an act of its own."""
        return False


@admin.register(User)
class People(Looking):
    """Users, without what their passwords became."""

    list_display = ("username", "email", "roles", "is_active", "last_login")
    search_fields: ClassVar = ["username", "email"]
    exclude: ClassVar = ["password"]


@admin.register(Invitation)
class Invitations(Looking):
    """Who was invited, without what their links are found by."""

    list_display = ("pk", "email", "roles", "by", "expires_at", "accepted_by")
    search_fields: ClassVar = ["email"]
    exclude: ClassVar = ["digest"]


@admin.register(Entity)
class Entities(Looking):
    """Entities, found by the beginning of their key."""

    list_display = ("key", "name", "frequency", "erased_at")
    search_fields: ClassVar = ["key__startswith"]


@admin.register(Candidate)
class Candidates(Looking):
    """Candidates, found by their entity's key."""

    list_display = ("pk", "entity", "state", "rank", "face_id")
    search_fields: ClassVar = ["entity__key__exact"]
    raw_id_fields: ClassVar = ["entity", "image"]


@admin.register(Batch)
class Batches(Looking):
    """Batches with the sums of their queues."""

    list_display = ("name", "state", "candidates_total", "judged_total", "counted_at")
    search_fields: ClassVar = ["name"]


@admin.register(Assignment)
class Assignments(Looking):
    """Pages."""

    list_display = ("pk", "batch", "entity", "judge", "state", "expires_at")


@admin.register(Import)
class Imports(Looking):
    """Files on their way in."""

    list_display = ("pk", "file_name", "layout", "state", "rows_read", "rows_refused")


@admin.register(Report)
class Reports(Looking):
    """What somebody wants out of the queue."""

    list_display = ("pk", "candidate", "by", "reason", "created_at", "dismissed_at")


@admin.register(AuditEntry)
class AuditEntries(Looking):
    """Who did what."""

    list_display = ("at", "by", "action", "details")
    search_fields: ClassVar = ["action"]


@admin.register(Tombstone)
class Tombstones(Looking):
    """What must not return, as far as anybody can tell."""

    list_display = ("pk", "kind", "created_at")
    exclude: ClassVar = ["hmac"]


class Plain(Looking):
    """Rows that need no more than their names."""


# A judgment has a key of three columns, which the admin site cannot show.
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
    Plain,
)
