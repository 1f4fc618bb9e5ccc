"""Clearance: people are not asked about what the model is certain of.

In cleaning batches where it is on, a pass takes up every candidate whose calibrated
probability is beyond the batch's threshold. Each has a lot, a random number by the
batch's seed. The `audit_size` lowest lots are the audit: people are asked all the same,
so what they say is a random sample of all that is cleared. The rest needs nobody and
carries the model's verdict.

When the audit finds more errors than would let a clean rest bound the share of errors
at `TOLERANCE` with 95 % confidence (299 candidates: at the first), it has failed: all
that was cleared returns to the queue, and nothing is cleared until an admin sets
another threshold. What is cleared stays cleared, whatever a later fit says of it.
"""

import time
from collections.abc import Sequence
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from annotations.consensus import Verdict
from annotations.intervals import is_bounded
from annotations.models import (
    JUDGEABLE,
    Batch,
    BatchEntity,
    BatchState,
    Clearance,
    audit,
)
from annotations.queue.locked_row import LockedRow, load_rows, lock_pairs
from annotations.queue.order import scorer_of

TOLERANCE = 0.01
ENTITIES_PER_STEP = 200
SECONDS = 10
LOTS = 4 << 40  # what the lots have in common with no other draw by the batch's seed
EVERYTHING = 2.0  # above all lots

CLEARABLE = """
FROM annotations_batchentity q
JOIN annotations_candidate c ON c.entity_id = q.entity_id AND c.id <= q.upto
 AND c.state = ANY(%(judgeable)s)
JOIN annotations_score s ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
WHERE q.id = ANY(%(rows)s) AND NOT q.is_control AND q.state <> 'done'
  AND s.fit_id IS NOT NULL
  AND (s.probability >= %(beyond)s OR s.probability <= 1 - %(beyond)s)
  AND NOT EXISTS (SELECT FROM annotations_report p
                  WHERE p.candidate_id = c.id AND p.dismissed_at IS NULL)
  AND NOT EXISTS (SELECT FROM annotations_ruling r
                  WHERE r.batch_id = q.batch_id AND r.candidate_id = c.id
                    AND r.reopened_at IS NULL)
  AND NOT EXISTS (SELECT FROM annotations_judgment j
                  WHERE j.batch_id = q.batch_id AND j.candidate_id = c.id)
  AND NOT EXISTS (SELECT FROM annotations_clearance k
                  WHERE k.batch_id = q.batch_id AND k.candidate_id = c.id)
  AND NOT EXISTS (SELECT FROM annotations_assignment a
                  WHERE a.batch_id = q.batch_id AND a.entity_id = q.entity_id
                    AND a.state = 'held' AND c.id = ANY(a.candidates))
"""
FIND = f"SELECT DISTINCT q.id {CLEARABLE} ORDER BY q.id"
# All come into the audit, where nothing changes for anybody; most leave it at once.
TAKE_UP = f"""
INSERT INTO annotations_clearance
    (batch_id, candidate_id, entity_id, verdict, probability, lot, is_audit)
SELECT q.batch_id, c.id, c.entity_id,
       CASE WHEN s.probability > 0.5 THEN 'yes' ELSE 'no' END, s.probability,
       (hashint8extended(c.id, %(seed)s) & 9223372036854775807)
       / 9223372036854775808.0, true
{CLEARABLE}
"""
# Whose lot is not on the side of the cut where it stands; who was asked stays.
MISPLACED = """
SELECT k.entity_id, array_agg(k.candidate_id) FROM annotations_clearance k
WHERE k.batch_id = %(batch)s AND k.entity_id > %(last)s
  AND (NOT k.is_audit AND k.lot <= %(cut)s
       OR k.is_audit AND k.lot > %(cut)s AND NOT EXISTS (
           SELECT FROM annotations_judgment j
           WHERE j.batch_id = k.batch_id AND j.candidate_id = k.candidate_id))
GROUP BY k.entity_id ORDER BY k.entity_id LIMIT %(limit)s
"""
# What people have settled of the audit, and how often otherwise than the model.
AUDITED = """
SELECT count(t.verdict), count(*) FILTER (WHERE t.verdict <> k.verdict)
FROM annotations_clearance k
JOIN annotations_batch b ON b.id = k.batch_id
LEFT JOIN annotations_ruling r ON r.batch_id = k.batch_id
 AND r.candidate_id = k.candidate_id AND r.reopened_at IS NULL
CROSS JOIN LATERAL (
    SELECT count(*) AS votes,
           count(*) FILTER (WHERE verdict = 'yes') AS yes,
           count(*) FILTER (WHERE verdict = 'no') AS no,
           count(*) FILTER (WHERE verdict = 'broken') AS broken
    FROM annotations_judgment
    WHERE batch_id = k.batch_id AND candidate_id = k.candidate_id
      AND verdict <> 'skip'
) v
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.verdict IS NOT NULL THEN r.verdict
                WHEN v.votes < b.judges_required THEN NULL
                WHEN 2 * v.yes > v.votes THEN 'yes'
                WHEN 2 * v.no > v.votes THEN 'no'
                WHEN 2 * v.broken > v.votes THEN 'broken' END AS verdict
) t
WHERE k.batch_id = %(batch)s AND k.lot <= %(cut)s
"""
TOTALS = ("cleared_total", "audit_total", "audited_total", "audit_errors")


