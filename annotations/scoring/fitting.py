"""Fits of scorers to the verdicts of this installation, and when they are due."""

import logging
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection, transaction
from django.db.models import Sum

from annotations.models import AuditEntry, BatchJudge, Scorer, ScorerFit, User, audit

from . import calibration
from .base import FEATURES, Prior
from .calibration import Calibration, Floats, Integers
from .measures import measure

log = logging.getLogger(__name__)

FITTED, NOT_FITTED = "scorer-fitted", "scorer-not-fitted"
# More labels hardly improve a fit, which should take only seconds.
CANDIDATES_LIMIT = 200_000
GROWTH = 1.25
MAX_AGE = timedelta(days=1)
ROWS_PER_FETCH = 5_000
ENTRIES_READ = 1_000  # latest audit entries; there are few scorers

# A candidate is in the sample if its first judgment is in the sampled pages of the table.
# So each candidate has the same probability, and only the sampled pages are read.
LABELS = """
WITH first AS (
    SELECT j.candidate_id
    FROM annotations_judgment j TABLESAMPLE SYSTEM (%(percent)s)
    WHERE j.blind_verdict <> 'skip' AND NOT EXISTS (
        SELECT FROM annotations_judgment e
        WHERE e.candidate_id = j.candidate_id AND e.blind_verdict <> 'skip'
          AND (e.batch_id, e.judge_id) < (j.batch_id, j.judge_id))
)
SELECT s.similarity, s.cohesion, s.detection, s.side, c.rank,
       (2 * votes.yes > votes.total)::int, c.entity_id
FROM first
JOIN annotations_score s ON s.scorer_id = %(scorer)s
    AND s.candidate_id = first.candidate_id AND s.outcome = 'scored'
JOIN annotations_candidate c ON c.id = first.candidate_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE j.blind_verdict = 'yes') AS yes,
           count(*) AS total
    FROM annotations_judgment j
    WHERE j.candidate_id = first.candidate_id AND j.blind_verdict <> 'skip'
) votes
WHERE 2 * votes.yes <> votes.total AND s.similarity IS NOT NULL
LIMIT %(limit)s
"""


def latest(scorer: Scorer) -> ScorerFit | None:
    """Return the current fit; None while the prior is used."""
    return ScorerFit.objects.filter(scorer=scorer).order_by("-pk").first()


def is_due(scorer: Scorer) -> bool:
    """Whether there are enough new verdicts since the last fit or attempt.

    The first attempt needs 50 verdicts. Later ones need a quarter more verdicts, or any
    new verdict after a day. Read stored totals only.
    """
    verdicts = _verdicts()
    if verdicts < calibration.MIN_LABELS:
        return False
    last = max(_attempts(scorer), default=None)
    if last is None:
        return True
    attempted_at, count = last
    is_old = datetime.now(UTC) - attempted_at >= MAX_AGE
    return verdicts >= GROWTH * count or (verdicts > count and is_old)


def lacking(scorer: Scorer) -> str:
    """Return the reason why the last attempt made no fit; empty if there is none."""
    entry = _not_fitted(scorer)
    fit = latest(scorer)
    if entry is None or (fit is not None and fit.made_at > entry.at):
        return ""
    counts = ("labels", "positives", "entities")
    reason = calibration.too_few(**{name: entry.details[name] for name in counts})
    return reason or "The labels that are yes, or no, belong to too few entities."


def _verdicts() -> int:
    """Return the number of all verdicts, from the stored counters of judges."""
    total: int | None = BatchJudge.objects.aggregate(n=Sum("verdicts"))["n"]
    return total or 0


def _attempts(scorer: Scorer) -> list[tuple[datetime, int]]:
    """Return the times of the last fit and failed attempt, with numbers of verdicts."""
    attempts = []
    if fit := latest(scorer):
        attempts.append((fit.made_at, fit.verdicts))
    if entry := _not_fitted(scorer):
        attempts.append((entry.at, entry.details["verdicts"]))
    return attempts


def _not_fitted(scorer: Scorer) -> AuditEntry | None:
    """Return the last attempt that had too few labels."""
    entries = AuditEntry.objects.filter(action=NOT_FITTED).order_by("-pk")[
        :ENTRIES_READ
    ]
    attempts = (e for e in entries.iterator() if e.details["scorer"] == scorer.pk)
    return next(attempts, None)


def refit(*, scorer: Scorer, prior: Prior, by: User | None = None) -> ScorerFit | None:
    """Fit a scorer to all independent verdicts. Return None if there are too few.

    A label is the majority of a candidate's independent verdicts in all batches: yes, or
    not (no and broken). Ties give no label. With more than 200,000 verdicts, a random
    sample of at most that many candidates is used: about half
    of them with two judges. The measures of each entity come from
    the model that was fitted on other entities. The caller marks the entities to rescore.
    Two simultaneous calls make two equal fits.
    """
    verdicts = _verdicts()
    features, labels, entities = _labels(scorer, verdicts)
    result = calibration.fit(features, labels, entities)
    if result is None:
        audit.write(
            NOT_FITTED,
            by=by,
            scorer=scorer.pk,
            verdicts=verdicts,
            labels=len(labels),
            positives=int(labels.sum()),
            entities=len(np.unique(entities)),
        )
        log.info("%s is not fitted: %s", scorer, lacking(scorer))
        return None
    return _store(scorer, prior, result, (features, labels, entities), verdicts, by)


def _labels(scorer: Scorer, verdicts: int) -> tuple[Floats, Integers, Integers]:
    """Stream features, labels and entities; memory depends on the limit only."""
    parameters = {
        "scorer": scorer.pk,
        "percent": min(100.0, 100.0 * CANDIDATES_LIMIT / max(verdicts, 1)),
        "limit": CANDIDATES_LIMIT,
    }
    width = len(FEATURES)
    parts = [np.empty((0, width + 2))]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(LABELS, parameters)
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            parts.append(np.array(rows, dtype=float))  # None becomes NaN
    table = np.concatenate(parts)
    # Ids are exact as floats up to 2^53.
    labels, entities = table[:, width:].astype(np.int64).T
    return table[:, :width], labels, entities


@transaction.atomic
def _store(
    scorer: Scorer,
    prior: Prior,
    result: Calibration,
    data: tuple[Floats, Integers, Integers],
    verdicts: int,
    by: User | None,
) -> ScorerFit:
    """Store a fit with its measures, and compare it with the previous fit or prior."""
    features, labels, entities = data
    previous = latest(scorer)
    old = calibration.probabilities(
        previous.parameters if previous else None, prior, features, entities
    )
    new = calibration.probabilities(result.parameters, prior, features, entities)
    measures = measure(labels, new)
    fit = ScorerFit.objects.create(
        scorer=scorer,
        method=result.method,
        parameters=result.parameters,
        labels=result.labels,
        positives=result.positives,
        entities=result.entities,
        verdicts=verdicts,
        brier=measures.brier,
        ece=measures.ece,
        auc=measures.auc,
        reliability=measures.reliability,
        previous_brier=measure(labels, old).brier,
        shift=float(np.abs(new - old).mean()),
    )
    audit.write(FITTED, by=by, scorer=scorer.pk, fit=fit.pk, labels=fit.labels)
    fit.refresh_from_db(fields=["made_at"])
    return fit
