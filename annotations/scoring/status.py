"""The status of scorers for admins: progress, fits, failed pictures, scores.

No query reads more than a page or `COUNT_LIMIT` rows. Beyond that limit the number is
reported as "at least".
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from annotations import sql
from annotations.models import (
    Batch,
    Candidate,
    Judgment,
    Outcome,
    PendingScoring,
    Score,
    Scorer,
    ScorerFit,
)

from . import fitting, registry
from .base import Prior
from .calibration import MIN_LABELS

COUNT_LIMIT = 10_000
LABELS_READ = 500  # judgments that are read to count labelled pictures
# If the first entity in the backlog has been due this long, no worker comes.
STUCK_MINUTES = 10
FIRST_ROWS = 100  # of the backlog, among which a recent claim shows that a worker runs

# Each part reads COUNT_LIMIT + 1 rows at most: the entities of a short batch, else the
# backlog of the scorer.
BATCH_STATUS = """
SELECT s.id, count(q.entity_id) AS entities, count(d.entity_id) AS due,
       (array_agg(d.problem ORDER BY d.due_at DESC) FILTER (WHERE d.problem <> ''))[1]
           AS problem
FROM annotations_scorer s
LEFT JOIN (SELECT entity_id FROM annotations_batchentity
           WHERE batch_id = %(batch)s LIMIT %(limit)s) q ON true
LEFT JOIN LATERAL (SELECT entity_id, problem, due_at FROM annotations_pendingscoring
                   WHERE scorer_id = s.id AND entity_id = q.entity_id LIMIT 1) d ON true
WHERE s.is_active GROUP BY s.id
"""
BACKLOG_STATUS = """
SELECT count(*) AS backlog, count(q.is_in_batch) AS due,
       (array_agg(d.problem ORDER BY d.due_at DESC)
        FILTER (WHERE d.problem <> '' AND q.is_in_batch))[1] AS problem
FROM (SELECT entity_id, problem, due_at FROM annotations_pendingscoring
      WHERE scorer_id = %(scorer)s ORDER BY due_at LIMIT %(limit)s) d
LEFT JOIN LATERAL (SELECT true AS is_in_batch FROM annotations_batchentity
                   WHERE batch_id = %(batch)s AND entity_id = d.entity_id LIMIT 1) q
    ON true
"""


@dataclass(frozen=True)
class Backlog:
    """The number of entities due for a scorer; `is_more`: there are at least so many."""

    due: int
    is_more: bool
    is_stuck: bool  # the first has been due for long, and no worker has claimed it


@dataclass(frozen=True)
class ScorerInBatch:
    """A scorer's progress in a batch; `problem` is the latest one that is retried."""

    scorer: Scorer
    due: int
    is_more: bool  # at least so many are due
    entities: int
    problem: str
    is_stuck: bool

    @property
    def is_paused(self) -> bool:
        """Whether an admin has paused the scorer."""
        return self.scorer.paused_at is not None

    @property
    def scored(self) -> int | None:
        """The number of entities that are up to date; None if it is unknown."""
        return None if self.is_more else max(0, self.entities - self.due)


@dataclass(frozen=True)
class BatchScoring:
    """The progress of the active scorers in a batch; `entities` can be outdated."""

    entities: int
    scorers: list[ScorerInBatch]

    @property
    def is_due(self) -> bool:
        """Whether any entity is due for a scorer."""
        return any(progress.due for progress in self.scorers)


@dataclass(frozen=True)
class ScorerWithFit:
    """A scorer and its latest fit; None while it uses its documented prior."""

    scorer: Scorer
    fit: ScorerFit | None


def batch_scoring(batch: Batch) -> BatchScoring:
    """Return the progress of each active scorer in a batch, the default scorer first.

    The number of due entities is exact if the batch or the scorer's backlog is short,
    else it is a minimum.
    """
    parameters = {"batch": batch.pk, "limit": COUNT_LIMIT + 1}
    rows = {row.id: row for row in sql.rows(BATCH_STATUS, parameters)}
    entities = max([batch.entities_total, *(row.entities for row in rows.values())])
    scorers = default_first(Scorer.objects.filter(pk__in=rows))
    progress = [_in_batch(s, batch, entities, rows[s.pk]) for s in scorers]
    return BatchScoring(entities, progress)


def _in_batch(scorer: Scorer, batch: Batch, entities: int, row: Any) -> ScorerInBatch:
    is_more = False
    if row.entities > COUNT_LIMIT:
        parameters = {
            "batch": batch.pk,
            "scorer": scorer.pk,
            "limit": COUNT_LIMIT + 1,
        }
        row = sql.one(BACKLOG_STATUS, parameters)
        is_more = row.backlog > COUNT_LIMIT
    is_stuck = row.due > 0 and _is_stuck(scorer)
    return ScorerInBatch(
        scorer, row.due, is_more, entities, row.problem or "", is_stuck
    )


