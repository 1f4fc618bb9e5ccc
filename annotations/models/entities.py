"""Entities, their candidates, and the images of the candidates."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Lower, Now

from .fields import Sha256Field


class Entity(models.Model):
    """A person or thing with a key, whose candidate images are verified.

    Every property can be missing. An erased entity keeps its row, without a key or any
    property, so that other rows can still refer to it.
    """

    key = models.CharField(max_length=128, unique=True, null=True)  # noqa: DJ001
    name = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    frequency = models.BigIntegerField(null=True, blank=True)
    gender = models.TextField(blank=True, default="")
    birth_date = models.TextField(blank=True, default="")
    professions = ArrayField(models.TextField(), default=list, blank=True)
    countries = ArrayField(models.TextField(), default=list, blank=True)
    url = models.TextField(blank=True, default="")
    # A digest, not a foreign key: lists name it before the picture arrives.
    representative = Sha256Field(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "entities"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(key__isnull=False) | Q(erased_at__isnull=False),
                name="only_erased_entities_lack_a_key",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("frequency").desc(nulls_last=True),
                F("id"),
                name="entity_by_frequency",
            ),
            # An index entry has a size limit; names have none.
            models.Index(
                OpClass(Lower(Left("name", 100)), "text_pattern_ops"),
                F("id"),
                name="entity_by_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.key or f"erased entity {self.pk}"

    @property
    def other_names(self) -> "models.QuerySet[Alias]":
        """The aliases other than the display name, which is also stored as an alias."""
        return self.aliases.exclude(name=self.name).order_by("pk")


class Alias(models.Model):
    """Another name of an entity, in some language."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="aliases")
    name = models.TextField()
    language = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "aliases"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["entity", "name", "language"], name="one_alias_per_language"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.language}" if self.language else self.name


class Image(models.Model):
    """The metadata of a picture, whose bytes are stored once, under their digest.

    Unreadable bytes are stored unchanged. `format` is Pillow's name of the format, empty
    for unreadable bytes.
    """

    sha256 = Sha256Field(unique=True)
    byte_size = models.IntegerField()
    format = models.CharField(max_length=8, blank=True, default="")
    width = models.IntegerField(null=True, blank=True)
    height = models.IntegerField(null=True, blank=True)
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.sha256)

    @property
    def is_readable(self) -> bool:
        """Whether the guarded decoder accepted the bytes."""
        return bool(self.format)


class CandidateState(models.TextChoices):
    """The state of a candidate. All but waiting and erased candidates can be judged."""

    WAITING = "waiting", "waiting for its picture"
    READY = "ready"
    UNREADABLE = "unreadable"
    EMPTY = "empty", "unreadable, of zero bytes"
    ERASED = "erased"


JUDGEABLE = (CandidateState.READY, CandidateState.UNREADABLE, CandidateState.EMPTY)


class Candidate(models.Model):
    """An image that may show its entity.

    Identity: entity, FaceID and picture; without bytes entity, FaceID, image URL and
    rank. Rank and URLs are those of the first imported row of the candidate.
    """

    entity = models.ForeignKey(
        Entity, on_delete=models.CASCADE, related_name="candidates", db_index=False
    )
    image = models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="candidates",
    )
    state = models.CharField(max_length=10, choices=CandidateState.choices)
    face_id = models.TextField(blank=True, default="")
    rank = models.IntegerField(null=True, blank=True)
    image_url = models.TextField(blank=True, default="")
    page_url = models.TextField(blank=True, default="")
    query = models.TextField(blank=True, default="")
    licence = models.TextField(blank=True, default="")
    attribution = models.TextField(blank=True, default="")
    retrieved_at = models.DateTimeField(null=True, blank=True)
    # x1 y1 x2 y2. `frame` is relative to this picture, and pages draw it. `face_rectangle`
    # is relative to the original that this picture was cropped from: provenance only.
    frame = ArrayField(models.FloatField(), size=4, null=True, blank=True)
    face_rectangle = ArrayField(models.FloatField(), size=4, null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "erased"], image__isnull=True)
                | Q(state__in=["ready", "unreadable", "empty"], image__isnull=False),
                name="a_picture_unless_waiting_or_erased",
            ),
            models.UniqueConstraint(
                fields=["entity", "face_id", "image"],
                condition=Q(state__in=["ready", "unreadable"]),
                name="one_candidate_per_picture",
            ),
            models.UniqueConstraint(
                fields=["entity", "face_id", "image_url", "rank"],
                condition=Q(state__in=["waiting", "empty"]),
                nulls_distinct=False,
                name="one_candidate_without_bytes",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("entity"),
                F("rank").asc(nulls_last=True),
                F("id"),
                name="candidate_by_rank",
            ),
        ]

    def __str__(self) -> str:
        return f"candidate {self.pk}"

    @property
    def is_readable(self) -> bool:
        """Whether the candidate has a picture that can be shown."""
        return self.state == CandidateState.READY


class ReportReason(models.TextChoices):
    """Why a user asks to take a candidate out of the queue."""

    MINOR = "minor", "shows a minor"
    PRIVATE = "private", "a private person"
    OFFENSIVE = "offensive"
    OTHER = "other"


class Report(models.Model):
    """A user's request to hide a candidate from judges until an adjudicator checks it."""

    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="reports"
    )
    by = models.ForeignKey("annotations.User", on_delete=models.PROTECT)
    reason = models.CharField(max_length=16, choices=ReportReason.choices)
    comment = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        "annotations.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["candidate", "by"],
                condition=Q(dismissed_at__isnull=True),
                name="one_open_report_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.pk} ({self.reason})"
