"""Pending work: due entities are claimed by a worker, and finished or postponed.

A claim expires by itself, so a killed worker's entities become free again. From the
second attempt on, pictures are analysed one by one, and each one is noted first. So a
picture that kills its worker is identified, set aside, and blocks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from annotations import sql
from annotations.models import PendingScoring, Scorer
from annotations.sql import fragments

# Longer than any task can take (settings.CELERY_TASK_TIME_LIMIT).
CLAIM_SECONDS = 40
# A picture is set aside after it has killed this many workers.
DEATHS = 2
BACK_OFF, LONGEST_BACK_OFF = 15, 3600  # seconds, doubled with each attempt

CLAIM = """
UPDATE annotations_pendingscoring d
SET claimed_until = clock_timestamp() + make_interval(secs => %(seconds)s),
    attempts = attempts + 1
WHERE d.id IN (
    SELECT id FROM annotations_pendingscoring
    WHERE scorer_id = %(scorer)s AND due_at <= clock_timestamp()
      AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
      AND (%(entities)s IS NULL OR entity_id = ANY(%(entities)s))
    ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING d.id, d.entity_id AS entity, d.marked, d.attempts, d.trying
"""
# The first note of another picture starts its count of deaths.
NOTE = """
UPDATE annotations_pendingscoring
SET attempts = CASE WHEN trying = %(candidate)s THEN attempts ELSE 2 END,
    trying = %(candidate)s
WHERE id = %(claim)s
"""
FINISH = """
DELETE FROM annotations_pendingscoring WHERE id = %(claim)s AND marked = %(marked)s
"""
UNCLAIM = """
UPDATE annotations_pendingscoring
SET claimed_until = NULL, attempts = 0, trying = NULL, problem = '' WHERE id = %(claim)s
"""
POSTPONE = """
UPDATE annotations_pendingscoring
SET claimed_until = NULL, trying = NULL, problem = %(problem)s,
    due_at = clock_timestamp() + make_interval(secs =>
        least(%(longest)s, %(first)s * 2 ^ least(attempts - 1, 20)))
WHERE id = %(claim)s
"""
SCORE_FIRST = """
INSERT INTO annotations_pendingscoring
    (scorer_id, entity_id, due_at, marked, attempts, problem)
SELECT s.id, q.entity_id, clock_timestamp() - interval '1 year', 1, 0, ''
FROM annotations_batchentity q CROSS JOIN annotations_scorer s
WHERE q.batch_id = %s AND s.is_active ORDER BY s.id, q.entity_id
ON CONFLICT (scorer_id, entity_id) DO UPDATE
SET due_at = excluded.due_at, marked = annotations_pendingscoring.marked + 1
"""
# Entities in the queue of open batches that are ordered or cleared by probability.
SERVED = """
INSERT INTO annotations_pendingscoring
    (scorer_id, entity_id, due_at, marked, attempts, problem)
SELECT DISTINCT %(scorer)s::bigint, q.entity_id, clock_timestamp(), 1, 0, ''
FROM annotations_batchentity q JOIN annotations_batch b ON b.id = q.batch_id
WHERE b.state = 'open' AND q.state <> 'done'
  AND (b."order" = 'uncertain' OR b.clear_beyond IS NOT NULL)
ORDER BY q.entity_id
ON CONFLICT (scorer_id, entity_id) DO UPDATE
SET marked = annotations_pendingscoring.marked + 1
"""
# Of a slice of all entities, those that have a candidate without a score become due.
SWEEP = f"""
WITH part AS (
    SELECT id FROM annotations_entity WHERE id > %(after)s ORDER BY id LIMIT %(limit)s
), due AS (
    INSERT INTO annotations_pendingscoring
        (scorer_id, entity_id, due_at, marked, attempts, problem)
    SELECT %(scorer)s, p.id, clock_timestamp(), 1, 0, '' FROM part p
    WHERE EXISTS (
        SELECT FROM annotations_candidate c
        WHERE c.entity_id = p.id AND {fragments.is_judgeable("c")}
          AND NOT EXISTS (SELECT FROM annotations_score s
                          WHERE s.scorer_id = %(scorer)s AND s.candidate_id = c.id))
    ORDER BY p.id
    ON CONFLICT (scorer_id, entity_id) DO NOTHING
)
SELECT max(id) AS last_entity FROM part
"""
SWEPT_AT_ONCE = 2_000
SWEEP_INTERVAL = "10 minutes"  # from the end of one sweep to the start of the next
IS_SWEEP_DUE = """
SELECT swept_at IS NULL OR swept_to > 0
    OR swept_at < clock_timestamp() - %s::interval AS is_due
FROM annotations_scorer WHERE id = %s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """An entity that this process scores now."""

    id: int
    entity: int
    marked: int
    attempts: int
    trying: int | None

    @property
    def is_careful(self) -> bool:
        """Whether an earlier attempt did not end, so that pictures go one by one."""
        return self.attempts > 1

    @property
    def deadly_candidate(self) -> int | None:
        """The candidate whose picture has ended `DEATHS` careful attempts."""
        return self.trying if self.attempts > 1 + DEATHS else None


def claim(
    scorer: Scorer, limit: int, entities: Sequence[int] | None = None
) -> list[Claim]:
    """Claim due entities, the longest due first: of some entities or of all."""
    parameters: dict[str, Any] = {
        "scorer": scorer.pk,
        "limit": limit,
        "seconds": CLAIM_SECONDS,
        "entities": None if entities is None else list(entities),
    }
    claims = [Claim(**row._asdict()) for row in sql.rows(CLAIM, parameters)]
    return sorted(claims, key=lambda claim: claim.id)


def note_candidate(claim: Claim, candidate: int) -> None:
    """Note the candidate that a careful attempt analyses next."""
    sql.run(NOTE, {"claim": claim.id, "candidate": candidate})


def finish(claim: Claim) -> None:
    """Delete the row of a scored entity. If it was marked meanwhile, it stays due."""
    parameters = {"claim": claim.id, "marked": claim.marked}
    if not sql.run(FINISH, parameters):
        sql.run(UNCLAIM, parameters)


def unclaim(claim: Claim) -> None:
    """Give an entity back unscored because the time is over."""
    sql.run(UNCLAIM, {"claim": claim.id})


def postpone(claim: Claim, problem: str) -> None:
    """Retry an entity later after a transient error, with exponential back-off."""
    back_off = {"first": BACK_OFF, "longest": LONGEST_BACK_OFF}
    sql.run(POSTPONE, {"claim": claim.id, "problem": problem[:500]} | back_off)


def is_due(scorer: Scorer) -> bool:
    """Whether there is an entity to claim now."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now())
    return PendingScoring.objects.filter(
        free, scorer=scorer, due_at__lte=Now()
    ).exists()


def score_first(batch: int) -> None:
    """Score a batch's entities before all others, because its judges wait for them."""
    sql.run(SCORE_FIRST, [batch])


def mark_served(scorer: Scorer) -> None:
    """Rescore the entities that open batches serve or clear by probability."""
    sql.run(SERVED, {"scorer": scorer.pk})


def sweep_all(scorer: Scorer) -> None:
    """Run a whole sweep at once."""
    Scorer.objects.filter(pk=scorer.pk).update(swept_to=0, swept_at=None)
    while True:
        scorer.refresh_from_db()
        if scorer.swept_at is not None and scorer.swept_to == 0:
            return
        sweep(scorer)


def sweep(scorer: Scorer) -> None:
    """Find entities without a score in the next slice of all entities, if it is time."""
    if not sql.value(IS_SWEEP_DUE, [SWEEP_INTERVAL, scorer.pk]):
        return
    parameters = {
        "scorer": scorer.pk,
        "after": scorer.swept_to,
        "limit": SWEPT_AT_ONCE,
    }
    last_entity = sql.value(SWEEP, parameters)
    changes = {"swept_to": last_entity}
    if last_entity is None:
        changes = {"swept_to": 0, "swept_at": Now()}
    Scorer.objects.filter(pk=scorer.pk).update(**changes)
