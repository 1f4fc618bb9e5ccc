"""Forget an entity or a picture everywhere, and refuse its return.

What is left: numbers of candidates and entities, an HMAC that knows the erased when it
comes again, and an audit entry of numbers. Locks are taken in everybody's order:
memberships, entities, queue rows.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from annotations import evaluation, images, intake, queue, releases
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
    User,
    audit,
    due,
)

DIGEST = re.compile(r"[0-9a-f]{64}")
TRIES = 5

# A judge's own numbers lose what is erased; the time spent stays the judge's.
DELETE_JUDGMENTS = """
WITH gone AS (
    DELETE FROM annotations_judgment WHERE candidate_id = ANY(%s)
    RETURNING batch_id, judge_id, verdict
), lost AS (
    SELECT batch_id, judge_id, count(*) FILTER (WHERE verdict <> 'skip') AS verdicts,
           count(*) FILTER (WHERE verdict = 'skip') AS skips
    FROM gone GROUP BY 1, 2
)
UPDATE annotations_batchjudge b
SET verdicts = b.verdicts - lost.verdicts, skips = b.skips - lost.skips,
    said_at = now()
FROM lost WHERE b.batch_id = lost.batch_id AND b.judge_id = lost.judge_id
"""

# Their index begins with the batch.
DELETE_REVISIONS = """
DELETE FROM annotations_judgmentrevision
WHERE candidate_id = ANY(%(candidates)s) AND batch_id IN (
    SELECT q.batch_id FROM annotations_batchentity q
    JOIN annotations_candidate c ON c.entity_id = q.entity_id
    WHERE c.id = ANY(%(candidates)s))
"""

# An excerpt shows a TAB as \t, so a key may follow that t, or anything that is no part
# of a key.
DELETE_REFUSED_ROWS = r"""
DELETE FROM annotations_refusedrow
WHERE strpos(row, %(key)s) > 0
  AND row ~ ('(^|\\t|[^[:alnum:]_.])' || %(pattern)s || '($|[^[:alnum:]_])')
"""


class _Moved(Exception):
    """Candidates came between the look at them and the locks."""


def erase_entity(*, key: str, by: User | None) -> None:
    """Forget an entity, its candidates and their pictures, wherever those show up.

    Erasing it again changes nothing; files that could not be deleted are left to
    `verify --files --fix`. NotFound for a key that never was.
    """
    _until_done(partial(_erase_entity, intake.normalise_key(key), by))


def erase_image(*, sha256: str, by: User | None) -> None:
    """Forget a picture by its digest; every candidate that shows it becomes erased.

    Erasing it again deletes files that were left; OSError where that fails. NotFound for
    a digest that never was.
    """
    digest = sha256.lower()
    if not DIGEST.fullmatch(digest):
        raise Invalid({"sha256": ["A digest has 64 hexadecimal digits."]})
    _until_done(partial(_erase_image, digest, by))


def _until_done(act: Callable[[], None]) -> None:
    """Run an act in a transaction, again where an import or a judge came between.

    An import may take up a picture while it is deleted: the foreign key then refuses
    the commit of one of the two. Deadlocks end for one side in the same way.
    """
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                act()
            return
        except (_Moved, IntegrityError, OperationalError):
            if not left:
                raise


def _erase_entity(key: str, by: User | None) -> None:
    entity = Entity.objects.filter(key=key).first()
    if entity is None:
        if not tombstones.is_erased("entity", key):
            raise NotFound(f"There is no entity {key}.")
        return
    own = Q(entity=entity)
    with _locked(own | Q(image__in=_pictures(own)), entity) as candidates:
        pictures = _pictures(own)
        if not _numbers(own | Q(image__in=pictures)) <= candidates:
            raise _Moved
        _erase(candidates, pictures)
        Alias.objects.filter(entity=entity).delete()
        PendingScoring.objects.filter(entity=entity).delete()
        _forget_refused_rows(key)
        evaluation.remove_entity(key)
        _empty(entity)
        tombstones.bury("entity", [key])
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
        raise NotFound("This is the digest of zero bytes, which are no picture.")
    with _locked(Q(image=image)) as candidates:
        _erase(candidates, {image.pk: digest})
    audit.write("image-erased", by=by, image=image.pk, candidates=len(candidates))


def _pictures(of: Q) -> dict[int, str]:
    """The digests of candidates' pictures by number; zero bytes are no picture."""
    shown = Image.objects.filter(candidates__in=Candidate.objects.filter(of))
    found = shown.exclude(byte_size=0).values_list("pk", "sha256")
    return {pk: str(sha256) for pk, sha256 in found}


