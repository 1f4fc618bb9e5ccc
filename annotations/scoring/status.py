"""How far models are, what their fits say, what they set aside: for admins.

Nothing is counted beyond `READ`: whatever is read here is as long as a page, or as far
as anybody can tell numbers apart.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

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
from .calibration import LABELS_ENOUGH

READ = 10_000
JUDGMENTS_READ = 500  # to tell how many are there
# Who waits as long at the head of the line waits for somebody to come.
STUCK_MINUTES = 10
HEADS = 100  # of the line, among which somebody's claim is looked for

# Each part reads READ + 1 rows at most: of a short batch its entities, else the line.
OF_THE_BATCH = """
SELECT s.id, count(q.entity_id), count(d.entity_id),
       (array_agg(d.problem ORDER BY d.due_at DESC) FILTER (WHERE d.problem <> ''))[1]
FROM annotations_scorer s
LEFT JOIN (SELECT entity_id FROM annotations_batchentity
           WHERE batch_id = %(batch)s LIMIT %(limit)s) q ON true
LEFT JOIN LATERAL (SELECT entity_id, problem, due_at FROM annotations_pendingscoring
                   WHERE scorer_id = s.id AND entity_id = q.entity_id LIMIT 1) d ON true
WHERE s.is_active GROUP BY s.id
"""
OF_THE_LINE = """
SELECT count(*), count(q.found),
       (array_agg(d.problem ORDER BY d.due_at DESC)
        FILTER (WHERE d.problem <> '' AND q.found))[1]
FROM (SELECT entity_id, problem, due_at FROM annotations_pendingscoring
      WHERE scorer_id = %(scorer)s ORDER BY due_at LIMIT %(limit)s) d
LEFT JOIN LATERAL (SELECT true AS found FROM annotations_batchentity
                   WHERE batch_id = %(batch)s AND entity_id = d.entity_id LIMIT 1) q
    ON true
"""


@dataclass(frozen=True)
class Backlog:
    """How many entities wait for a scorer; `is_more`: at least so many."""

    due: int
    is_more: bool
    is_stuck: bool  # the first has waited long, and nobody is at it


@dataclass(frozen=True)
class ScorerInBatch:
    """How far a scorer is with a batch's entities; `problem` is met on the way."""

    scorer: Scorer
    due: int
    is_more: bool  # at least so many are due
    entities: int
    problem: str
    is_stuck: bool

    @property
    def is_paused(self) -> bool:
        """Whether somebody has told it to wait."""
        return self.scorer.paused_at is not None

    @property
    def scored(self) -> int | None:
        """Entities that need no look now; None where that cannot be told."""
        return None if self.is_more else max(0, self.entities - self.due)


@dataclass(frozen=True)
class BatchScoring:
    """How far the active scorers are with a batch; `entities` may lag a little."""

    entities: int
    scorers: list[ScorerInBatch]

    @property
    def is_due(self) -> bool:
        """Whether anything is to be done yet."""
        return any(each.due for each in self.scorers)


@dataclass(frozen=True)
class ScorerWithFit:
    """A scorer and its latest fit; None: its documented prior counts."""

    scorer: Scorer
    fit: ScorerFit | None


def batch_scoring(batch: Batch) -> BatchScoring:
    """How far each active scorer is with the batch's entities, the leading one first.

    What is due is told exactly where the batch or the scorer's line is short, else as
    "at least so many".
    """
    limits = {"batch": batch.pk, "limit": READ + 1}
    with connection.cursor() as cursor:
        cursor.execute(OF_THE_BATCH, limits)
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    entities = max([batch.entities_total, *(row[0] for row in found.values())])
    active = default_first(Scorer.objects.filter(pk__in=found))
    told = [_in_batch(each, batch, entities, found[each.pk]) for each in active]
    return BatchScoring(entities, told)


def _in_batch(
    scorer: Scorer, batch: Batch, entities: int, found: tuple[int, int, str | None]
) -> ScorerInBatch:
    read, due, problem = found
    is_more = False
    if read > READ:
        limits = {"batch": batch.pk, "scorer": scorer.pk, "limit": READ + 1}
        with connection.cursor() as cursor:
            cursor.execute(OF_THE_LINE, limits)
            waiting, due, problem = cursor.fetchone()
        is_more = waiting > READ
    is_stuck = due > 0 and _is_stuck(scorer)
    return ScorerInBatch(scorer, due, is_more, entities, problem or "", is_stuck)