def clearing_batches() -> list[int]:
    """The batches (numbers) of a pass; closed ones while rulings may tell on an audit."""
    left = Exists(Clearance.objects.filter(batch=OuterRef("pk")))
    on = Q(state=BatchState.OPEN, clearance_failed_at__isnull=True)
    batches = Batch.objects.filter(on | left, clear_beyond__isnull=False)
    return list(batches.order_by("pk").values_list("pk", flat=True))


def clear(batch: Batch, seconds: float = SECONDS) -> int:
    """One pass over a batch: clear, draw the audit anew, count; how many were taken up.

    It looks at what it can in `seconds`; the next pass goes on there. Each step is a
    transaction of its own, so a pass may end anywhere.
    """
    batch = Batch.objects.get(pk=batch.pk)
    deadline = time.monotonic() + seconds
    if not _is_on(batch):
        _return_all(batch)
        return 0
    taken = _take_up(batch, deadline)
    _draw_audit(batch, deadline)
    if _count(batch):
        _return_all(batch)
    return taken


def _is_on(batch: Batch) -> bool:
    return batch.clear_beyond is not None and batch.clearance_failed_at is None


def _still_on(batch: Batch, *, closed: bool = False) -> Batch | None:
    """Lock the rules for a step; None where clearance is off, or it is closed by now."""
    locked = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    is_fit = closed or locked.state == BatchState.OPEN
    return locked if is_fit and _is_on(locked) else None


def _take_up(batch: Batch, deadline: float) -> int:
    """Walk through the queue from where the last pass ended; how many were taken up."""
    place, taken = f"clearance:{batch.pk}", 0
    last = cache.get(place, 0)
    while True:
        rows = BatchEntity.objects.filter(batch=batch, entity__gt=last)
        pairs = rows.order_by("entity").values_list("pk", "entity_id")
        step = list(pairs[:ENTITIES_PER_STEP])
        if not step:
            cache.delete(place)
            return taken
        taken += _take_up_in(batch, [pk for pk, _ in step])
        last = step[-1][1]
        if time.monotonic() > deadline:
            cache.set(place, last, timeout=None)
            return taken


@transaction.atomic
def _take_up_in(batch: Batch, rows: Sequence[int]) -> int:
    on, scorer = _still_on(batch), scorer_of(batch)
    if on is None or scorer is None:
        return 0
    values: dict[str, Any] = {
        "rows": list(rows),
        "scorer": scorer,
        "beyond": on.clear_beyond,
        "seed": on.seed + LOTS,
        "judgeable": [state.value for state in JUDGEABLE],
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND, values)
        values["rows"] = [pk for (pk,) in cursor.fetchall()]
        if not values["rows"]:
            return 0
        found = BatchEntity.objects.select_for_update(no_key=True)
        list(found.filter(pk__in=values["rows"]).order_by("pk").values_list("pk"))
        cursor.execute(TAKE_UP, values)
        return cursor.rowcount