def _numbers(of: Q) -> set[int]:
    found = Candidate.objects.filter(of).exclude(state=CandidateState.ERASED)
    return set(found.values_list("pk", flat=True))


@contextmanager
def _locked(of: Q, entity: Entity | None = None) -> Iterator[set[int]]:
    """Lock what judges, imports and openings lock, in their order.

    Yields the candidates' numbers; counts their needs anew after the block.
    """
    candidates = _numbers(of)
    entities = {entity.pk} if entity else set()
    shown_by = Candidate.objects.filter(pk__in=candidates)
    entities |= set(shown_by.values_list("entity", flat=True))
    batches = BatchEntity.objects.filter(entity__in=entities).values("batch")
    memberships = BatchJudge.objects.filter(batch__in=batches)
    _lock(memberships.order_by("batch", "judge"))
    _lock(Entity.objects.filter(pk__in=entities).order_by("pk"))
    with queue.recount_needs(sorted(candidates)):
        yield candidates


def _lock(rows: QuerySet) -> None:
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _erase(candidates: Collection[int], pictures: dict[int, str]) -> None:
    """Blank candidates, delete what was said of them, delete and bury pictures."""
    numbers, digests = list(candidates), list(pictures.values())
    for digest in digests:
        store.after_commit(partial(images.delete_files, digest))
    with _erasing() as cursor:
        cursor.execute(DELETE_JUDGMENTS, [numbers])
        cursor.execute(DELETE_REVISIONS, {"candidates": numbers})
    Report.objects.filter(candidate__in=numbers).delete()
    Comment.objects.filter(candidate__in=numbers).delete()
    Conflict.objects.filter(candidate__in=numbers).delete()
    SecondLook.objects.filter(candidate__in=numbers).delete()
    releases.remove_candidates(numbers)
    Ruling.objects.filter(candidate__in=numbers).delete()
    Clearance.objects.filter(candidate__in=numbers).delete()
    Score.objects.filter(candidate__in=numbers).delete()
    Embedding.objects.filter(candidate__in=numbers).delete()
    Candidate.objects.filter(pk__in=numbers).update(
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
    shown_by = Candidate.objects.filter(pk__in=numbers)
    due.mark(shown_by.values_list("entity_id", flat=True))
    Entity.objects.filter(representative__in=digests).update(representative=None)
    Image.objects.filter(pk__in=pictures).delete()
    tombstones.bury("image", digests)


@contextmanager
def _erasing() -> Iterator:
    """A cursor for which the history may be deleted, and nothing is added to it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL labeler.erasing = 'on'")
        yield cursor
        cursor.execute("SET LOCAL labeler.erasing = 'off'")


def _forget_refused_rows(key: str) -> None:
    """Delete excerpts of refused rows that name the key, in either spelling."""
    with connection.cursor() as cursor:
        spellings = {key, re.sub(r"^([mg])\.", r"/\1/", key)}
        for spelling in spellings:
            pattern = re.sub(r"([^\w])", r"\\\1", spelling)
            cursor.execute(DELETE_REFUSED_ROWS, {"key": spelling, "pattern": pattern})


def _empty(entity: Entity) -> None:
    """Leave the row as a shell, for what refers to it."""
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
