"""Commands of admins to a scorer: pause, resume, retry failures, delete embeddings."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from annotations import sql
from annotations.errors import NotFound, WrongState
from annotations.models import Outcome, Scorer, User, audit

SLICE = 10_000
PURGED_AT_ONCE = 50_000

# Delete failed scores and make their entities due. `marked` goes up, so that a worker
# that has just claimed the entity comes back to it.
RETRY = """
WITH deleted AS (
    DELETE FROM annotations_score
    WHERE scorer_id = %(scorer)s AND outcome = %(failed)s
      AND (%(candidate)s::bigint IS NULL OR candidate_id = %(candidate)s)
    RETURNING candidate_id
), due AS (
    INSERT INTO annotations_pendingscoring
        (scorer_id, entity_id, due_at, marked, attempts, problem)
    SELECT %(scorer)s, c.entity_id, clock_timestamp(), 1, 0, ''
    FROM deleted JOIN annotations_candidate c ON c.id = deleted.candidate_id
    GROUP BY c.entity_id ORDER BY c.entity_id
    ON CONFLICT (scorer_id, entity_id) DO UPDATE
    SET marked = annotations_pendingscoring.marked + 1, attempts = 0,
        due_at = excluded.due_at, trying = NULL, problem = ''
)
SELECT count(*) AS pictures FROM deleted
"""
PURGE = """
DELETE FROM annotations_embedding WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM annotations_embedding
    WHERE %(scorer)s::bigint IS NULL OR scorer_id = %(scorer)s LIMIT %(limit)s
))
"""


def require_active(scorer: Scorer) -> Scorer:
    """Return the scorer; raise WrongState if the settings no longer name this version."""
    if not scorer.is_active:
        raise WrongState(f"{scorer} is a former version. It cannot be used any more.")
    return scorer


def pause(*, scorer: Scorer, by: User) -> Scorer:
    """Pause a scorer. Workers first finish the entities they have claimed."""
    return _set_paused(scorer, timezone.now(), "scoring-paused", by)


def resume(*, scorer: Scorer, by: User) -> Scorer:
    """Resume a scorer."""
    return _set_paused(scorer, None, "scoring-resumed", by)


@transaction.atomic
def _set_paused(
    scorer: Scorer, paused_at: datetime | None, action: str, by: User
) -> Scorer:
    """Set or clear the pause; change and record nothing if it already is so."""
    locked = Scorer.objects.select_for_update(no_key=True).get(pk=scorer.pk)
    if (locked.paused_at is None) != (paused_at is None):
        locked.paused_at = paused_at
        locked.save(update_fields=["paused_at"])
        audit.write(action, by=by, scorer=locked.pk)
    return locked


@transaction.atomic
def retry_failed(*, scorer: Scorer, by: User, candidate: int | None = None) -> int:
    """Analyse one or all failed pictures again. Return the number of pictures.

    Raise NotFound if the candidate has not failed, and WrongState for a former version,
    because no worker would analyse it.
    """
    require_active(scorer)
    parameters = {
        "scorer": scorer.pk,
        "failed": Outcome.FAILED.value,
        "candidate": candidate,
    }
    pictures: int = sql.value(RETRY, parameters)
    if candidate is not None and not pictures:
        raise NotFound(f"Candidate {candidate} is not set aside.")
    if pictures:
        details = {"scorer": scorer.pk, "candidate": candidate, "pictures": pictures}
        audit.write("scoring-tried-again", by=by, **details)
    return pictures


def purge_embeddings(
    *, scorer: Scorer | None = None, by: User | None, limit: int = PURGED_AT_ONCE
) -> int:
    """Delete embeddings of one scorer or all, and keep the scores. Return their number.

    Delete about `limit` at most, each slice in its own transaction. If the result is
    `limit` or more, some embeddings can be left.
    """
    total, count = 0, SLICE
    while count == SLICE and total < limit:
        count = _purge_slice(scorer, by)
        total += count
    return total


@transaction.atomic
def _purge_slice(scorer: Scorer | None, by: User | None) -> int:
    scorer_id = None if scorer is None else scorer.pk
    count = sql.run(PURGE, {"scorer": scorer_id, "limit": SLICE})
    if count:
        audit.write("embeddings-purged", by=by, scorer=scorer_id, embeddings=count)
    return count
