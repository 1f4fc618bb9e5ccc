"""Who scores what: entities that are due are claimed, and let go when they are done.

A claim is over by itself: what a killed worker had is free again without a hand. The
second attempt at an entity looks at its pictures one by one and writes down which one,
so that a picture that kills its worker is found out, set aside, and blocks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from annotations.models import JUDGEABLE, PendingScoring, Scorer

# Longer than any task may take (settings.CELERY_TASK_TIME_LIMIT).
CLAIM_SECONDS = 40
# A picture is set aside when its worker has died over it this often.
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
RETURNING d.id, d.entity_id, d.marked, d.attempts, d.trying
"""
# Another picture than the last one counts its deaths from the start.
TRY = """
UPDATE annotations_pendingscoring
SET attempts = CASE WHEN trying = %(candidate)s THEN attempts ELSE 2 END,
    trying = %(candidate)s
WHERE id = %(claim)s
"""
FINISH = "DELETE FROM annotations_pendingscoring WHERE id = %(claim)s AND marked = %(marked)s"
LET_GO = """
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
# A slice of the entities: those that have a candidate without a score are due.
SWEEP = """
WITH part AS (
    SELECT id FROM annotations_entity WHERE id > %(after)s ORDER BY id LIMIT %(limit)s
), found AS (
    INSERT INTO annotations_pendingscoring
        (scorer_id, entity_id, due_at, marked, attempts, problem)
    SELECT %(scorer)s, p.id, clock_timestamp(), 1, 0, '' FROM part p
    WHERE EXISTS (
        SELECT FROM annotations_candidate c
        WHERE c.entity_id = p.id AND c.state = ANY(%(judgeable)s)
          AND NOT EXISTS (SELECT FROM annotations_score s
                          WHERE s.scorer_id = %(scorer)s AND s.candidate_id = c.id))
    ORDER BY p.id
    ON CONFLICT (scorer_id, entity_id) DO NOTHING
)
SELECT max(id) FROM part
"""
SWEPT_AT_ONCE = 2_000
ROUND = "10 minutes"  # from the end of one round to the next


@dataclass(frozen=True, slots=True)
class Claim:
    """An entity that this process scores now."""

    number: int
    entity: int
    marked: int
    attempts: int
    trying: int | None

    @property
    def is_careful(self) -> bool:
        """Whether somebody died over it before."""
        return self.attempts > 1

    @property
    def deadly(self) -> int | None:
        """The candidate over which `DEATHS` careful attempts have ended."""
        return self.trying if self.attempts > 1 + DEATHS else None


def claim(
    scorer: Scorer, limit: int, entities: Sequence[int] | None = None
) -> list[Claim]:
    """Claim what is due, longest first; of some entities or of all."""
    values: dict[str, Any] = {
        "scorer": scorer.pk,
        "limit": limit,
        "seconds": CLAIM_SECONDS,
        "entities": None if entities is None else list(entities),
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        found = [Claim(*row) for row in cursor]
    return sorted(found, key=lambda each: each.number)


def trying(claim: Claim, candidate: int) -> None:
    """Write down at which candidate a careful attempt looks now."""
    _run(TRY, {"claim": claim.number, "candidate": candidate})


def finish(claim: Claim) -> None:
    """An entity is done; marked meanwhile, it is due again."""
    values = {"claim": claim.number, "marked": claim.marked}
    if not _run(FINISH, values):
        _run(LET_GO, values)


def let_go(claim: Claim) -> None:
    """Give a claim back: time is over, and nothing went wrong."""
    _run(LET_GO, {"claim": claim.number})


def postpone(claim: Claim, problem: str) -> None:
    """Something passing went wrong: again later, and later each time."""
    said = {"problem": problem[:500], "first": BACK_OFF, "longest": LONGEST_BACK_OFF}
    _run(POSTPONE, {"claim": claim.number} | said)


def is_due(scorer: Scorer) -> bool:
    """Whether there is anything to claim now."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now())
    return PendingScoring.objects.filter(
        free, scorer=scorer, due_at__lte=Now()
    ).exists()


# What stands in the queue of open batches, and is served by doubt or cleared.
SERVED = """
INSERT INTO annotations_pendingscoring (scorer_id, entity_id, due_at, marked, attempts, problem)
SELECT DISTINCT %(scorer)s::bigint, q.entity_id, clock_timestamp(), 1, 0, ''
FROM annotations_batchentity q JOIN annotations_batch b ON b.id = q.batch_id
WHERE b.state = 'open' AND q.state <> 'done'
  AND (b."order" = 'uncertain' OR b.clear_beyond IS NOT NULL)
ORDER BY q.entity_id
ON CONFLICT (scorer_id, entity_id) DO UPDATE SET marked = annotations_pendingscoring.marked + 1
"""


def mark_served(scorer: Scorer) -> None:
    """What judges are served by doubt is due: its probabilities are out of date."""
    _run(SERVED, {"scorer": scorer.pk})


def sweep_all(scorer: Scorer) -> None:
    """A whole round of the sweep at once."""
    Scorer.objects.filter(pk=scorer.pk).update(swept_to=0, swept_at=None)
    while True:
        scorer.refresh_from_db()
        if scorer.swept_at is not None and scorer.swept_to == 0:
            return
        sweep(scorer)


def sweep(scorer: Scorer) -> None:
    """Look through a slice of all entities for what lacks a score, round after round."""
    values: dict[str, Any] = {
        "scorer": scorer.pk,
        "after": scorer.swept_to,
        "limit": SWEPT_AT_ONCE,
        "judgeable": [state.value for state in JUDGEABLE],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT swept_at IS NULL OR swept_to > 0"
            " OR swept_at < clock_timestamp() - %s::interval"
            " FROM annotations_scorer WHERE id = %s",
            [ROUND, scorer.pk],
        )
        if not cursor.fetchone()[0]:
            return
        cursor.execute(SWEEP, values)
        last = cursor.fetchone()[0]
    done = {"swept_to": 0, "swept_at": Now()} if last is None else {"swept_to": last}
    Scorer.objects.filter(pk=scorer.pk).update(**done)


def _run(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount
