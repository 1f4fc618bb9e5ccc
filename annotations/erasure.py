"""Erasure of an entity or a picture everywhere; refuses its return.

These remain: ids of candidates and entities, a tombstone (an HMAC that recognises the
erased key or digest), and an audit entry with ids. All code takes locks in the same
order: memberships, entities, queue rows.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from annotations import evaluation, images, intake, queue, releases, sql
from annotations.entities import figures
from annotations.errors import Invalid, NotFound
from annotations.images import store
from annotations.intake import tombstones
from annotations.models import (
    Alias,
    BatchEntity,
    BatchJudge,
    Candidate,
    CandidateState,
    Clearance,
    Comment,
    Conflict,
    Embedding,
    Entity,
    Image,
    PendingScoring,
    Report,
    Ruling,
    Score,
    SecondLook,
    Unblinding,
    User,
    audit,
)
from annotations.models.pending_scoring import request_scoring

DIGEST = re.compile(r"[0-9a-f]{64}")
ATTEMPTS = 5

# The counters of judges exclude erased judgments. Their time stays.
DELETE_JUDGMENTS = """
WITH erased AS (
    DELETE FROM annotations_judgment WHERE candidate_id = ANY(%s)
    RETURNING batch_id, judge_id, verdict
), lost AS (
    SELECT batch_id, judge_id, count(*) FILTER (WHERE verdict <> 'skip') AS verdicts,
           count(*) FILTER (WHERE verdict = 'skip') AS skips
    FROM erased GROUP BY 1, 2
)
UPDATE annotations_batchjudge b
SET verdicts = b.verdicts - lost.verdicts, skips = b.skips - lost.skips,
    said_at = now()
FROM lost WHERE b.batch_id = lost.batch_id AND b.judge_id = lost.judge_id
"""

# The subquery is there because the index of revisions begins with the batch.
DELETE_REVISIONS = """
DELETE FROM annotations_judgmentrevision
WHERE candidate_id = ANY(%(candidates)s) AND batch_id IN (
    SELECT q.batch_id FROM annotations_batchentity q
    JOIN annotations_candidate c ON c.entity_id = q.entity_id
    WHERE c.id = ANY(%(candidates)s))
"""

# In an excerpt, a key can follow \t, which stands for a TAB, or any character that keys
# do not contain.
DELETE_REFUSED_ROWS = r"""
DELETE FROM annotations_refusedrow
WHERE strpos(row, %(key)s) > 0
  AND row ~ ('(^|\\t|[^[:alnum:]_.])' || %(pattern)s || '($|[^[:alnum:]_])')
"""


class _NewCandidates(Exception):
    """Candidates appeared between the read of them and the locks."""


def erase_entity(*, key: str, by: User | None) -> None:
    """Erase an entity, its candidates and their pictures, everywhere.

    Idempotent. `verify --files --fix` deletes files whose deletion failed. NotFound for
    a key that never existed.
    """
    _retry(partial(_erase_entity, intake.normalise_key(key), by))


def erase_image(*, sha256: str, by: User | None) -> None:
    """Erase a picture by its digest, and all candidates with it.

    Erasing it again deletes files whose deletion failed, or raises OSError. NotFound for
    a digest that never existed.
    """
    digest = sha256.lower()
    if not DIGEST.fullmatch(digest):
        raise Invalid({"sha256": ["A digest has 64 hexadecimal digits."]})
    _retry(partial(_erase_image, digest, by))


def _retry(erase: Callable[[], None]) -> None:
    """Run an erasure in a transaction, with retries after conflicts with others.

    An import can use a picture while it is deleted. Then the foreign key refuses the
    commit of one of the two. A deadlock also cancels one of them.
    """
    for attempts in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic():
                erase()
            return
        except (_NewCandidates, IntegrityError, OperationalError):
            if not attempts:
                raise


def _erase_entity(key: str, by: User | None) -> None:
    entity = Entity.objects.filter(key=key).first()
    if entity is None:
        if not tombstones.is_erased("entity", key):
            raise NotFound(f"There is no entity {key}.")
        return
    of_entity = Q(entity=entity)
    with _locked(of_entity | Q(image__in=_pictures(of_entity)), entity) as candidates:
        pictures = _pictures(of_entity)
        if not _candidate_ids(of_entity | Q(image__in=pictures)) <= candidates:
            raise _NewCandidates
        _erase(candidates, pictures)
        Alias.objects.filter(entity=entity).delete()
        PendingScoring.objects.filter(entity=entity).delete()
        _delete_refused_rows(key)
        evaluation.remove_entity(key)
        _clear(entity)
        tombstones.add_tombstones("entity", [key])
        store.after_commit(figures.forget)
    audit.write(
        "entity-erased",
        by=by,
        entity=entity.pk,
        candidates=len(candidates),
        images=len(pictures),
    )


def _erase_image(digest: str, by: User | None) -> None:
    image = Image.objects.filter(sha256=digest).first()
    if image is None:
        if not tombstones.is_erased("image", digest):
            raise NotFound(f"There is no picture {digest}.")
        images.delete_files(digest)
        return
    if image.byte_size == 0:
        raise NotFound("This is the digest of zero bytes, not of a picture.")
    with _locked(Q(image=image)) as candidates:
        _erase(candidates, {image.pk: digest})
    audit.write("image-erased", by=by, image=image.pk, candidates=len(candidates))


def _pictures(condition: Q) -> dict[int, str]:
    """Return ids and digests of candidates' pictures, without the one of zero bytes."""
    candidates = Candidate.objects.filter(condition)
    images_of = Image.objects.filter(candidates__in=candidates).exclude(byte_size=0)
    return {pk: str(sha256) for pk, sha256 in images_of.values_list("pk", "sha256")}