def _draw_audit(batch: Batch, deadline: float) -> None:
    """Let the lowest lots be the audit, and nobody be asked about the others."""
    cut, last = _cut(batch), 0
    while time.monotonic() <= deadline:
        values = {"batch": batch.pk, "cut": cut, "last": last}
        with connection.cursor() as cursor:
            cursor.execute(MISPLACED, values | {"limit": ENTITIES_PER_STEP})
            step = cursor.fetchall()
        if not step:
            return
        _place(batch, dict(step), cut)
        last = step[-1][0]


def _cut(batch: Batch) -> float:
    """The highest lot in the audit."""
    lots = Clearance.objects.filter(batch=batch).order_by("lot")
    size = batch.audit_size
    return next(iter(lots.values_list("lot", flat=True)[size - 1 : size]), EVERYTHING)


@transaction.atomic
def _place(batch: Batch, misplaced: dict[int, list[int]], cut: float) -> None:
    """Put candidates, by entity, on the side of the cut where their lots are."""
    if _still_on(batch) is None:
        return
    candidates = [c for own in misplaced.values() for c in own]
    rows = lock_pairs((batch.pk, entity) for entity in misplaced)
    entries = load_rows(rows, candidates)
    cleared = Clearance.objects.filter(batch=batch, candidate__in=candidates)
    known = {each.candidate_id: each for each in cleared}
    for entry in entries:
        _place_in(entry, known, cut)
    for is_audit in (True, False):
        own = [c for c, each in known.items() if each.is_audit is is_audit]
        cleared.filter(candidate__in=own).update(is_audit=is_audit)
    for entry in entries:
        entry.settle()


def _place_in(entry: LockedRow, known: dict[int, Clearance], cut: float) -> None:
    for candidate, standing in entry.standings.items():
        each = known.get(candidate)
        if each is None:
            continue
        is_asked = bool(standing.votes or standing.holds)
        each.is_audit = each.lot <= cut or (each.is_audit and is_asked)
        standing.cleared = None if each.is_audit else Verdict(each.verdict)


@transaction.atomic
def _count(batch: Batch) -> bool:
    """Write the totals; True where the audit has failed by them."""
    locked = _still_on(batch, closed=True)
    if locked is None:
        return False
    cleared = Clearance.objects.filter(batch=locked)
    with connection.cursor() as cursor:
        cursor.execute(AUDITED, {"batch": locked.pk, "cut": _cut(locked)})
        locked.audited_total, locked.audit_errors = cursor.fetchone()
    locked.cleared_total = cleared.count()
    locked.audit_total = cleared.filter(is_audit=True).count()
    has_failed = _has_failed(locked.audit_errors, locked.audit_size)
    if has_failed:
        locked.clearance_failed_at = Now()
        audit.write(
            "clearance-failed",
            by=None,
            batch=locked.pk,
            cleared=locked.cleared_total,
            audited=locked.audited_total,
            errors=locked.audit_errors,
        )
    locked.save(update_fields=[*TOTALS, "clearance_failed_at"])
    return has_failed


def _has_failed(errors: int, size: int) -> bool:
    """Whether no clean rest of the audit can bound the share of errors any more."""
    return errors > 0 and not is_bounded(errors, size, TOLERANCE)


def _return_all(batch: Batch) -> None:
    """Return what a failed audit had cleared, step by step."""
    cleared = Clearance.objects.filter(batch=batch)
    entities = cleared.order_by("entity").values_list("entity", flat=True).distinct()
    while step := list(entities[:ENTITIES_PER_STEP]):
        with transaction.atomic():
            give_back(lock_pairs((batch.pk, entity) for entity in step))


def give_back(rows: Sequence[BatchEntity]) -> int:
    """Return what is cleared of locked rows to the queue; how many candidates."""
    cleared = Clearance.objects.filter(
        batch__in={row.batch_id for row in rows},
        entity__in={row.entity_id for row in rows},
    )
    candidates = list(cleared.values_list("candidate_id", flat=True))
    if not candidates:
        return 0
    entries = load_rows(rows, candidates)
    cleared.delete()
    for entry in entries:
        for standing in entry.standings.values():
            standing.cleared = None
        entry.settle()
    return len(candidates)
