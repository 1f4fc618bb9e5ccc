"""What an admin tells a scorer: wait, go on, try again, forget the embeddings."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from annotations.errors import NotFound, WrongState
from annotations.models import Outcome, Scorer, User, audit

SLICE = 10_000
PURGED_AT_ONCE = 50_000

# A failed look is forgotten, and its entity is due anew. `marked` goes up, so that
# whoever is at the entity right now comes back to it.
TRY_AGAIN = """
WITH gone AS (
    DELETE FROM annotations_score
    WHERE scorer_id = %(scorer)s AND outcome = %(failed)s
      AND (%(candidate)s::bigint IS NULL OR candidate_id = %(candidate)s)
    RETURNING candidate_id
), due AS (
    INSERT INTO annotations_pendingscoring
        (scorer_id, entity_id, due_at, marked, attempts, problem)
    SELECT %(scorer)s, c.entity_id, clock_timestamp(), 1, 0, ''
    FROM gone JOIN annotations_candidate c ON c.id = gone.candidate_id
    GROUP BY c.entity_id ORDER BY c.entity_id
    ON CONFLICT (scorer_id, entity_id) DO UPDATE
    SET marked = annotations_pendingscoring.marked + 1, attempts = 0, due_at = excluded.due_at,
        trying = NULL, problem = ''
)
SELECT count(*) FROM gone
"""
PURGE = """
DELETE FROM annotations_embedding WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM annotations_embedding
    WHERE %(scorer)s::bigint IS NULL OR scorer_id = %(scorer)s LIMIT %(limit)s
))
"""


def require_active(scorer: Scorer) -> Scorer:
    """The scorer itself; WrongState where the settings name this version no more."""
    if not scorer.is_active:
        raise WrongState(f"{scorer} is a former version: nothing is done with it.")
    return scorer


def pause(*, scorer: Scorer, by: User) -> Scorer:
    """Let workers leave it alone, once they have finished what they are at."""
    return _set_paused(scorer, timezone.now(), "scoring-paused", by)


def resume(*, scorer: Scorer, by: User) -> Scorer:
    """Let workers go on."""
    return _set_paused(scorer, None, "scoring-resumed", by)


@transaction.atomic
def _set_paused(scorer: Scorer, at: datetime | None, act: str, by: User) -> Scorer:
    """Nothing happens, and nothing is written, where it is so already."""
    found = Scorer.objects.select_for_update(no_key=True).get(pk=scorer.pk)
    if (found.paused_at is None) != (at is None):
        found.paused_at = at
        found.save(update_fields=["paused_at"])
        audit.write(act, by=by, scorer=found.pk)
    return found


@transaction.atomic
def retry_failed(*, scorer: Scorer, by: User, candidate: int | None = None) -> int:
    """Look once more at what was set aside, one candidate's picture or all; how many.

    NotFound where this one was not set aside. WrongState where the version is no longer
    at work: nobody would come.
    """
    require_active(scorer)
    told: dict[str, int | str | None] = {
        "scorer": scorer.pk,
        "failed": Outcome.FAILED.value,
        "candidate": candidate,
    }
    with connection.cursor() as cursor:
        cursor.execute(TRY_AGAIN, told)
        [tried] = cursor.fetchone()
    if candidate is not None and not tried:
        raise NotFound(f"Candidate {candidate} is not set aside.")
    if tried:
        details = {"scorer": scorer.pk, "candidate": candidate, "pictures": tried}
        audit.write("scoring-tried-again", by=by, **details)
    return tried


def purge_embeddings(
    *, scorer: Scorer | None = None, by: User | None, limit: int = PURGED_AT_ONCE
) -> int:
    """Delete embeddings, of one scorer or all, and keep the scores; how many.

    At most about `limit` go at once, in slices that each are a transaction: as long as
    it returns `limit` or more, some may be left.
    """
    gone, deleted = 0, SLICE
    while deleted == SLICE and gone < limit:
        deleted = _purge_slice(scorer, by)
        gone += deleted
    return gone


@transaction.atomic
def _purge_slice(scorer: Scorer | None, by: User | None) -> int:
    number = None if scorer is None else scorer.pk
    with connection.cursor() as cursor:
        cursor.execute(PURGE, {"scorer": number, "limit": SLICE})
        deleted = cursor.rowcount
    if deleted:
        audit.write("embeddings-purged", by=by, scorer=number, embeddings=deleted)
    return deleted