def _candidate_ids(condition: Q) -> set[int]:
    rows = Candidate.objects.filter(condition).exclude(state=CandidateState.ERASED)
    return set(rows.values_list("pk", flat=True))


@contextmanager
def _locked(condition: Q, entity: Entity | None = None) -> Iterator[set[int]]:
    """Take the locks of judges, imports and openings, in their order.

    Yields the candidates' ids, and updates their needs after the block.
    """
    candidates = _candidate_ids(condition)
    entities = {entity.pk} if entity else set()
    rows = Candidate.objects.filter(pk__in=candidates)
    entities |= set(rows.values_list("entity", flat=True))
    batches = BatchEntity.objects.filter(entity__in=entities).values("batch")
    memberships = BatchJudge.objects.filter(batch__in=batches)
    _lock(memberships.order_by("batch", "judge"))
    _lock(Entity.objects.filter(pk__in=entities).order_by("pk"))
    with queue.recount_needs(sorted(candidates)):
        yield candidates


def _lock(rows: QuerySet[Any]) -> None:
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _erase(candidates: Collection[int], pictures: dict[int, str]) -> None:
    """Clear candidates, delete everything about them, delete pictures for good."""
    ids, digests = list(candidates), list(pictures.values())
    for digest in digests:
        store.after_commit(partial(images.delete_files, digest))
    with _deletable_history():
        sql.run(DELETE_JUDGMENTS, [ids])
        sql.run(DELETE_REVISIONS, {"candidates": ids})
    Report.objects.filter(candidate__in=ids).delete()
    Comment.objects.filter(candidate__in=ids).delete()
    Conflict.objects.filter(candidate__in=ids).delete()
    SecondLook.objects.filter(candidate__in=ids).delete()
    Unblinding.objects.filter(candidate__in=ids).delete()
    releases.remove_candidates(ids)
    Ruling.objects.filter(candidate__in=ids).delete()
    Clearance.objects.filter(candidate__in=ids).delete()
    Score.objects.filter(candidate__in=ids).delete()
    Embedding.objects.filter(candidate__in=ids).delete()
    Candidate.objects.filter(pk__in=ids).update(
        state=CandidateState.ERASED,
        image=None,
        face_id="",
        image_url="",
        page_url="",
        query="",
        licence="",
        attribution="",
        retrieved_at=None,
        frame=None,
        face_rectangle=None,
    )
    rows = Candidate.objects.filter(pk__in=ids)
    request_scoring(rows.values_list("entity_id", flat=True))
    Entity.objects.filter(representative__in=digests).update(representative=None)
    Image.objects.filter(pk__in=pictures).delete()
    tombstones.add_tombstones("image", digests)


@contextmanager
def _deletable_history() -> Iterator[None]:
    """Let the triggers allow deletions from the history, without adding to it."""
    sql.run("SET LOCAL labeler.erasing = 'on'")
    yield
    sql.run("SET LOCAL labeler.erasing = 'off'")


def _delete_refused_rows(key: str) -> None:
    """Delete refused rows whose excerpts contain the key, in either spelling."""
    for spelling in {key, re.sub(r"^([mg])\.", r"/\1/", key)}:
        pattern = re.sub(r"([^\w])", r"\\\1", spelling)
        sql.run(DELETE_REFUSED_ROWS, {"key": spelling, "pattern": pattern})


def _clear(entity: Entity) -> None:
    """Clear all columns; the row stays for the foreign keys to it."""
    Entity.objects.filter(pk=entity.pk).update(
        key=None,
        name="",
        description="",
        frequency=None,
        gender="",
        birth_date="",
        professions=[],
        countries=[],
        url="",
        representative=None,
        erased_at=Now(),
    )
