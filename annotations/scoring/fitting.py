"""Fits a scorer's calibration to what judges said here, and says when it is due."""

import logging
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection, transaction
from django.db.models import Sum

from annotations.models import AuditEntry, BatchJudge, Scorer, ScorerFit, User, audit

from . import calibration
from .base import FEATURES, Prior
from .calibration import Fitted, Floats, Integers
from .measures import measure

log = logging.getLogger(__name__)

FITTED, NOT_FITTED = "scorer-fitted", "scorer-not-fitted"
# More labels tell next to nothing more, and a fit shall stay a matter of seconds.
CANDIDATES_LIMIT = 200_000
GROWTH = 1.25
A_DAY = timedelta(days=1)
STREAMED = 5_000
LATEST = 1_000  # audit entries that are looked at: there are few scorers

# A candidate is taken with its first judgment, which is in the sample of the table's
# pages or is not: so each is as likely as any other, and no more is read of the table
# than the sample's size asks for.
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
       (2 * said.yes > said.everything)::int, c.entity_id
FROM first
JOIN annotations_score s ON s.scorer_id = %(scorer)s
    AND s.candidate_id = first.candidate_id AND s.outcome = 'scored'
JOIN annotations_candidate c ON c.id = first.candidate_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE j.blind_verdict = 'yes') AS yes,
           count(*) AS everything
    FROM annotations_judgment j
    WHERE j.candidate_id = first.candidate_id AND j.blind_verdict <> 'skip'
) said
WHERE 2 * said.yes <> said.everything AND s.similarity IS NOT NULL
LIMIT %(limit)s
"""


def latest(scorer: Scorer) -> ScorerFit | None:
    """The fit that counts; None while the prior does."""
    return ScorerFit.objects.filter(scorer=scorer).order_by("-pk").first()


def is_due(scorer: Scorer) -> bool:
    """Whether a fit would now know enough more than the last one, or the last attempt.

    That is: never tried and there are 50 verdicts; or verdicts have grown by a quarter
    since, or a day has passed with some new ones. Reads stored totals only.
    """
    now = _verdicts()
    if now < calibration.LABELS_ENOUGH:
        return False
    last = max(_attempts(scorer), default=None)
    if last is None:
        return True
    at, then = last
    return now >= GROWTH * then or (now > then and datetime.now(UTC) - at >= A_DAY)


def lacking(scorer: Scorer) -> str:
    """Why the last attempt did not come to a fit; empty where it did or was none."""
    entry = _not_fitted(scorer)
    fit = latest(scorer)
    if entry is None or (fit is not None and fit.made_at > entry.at):
        return ""
    counts = ("labels", "positives", "entities")
    few = calibration.too_few(**{name: entry.details[name] for name in counts})
    return few or "All that says yes, or all that does not, is of too few entities."


def _verdicts() -> int:
    """All verdicts of the installation, by the judges' stored numbers."""
    return BatchJudge.objects.aggregate(all=Sum("verdicts"))["all"] or 0


def _attempts(scorer: Scorer) -> list[tuple[datetime, int]]:
    """When it was last fitted and last not, and how many verdicts there were."""
    found = []
    if fit := latest(scorer):
        found.append((fit.made_at, fit.verdicts))
    if entry := _not_fitted(scorer):
        found.append((entry.at, entry.details["verdicts"]))
    return found


def _not_fitted(scorer: Scorer) -> AuditEntry | None:
    """The last attempt that found too few labels."""
    entries = AuditEntry.objects.filter(action=NOT_FITTED).order_by("-pk")[:LATEST]
    own = (e for e in entries.iterator() if e.details["scorer"] == scorer.pk)
    return next(own, None)


def refit(*, scorer: Scorer, prior: Prior, by: User | None = None) -> ScorerFit | None:
    """Fit anew to all independent verdicts; None where there are too few.

    A label is the majority of a candidate's independent verdicts over all batches: yes,
    or not (no and broken); ties say nothing. Above 200,000 candidates a random sample
    of about half of that many and more is taken. The figures are of each entity by the
    model that was fitted on others. The caller marks what is to be rescored. Two at
    once make two fits, alike.
    """
    verdicts = _verdicts()
    features, labels, entities = _labels(scorer, verdicts)
    fitted = calibration.fit(features, labels, entities)
    if fitted is None:
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
    return _keep(scorer, prior, fitted, (features, labels, entities), verdicts, by)


def _labels(scorer: Scorer, verdicts: int) -> tuple[Floats, Integers, Integers]:
    """Features, labels and entities, streamed; memory by the limit, not by the table."""
    values = {
        "scorer": scorer.pk,
        "percent": min(100.0, 100.0 * CANDIDATES_LIMIT / max(verdicts, 1)),
        "limit": CANDIDATES_LIMIT,
    }
    width = len(FEATURES)
    parts = [np.empty((0, width + 2))]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(LABELS, values)
        while rows := cursor.fetchmany(STREAMED):
            parts.append(np.array(rows, dtype=float))  # None becomes NaN
    table = np.concatenate(parts)
    # Ids are exact as floats up to 2^53.
    labels, entities = table[:, width:].astype(np.int64).T
    return table[:, :width], labels, entities


@transaction.atomic
def _keep(
    scorer: Scorer,
    prior: Prior,
    fitted: Fitted,
    known: tuple[Floats, Integers, Integers],
    verdicts: int,
    by: User | None,
) -> ScorerFit:
    """Store a fit with its figures, beside those of what counted before."""
    features, labels, entities = known
    before = latest(scorer)
    former = calibration.probabilities(
        before.parameters if before else None, prior, features, entities
    )
    found = calibration.probabilities(fitted.parameters, prior, features, entities)
    measures = measure(labels, found)
    fit = ScorerFit.objects.create(
        scorer=scorer,
        method=fitted.method,
        parameters=fitted.parameters,
        labels=fitted.labels,
        positives=fitted.positives,
        entities=fitted.entities,
        verdicts=verdicts,
        brier=measures.brier,
        ece=measures.ece,
        auc=measures.auc,
        reliability=measures.reliability,
        previous_brier=measure(labels, former).brier,
        shift=float(np.abs(found - former).mean()),
    )
    audit.write(FITTED, by=by, scorer=scorer.pk, fit=fit.pk, labels=fit.labels)
    fit.refresh_from_db(fields=["made_at"])
    return fit
