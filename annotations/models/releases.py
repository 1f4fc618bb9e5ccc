"""Releases, evaluations of results on them, and reports on agreement."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .batches import Batch
from .fields import Sha256Field
from .triggers import KEEP_RELEASE


class ReleaseState(models.TextChoices):
    """The state of a release. Only an erasure changes a done release."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Release(models.Model):
    """Frozen ground truth: the rules of its making, and a set of stored files.

    `files` is {name: {sha256, bytes, lines}}; each file is stored under its digest.
    `counts` are the numbers of included and omitted rows. `rules` are the batches' rules
    at that time, `method` describes how hard images were chosen. A trigger refuses every
    change of a done release; an erasure rewrites `files` and adds `ReleaseRemoval` rows.
    """

    name = models.CharField(max_length=100, unique=True)
    state = models.CharField(
        max_length=7, choices=ReleaseState.choices, default=ReleaseState.PENDING
    )
    batches = ArrayField(models.BigIntegerField())
    dev_entities = models.IntegerField()
    distractors = models.IntegerField()
    seed = models.BigIntegerField()
    # Leave out undecided candidates. Otherwise they block the release.
    leaves_open_out = models.BooleanField(default=False)
    contact = models.TextField(blank=True, default="")  # for requests of removal
    purpose = models.TextField(blank=True, default="")
    rules = models.JSONField(default=dict)
    method = models.TextField(blank=True, default="")
    code_version = models.CharField(max_length=40, blank=True, default="")
    counts = models.JSONField(default=dict)
    files = models.JSONField(default=dict)
    problem = models.TextField(blank=True, default="")
    # A random name for one pass from the first step to the last. A retry or an erasure
    # starts another round, so the work of a former round never enters the release.
    round = models.CharField(max_length=16, blank=True, default="")
    # Attempts of time-limited workers since the last progress.
    attempts = models.PositiveSmallIntegerField(default=0)
    # How far a running release is, 0 to 1, and the last sign of life of its worker.
    progress = models.FloatField(default=0)
    touched_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(dev_entities__gte=0, distractors__gte=0),
                name="a_release_counts_from_zero",
            ),
        ]
        triggers: ClassVar = [KEEP_RELEASE]

    def __str__(self) -> str:
        return self.name


class ReleaseRemoval(models.Model):
    """A file of a release that an erasure rewrote, with its old and new digest.

    If the file's bytes were lost, the new digest is that of zero bytes, and the release
    no longer has the file.
    """

    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, related_name="removals"
    )
    file = models.CharField(max_length=100)
    old_sha256 = Sha256Field()
    new_sha256 = Sha256Field()
    lines = models.IntegerField()  # removed
    removed_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.file} of release {self.release_id} rewritten"


class Evaluation(models.Model):
    """The figures of a recogniser's results on one subset and split of a release.

    `figures` has the fields of the API: coverage and threshold by precision, the curve,
    answered, correct, m. The results themselves are stored under `sha256`.
    """

    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, related_name="evaluations"
    )
    name = models.CharField(max_length=100)
    subset = models.CharField(max_length=6)  # random, hard
    split = models.CharField(max_length=4)  # dev, test
    sha256 = Sha256Field()
    figures = models.JSONField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.name} on {self.subset} {self.split} of {self.release_id}"


class AgreementReport(models.Model):
    """The agreement of a batch's judges, from the judgments up to `judged_at`.

    `figures` has the fields of the API. `details` are the further tables of the page:
    weeks, with and without broken, the control share, the entities with the most
    disagreement, reliability.
    """

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE)
    figures = models.JSONField()
    details = models.JSONField(default=dict)
    judged_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"agreement report of batch {self.batch_id}"