def backlog_of(scorer: Scorer) -> Backlog:
    """How many entities wait for a scorer in all."""
    waiting = len(
        PendingScoring.objects.filter(scorer=scorer).values_list("pk")[: READ + 1]
    )
    return Backlog(min(waiting, READ), waiting > READ, waiting > 0 and _is_stuck(scorer))


def _is_stuck(scorer: Scorer) -> bool:
    """Whether nobody comes for what waits at the head of the line. Pausing is no harm.

    What a batch needs is put before all else when it is opened, whatever its times say.
    """
    if scorer.paused_at is not None:
        return False
    first = PendingScoring.objects.filter(scorer=scorer).order_by("due_at")[:HEADS]
    times = list(first.values_list("due_at", "claimed_until"))
    long_ago = timezone.now() - timedelta(minutes=STUCK_MINUTES)
    if not times or times[0][0] > long_ago:
        return False
    is_new = Batch.objects.filter(opened_at__gt=long_ago).exists()
    return not is_new and all(until is None or until < long_ago for _, until in times)


def default_first(scorers: QuerySet[Scorer]) -> list[Scorer]:
    """In the order of the settings, then those that are active no more, by name."""
    places = {name: place for place, name in enumerate(registry.configured())}
    found = list(scorers.order_by("name", "-pk"))
    return sorted(
        found, key=lambda each: (not each.is_active, places.get(each.name, len(places)))
    )


def scorers() -> list[ScorerWithFit]:
    """Every scorer there ever was, active ones first, with its latest fit."""
    return with_fits(default_first(Scorer.objects.all()))


def with_fits(scorers: Sequence[Scorer]) -> list[ScorerWithFit]:
    """The scorers in the given order, with their latest fits, in two statements."""
    latest = (
        ScorerFit.objects.filter(scorer=OuterRef("pk")).order_by("-pk").values("pk")
    )
    rows = Scorer.objects.filter(pk__in=[scorer.pk for scorer in scorers])
    newest = rows.values_list("pk", Subquery(latest[:1]))
    fits = dict(newest)
    shown = ScorerFit.objects.defer("parameters").in_bulk(
        [pk for pk in fits.values() if pk]
    )
    return [ScorerWithFit(each, shown.get(fits.get(each.pk) or 0)) for each in scorers]


def fits_of(scorer: Scorer) -> QuerySet[ScorerFit]:
    """The fits of a scorer, the newest first, without what they are made of."""
    rows = ScorerFit.objects.filter(scorer=scorer).select_related("scorer")
    return rows.defer("parameters").order_by("-pk")


def failed_scores(scorer: Scorer) -> QuerySet[Score]:
    """What failed for good, by candidate; take no more of it than you show."""
    rows = Score.objects.filter(scorer=scorer, outcome=Outcome.FAILED)
    return rows.select_related("candidate__entity").order_by("candidate_id")


def scores_of(candidates: Sequence[Candidate]) -> dict[int, list[Score]]:
    """The scores of each candidate, those of active scorers first; one statement."""
    numbers = [candidate.pk for candidate in candidates]
    rows = Score.objects.filter(candidate__in=numbers).select_related("scorer")
    found: dict[int, list[Score]] = defaultdict(list)
    for score in rows.order_by("-scorer__is_active", "scorer__name", "-scorer_id"):
        found[score.candidate_id].append(score)
    return found


def default_scorer() -> Scorer | None:
    """The scorer that counts first: the first of the settings."""
    return next(iter(registry.rows()), None)


def default_scores(candidates: Sequence[Candidate]) -> dict[int, Score]:
    """What the leading scorer thinks of each candidate that it has looked at."""
    scorer = default_scorer()
    numbers = [candidate.pk for candidate in candidates]
    rows = Score.objects.filter(scorer=scorer, candidate__in=numbers)
    return {score.candidate_id: score for score in rows.select_related("scorer")}


@dataclass(frozen=True)
class BeforeFirstFit:
    """What counts before a scorer's first fit, and how far that fit is away."""

    prior: Prior | None  # None: a former scorer's is not known any more
    needed: int
    known: int  # pictures with an independent verdict, at most `needed`
    lacking: str  # what the last attempt wanted; empty: none was made


def before_first_fit(scorer: Scorer) -> BeforeFirstFit:
    """What counts until a scorer is fitted for the first time."""
    said = Judgment.objects.filter(blind_verdict__in=["yes", "no", "broken"])
    rows = said.values_list("candidate_id", flat=True)[:JUDGMENTS_READ]
    known = min(LABELS_ENOUGH, len(set(rows)))
    kind = registry.configured().get(scorer.name)
    prior = kind.prior if kind else None
    return BeforeFirstFit(prior, LABELS_ENOUGH, known, fitting.lacking(scorer))
