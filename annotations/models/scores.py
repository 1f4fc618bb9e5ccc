"""Scorers, their scores of candidates, calibrations, and clearance."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Ln, Now

from .entities import Candidate, Entity


class Scorer(models.Model):
    """A model in one version, with the SHA-256 of its weights.

    Another version is another row, and the scores and fits of both are kept. The settings
    name the active scorers. `swept_to` is the entity up to which the current sweep has
    searched for candidates without a score.
    """

    name = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, blank=True, default="")
    is_active = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    swept_to = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(null=True, blank=True)  # the end of the last sweep
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "version", "digest"], name="a_scorer_once_a_version"
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(is_active=True),
                name="one_active_version_a_scorer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class FitMethod(models.TextChoices):
    """How similarities become probabilities."""

    PRIOR = "prior"
    SIGMOID = "sigmoid"
    ISOTONIC = "isotonic"


class ScorerFit(models.Model):
    """A calibration of a scorer on the independent verdicts of this installation.

    The latest fit of a scorer counts; before the first, the scorer's documented prior.
    `parameters` has one model per fold of entities, each fitted on the other folds, so
    the figures describe predictions for entities that a model was not fitted on.
    `previous_brier` is the Brier score of the previous fit on the labels of this fit,
    `shift` the mean distance between the probabilities of both.
    """

    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, related_name="fits")
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    method = models.CharField(max_length=8, choices=FitMethod.choices)
    parameters = models.JSONField()
    labels = models.IntegerField()
    positives = models.IntegerField()
    entities = models.IntegerField()
    # All verdicts of the installation at that time, to decide when to fit again.
    verdicts = models.BigIntegerField(default=0)
    brier = models.FloatField()
    ece = models.FloatField()
    auc = models.FloatField(null=True)
    # [{low, high, count, mean, share}]: the number of probabilities from low to high,
    # their mean, and the share of yes among their labels.
    reliability = models.JSONField()
    previous_brier = models.FloatField()
    shift = models.FloatField()

    def __str__(self) -> str:
        return f"fit {self.pk} of {self.scorer}"


class Outcome(models.TextChoices):
    """The outcome of scoring a candidate. Only `scored` has a probability."""

    SCORED = "scored"
    NO_FACE = "no-face", "no face found"
    TINY_FACE = "tiny-face", "the face is too small"
    UNREADABLE = "unreadable", "no picture to look at"
    NO_REFERENCE = "no-reference", "nothing to compare it with"
    FAILED = "failed", "set aside: looking at it failed"


BITS = 1.4426950408889634  # 1 / ln 2

# Entropy in bits: 0 for a certain yes or no, 1 where the model has no probability.
DOUBT = Case(
    When(outcome="unreadable", then=Value(0.0)),
    When(probability__isnull=True, then=Value(1.0)),
    When(probability__lte=0.0, then=Value(0.0)),
    When(probability__gte=1.0, then=Value(0.0)),
    default=(
        F("probability") * Ln(F("probability"))
        + (Value(1.0) - F("probability")) * Ln(Value(1.0) - F("probability"))
    )
    * Value(-BITS),
    output_field=models.FloatField(),
)


class Score(models.Model):
    """A scorer's result for a candidate.

    `probability` is that of yes, calibrated by `fit` (None: by the prior). `faces` is the
    number of detected faces. The other values belong to the best matching face:
    `similarity` is the cosine to the nearest of `compared` references, `cohesion` the
    mean cosine to the most similar three of the entity's other candidates, `side` the
    shorter side in pixels of the picture, `detection` the detector's confidence, `box`
    x1 y1 x2 y2 relative to the picture. `doubt` is the entropy of the probability in bits.
    """

    pk = models.CompositePrimaryKey("scorer", "candidate")
    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    problem = models.TextField(blank=True, default="")
    faces = models.SmallIntegerField(default=0)
    box = ArrayField(models.FloatField(), size=4, null=True)
    side = models.FloatField(null=True)
    detection = models.FloatField(null=True)
    similarity = models.FloatField(null=True)
    cohesion = models.FloatField(null=True)
    compared = models.SmallIntegerField(default=0)
    probability = models.FloatField(null=True)
    fit = models.ForeignKey(
        ScorerFit, on_delete=models.SET_NULL, null=True, db_index=False
    )
    scored_at = models.DateTimeField(db_default=Now())
    doubt = models.GeneratedField(
        expression=DOUBT, output_field=models.FloatField(), db_persist=True
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="scored", probability__isnull=False)
                | (~Q(outcome="scored") & Q(probability__isnull=True)),
                name="a_probability_where_scored",
            ),
            models.CheckConstraint(
                condition=Q(probability__isnull=True)
                | Q(probability__gte=0, probability__lte=1),
                name="probability_is_0_to_1",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["scorer", "candidate"],
                condition=Q(outcome="failed"),
                name="scores_set_aside",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} by {self.scorer_id} for candidate {self.candidate_id}"


class Embedding(models.Model):
    """The vectors that a scorer computed from a candidate's picture: biometric data.

    `vectors` are n concatenated unit vectors of float32, little-endian, the largest face
    first. `boxes` are the n × 6 float32 of their x1 y1 x2 y2 (relative), detection and
    side. A separate table, so that embeddings can be purged without the scores.
    """

    pk = models.CompositePrimaryKey("scorer", "candidate")
    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE)
    vectors = models.BinaryField()
    boxes = models.BinaryField()

    def __str__(self) -> str:
        return f"embedding by {self.scorer_id} of candidate {self.candidate_id}"


class PendingScoring(models.Model):
    """An entity that waits to be scored by a scorer. The row is deleted when it is done.

    A worker can claim it from `due_at` on. An expired claim is free again, so another
    worker takes over from a killed one. `marked` counts requests, so that a request
    during the work is not lost. `attempts` counts claims since the last success.
    """

    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, db_index=False)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    due_at = models.DateTimeField(db_default=Now())
    marked = models.IntegerField(default=1)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    # The candidate that a repeated attempt is scoring.
    trying = models.BigIntegerField(null=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scorer", "entity"], name="an_entity_due_once_a_scorer"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["scorer", "due_at"], name="due_first"),
        ]

    def __str__(self) -> str:
        return f"entity {self.entity_id} is due for scorer {self.scorer_id}"


class Clearance(models.Model):
    """A candidate of a cleaning batch that carries the model's verdict.

    People are not asked about it, except in the audit (`is_audit`), which measures the
    model's errors. `lot` is a random number from 0 to 1, drawn by seed. The lowest lots
    form the audit, so it is a random sample of all cleared candidates. The rows of a
    failed audit are deleted; the audit log records the failure.
    """

    pk = models.CompositePrimaryKey("batch", "candidate")
    batch = models.ForeignKey(
        "annotations.Batch", on_delete=models.CASCADE, db_index=False
    )
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, db_index=False)
    verdict = models.CharField(max_length=3, choices=[("yes", "yes"), ("no", "no")])
    probability = models.FloatField()
    lot = models.FloatField()
    is_audit = models.BooleanField(default=False)
    cleared_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["batch", "entity"], name="cleared_of_entity"),
            models.Index(fields=["batch", "lot"], name="cleared_by_lot"),
        ]

    def __str__(self) -> str:
        return f"candidate {self.candidate_id} cleared as {self.verdict}"