def backlog_of(scorer: Scorer) -> Backlog:
    """Return the number of entities due for a scorer in all batches."""
    rows = PendingScoring.objects.filter(scorer=scorer).values_list("pk")
    count = len(rows[: COUNT_LIMIT + 1])
    is_stuck = count > 0 and _is_stuck(scorer)
    return Backlog(min(count, COUNT_LIMIT), count > COUNT_LIMIT, is_stuck)


def _is_stuck(scorer: Scorer) -> bool:
    """Whether no worker comes for the first entities of the backlog.

    A paused scorer is not stuck. The entities of a newly opened batch go first and get
    an early due time, so the times say nothing shortly after an opening.
    """
    if scorer.paused_at is not None:
        return False
    first = PendingScoring.objects.filter(scorer=scorer).order_by("due_at")[:FIRST_ROWS]
    times = list(first.values_list("due_at", "claimed_until"))
    limit = timezone.now() - timedelta(minutes=STUCK_MINUTES)
    if not times or times[0][0] > limit:
        return False
    is_new = Batch.objects.filter(opened_at__gt=limit).exists()
    return not is_new and all(
        claimed_until is None or claimed_until < limit for _, claimed_until in times
    )


def default_first(scorers: QuerySet[Scorer]) -> list[Scorer]:
    """Return active scorers in the order of the settings, then former ones by name."""
    order = {name: index for index, name in enumerate(registry.configured())}
    by_name = scorers.order_by("name", "-pk")
    return sorted(
        by_name, key=lambda s: (not s.is_active, order.get(s.name, len(order)))
    )


def scorers() -> list[ScorerWithFit]:
    """Return all scorers with their latest fits, active ones first."""
    return with_fits(default_first(Scorer.objects.all()))


def with_fits(scorers: Sequence[Scorer]) -> list[ScorerWithFit]:
    """Return scorers with their latest fits in the same order, by two queries."""
    fits = ScorerFit.objects.filter(scorer=OuterRef("pk")).order_by("-pk").values("pk")
    rows = Scorer.objects.filter(pk__in=[scorer.pk for scorer in scorers])
    latest_ids = dict(rows.values_list("pk", Subquery(fits[:1])))
    ids = [fit_id for fit_id in latest_ids.values() if fit_id]
    latest = ScorerFit.objects.defer("parameters").in_bulk(ids)
    return [
        ScorerWithFit(scorer, latest.get(latest_ids.get(scorer.pk) or 0))
        for scorer in scorers
    ]


def fits_of(scorer: Scorer) -> QuerySet[ScorerFit]:
    """Return the fits of a scorer without their parameters, the newest first."""
    rows = ScorerFit.objects.filter(scorer=scorer).select_related("scorer")
    return rows.defer("parameters").order_by("-pk")


def failed_scores(scorer: Scorer) -> QuerySet[Score]:
    """Return a scorer's failures by candidate. Slice it: there can be many."""
    rows = Score.objects.filter(scorer=scorer, outcome=Outcome.FAILED)
    return rows.select_related("candidate__entity").order_by("candidate_id")


def scores_of(candidates: Sequence[Candidate]) -> dict[int, list[Score]]:
    """Return the scores by candidate, those of active scorers first, by one query."""
    ids = [candidate.pk for candidate in candidates]
    rows = Score.objects.filter(candidate__in=ids).select_related("scorer")
    scores: dict[int, list[Score]] = defaultdict(list)
    for score in rows.order_by("-scorer__is_active", "scorer__name", "-scorer_id"):
        scores[score.candidate_id].append(score)
    return scores


def default_scorer() -> Scorer | None:
    """Return the first scorer of the settings; None if there is none."""
    return next(iter(registry.rows()), None)


def default_scores(candidates: Sequence[Candidate]) -> dict[int, Score]:
    """Return the default scorer's scores by candidate."""
    scorer = default_scorer()
    ids = [candidate.pk for candidate in candidates]
    rows = Score.objects.filter(scorer=scorer, candidate__in=ids)
    return {score.candidate_id: score for score in rows.select_related("scorer")}


@dataclass(frozen=True)
class BeforeFirstFit:
    """The prior of a scorer without a fit, and the labels that the first fit needs."""

    prior: Prior | None  # None: the prior of a former scorer is no longer known
    needed: int
    known: int  # pictures with an independent verdict, at most `needed`
    lacking: str  # the reason why the last attempt failed; empty without an attempt


def before_first_fit(scorer: Scorer) -> BeforeFirstFit:
    """Return the state of a scorer that has no fit yet."""
    labels = Judgment.objects.filter(blind_verdict__in=["yes", "no", "broken"])
    candidates = labels.values_list("candidate_id", flat=True)[:LABELS_READ]
    labelled = min(MIN_LABELS, len(set(candidates)))
    model_class = registry.configured().get(scorer.name)
    prior = model_class.prior if model_class else None
    return BeforeFirstFit(prior, MIN_LABELS, labelled, fitting.lacking(scorer))
