"""Clearance: people are not asked about candidates that the model is sure of.

It can be switched on in cleaning batches. A pass clears every candidate whose calibrated
probability is beyond the batch's threshold. Each has a lot, a random number drawn by the
batch's seed. The `audit_size` candidates with the lowest lots form the audit: people
judge them all the same, so their verdicts are a random sample of all cleared candidates.
The others carry the model's verdict.

The audit fails when it contains more errors than allow a bound of `TOLERANCE` on the
share of errors with 95 % confidence, even if all further candidates are correct (of 299
candidates: at the first error). Then all cleared candidates return to the queue, and
nothing is cleared until an admin sets another threshold. Later fits do not change
cleared candidates.
"""

import time
from collections.abc import Sequence
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from annotations import sql
from annotations.consensus import Verdict
from annotations.intervals import is_bounded
from annotations.models import Batch, BatchEntity, BatchState, Clearance, audit
from annotations.queue.locked_row import LockedRow, load_rows
from annotations.queue.locking import lock_rows, lock_rows_by_id
from annotations.queue.order import scorer_id_of
from annotations.sql import fragments

TOLERANCE = 0.01
ENTITIES_PER_STEP = 200
SECONDS = 10
LOT_SEED = 4 << 40  # added to the batch's seed, so that lots differ from other draws
ABOVE_ALL_LOTS = 2.0

# A calibrated probability, and no report, ruling, judgment, clearance or held page.
CLEARABLE = f"""
FROM annotations_batchentity q
JOIN annotations_candidate c ON {fragments.is_member("c", "q")}
JOIN annotations_score s ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
WHERE q.id = ANY(%(rows)s) AND NOT q.is_control AND q.state <> 'done'
  AND s.fit_id IS NOT NULL
  AND (s.probability >= %(beyond)s OR s.probability <= 1 - %(beyond)s)
  AND NOT {fragments.has_open_report("c.id")}
  AND NOT EXISTS ({fragments.standing_ruling("q.batch_id", "c.id")})
  AND NOT EXISTS (SELECT FROM annotations_judgment j
                  WHERE j.batch_id = q.batch_id AND j.candidate_id = c.id)
  AND NOT EXISTS (SELECT FROM annotations_clearance k
                  WHERE k.batch_id = q.batch_id AND k.candidate_id = c.id)
  AND NOT EXISTS (SELECT FROM annotations_assignment a
                  WHERE a.batch_id = q.batch_id AND a.entity_id = q.entity_id
                    AND a.state = 'held' AND c.id = ANY(a.candidates))
"""
CLEARABLE_ROWS = f"SELECT DISTINCT q.id {CLEARABLE} ORDER BY q.id"
# New rows start in the audit, which changes nothing for judges. Most leave it at once.
CLEAR = f"""
INSERT INTO annotations_clearance
    (batch_id, candidate_id, entity_id, verdict, probability, lot, is_audit)
SELECT q.batch_id, c.id, c.entity_id,
       CASE WHEN s.probability > 0.5 THEN 'yes' ELSE 'no' END, s.probability,
       (hashint8extended(c.id, %(seed)s) & 9223372036854775807)
       / 9223372036854775808.0, true
{CLEARABLE}
"""
# Rows on the wrong side of the audit's highest lot. Judged candidates stay in the audit.
MISPLACED = """
SELECT k.entity_id, array_agg(k.candidate_id) AS candidates
FROM annotations_clearance k
WHERE k.batch_id = %(batch)s AND k.entity_id > %(last_entity)s
  AND (NOT k.is_audit AND k.lot <= %(highest_lot)s
       OR k.is_audit AND k.lot > %(highest_lot)s AND NOT EXISTS (
           SELECT FROM annotations_judgment j
           WHERE j.batch_id = k.batch_id AND j.candidate_id = k.candidate_id))
GROUP BY k.entity_id ORDER BY k.entity_id LIMIT %(limit)s
"""
AUDIT_RESULT = f"""
SELECT count(people.verdict) AS decided,
       count(*) FILTER (WHERE people.verdict <> k.verdict) AS errors
FROM annotations_clearance k
JOIN annotations_batch b ON b.id = k.batch_id
CROSS JOIN LATERAL (
    {fragments.truth_by_people("k.batch_id", "k.candidate_id", "b.judges_required")}
) people
WHERE k.batch_id = %(batch)s AND k.lot <= %(highest_lot)s
"""
TOTALS = ("cleared_total", "audit_total", "audited_total", "audit_errors")


def batches_to_clear() -> list[int]:
    """Return the ids of the batches for a pass.

    Closed batches with cleared candidates are included, because rulings can change their
    audit.
    """
    has_cleared = Exists(Clearance.objects.filter(batch=OuterRef("pk")))
    is_active = Q(state=BatchState.OPEN, clearance_failed_at__isnull=True)
    batches = Batch.objects.filter(is_active | has_cleared, clear_beyond__isnull=False)
    return list(batches.order_by("pk").values_list("pk", flat=True))


def clear(batch: Batch, seconds: float = SECONDS) -> int:
    """Clear candidates, update the audit and the totals; return the number cleared.

    A pass works for at most `seconds`; the next pass continues there. Each step is a
    transaction, so a pass can be killed at any time.
    """
    batch = Batch.objects.get(pk=batch.pk)
    deadline = time.monotonic() + seconds
    if not _is_on(batch):
        _return_all(batch)
        return 0
    cleared_count = _clear_rows(batch, deadline)
    _update_audit(batch, deadline)
    if _update_totals(batch):
        _return_all(batch)
    return cleared_count


def _is_on(batch: Batch) -> bool:
    return batch.clear_beyond is not None and batch.clearance_failed_at is None


def _lock_if_on(batch: Batch, *, also_closed: bool = False) -> Batch | None:
    """Lock the batch for a step; None if clearance is off or the batch not open."""
    locked_batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    has_state = also_closed or locked_batch.state == BatchState.OPEN
    return locked_batch if has_state and _is_on(locked_batch) else None


def _clear_rows(batch: Batch, deadline: float) -> int:
    """Clear along the queue, from the end of the last pass; return the number cleared."""
    cache_key, cleared_count = f"clearance:{batch.pk}", 0
    last_entity = cache.get(cache_key, 0)
    while True:
        rows = BatchEntity.objects.filter(batch=batch, entity__gt=last_entity)
        pairs = rows.order_by("entity").values_list("pk", "entity_id")
        step = list(pairs[:ENTITIES_PER_STEP])
        if not step:
            cache.delete(cache_key)
            return cleared_count
        cleared_count += _clear_step(batch, [row_id for row_id, _ in step])
        last_entity = step[-1][1]
        if time.monotonic() > deadline:
            cache.set(cache_key, last_entity, timeout=None)
            return cleared_count


@transaction.atomic
def _clear_step(batch: Batch, row_ids: Sequence[int]) -> int:
    locked_batch, scorer = _lock_if_on(batch), scorer_id_of(batch)
    if locked_batch is None or scorer is None:
        return 0
    parameters: dict[str, Any] = {
        "rows": list(row_ids),
        "scorer": scorer,
        "beyond": locked_batch.clear_beyond,
        "seed": locked_batch.seed + LOT_SEED,
    }
    parameters["rows"] = sql.column(CLEARABLE_ROWS, parameters)
    if not parameters["rows"]:
        return 0
    lock_rows_by_id(parameters["rows"])
    return sql.run(CLEAR, parameters)


def _update_audit(batch: Batch, deadline: float) -> None:
    """Keep the lowest lots in the audit, and no others."""
    highest_lot, last_entity = _highest_audit_lot(batch), 0
    while time.monotonic() <= deadline:
        parameters = {
            "batch": batch.pk,
            "highest_lot": highest_lot,
            "last_entity": last_entity,
            "limit": ENTITIES_PER_STEP,
        }
        step = sql.rows(MISPLACED, parameters)
        if not step:
            return
        _move_step(batch, {row.entity_id: row.candidates for row in step}, highest_lot)
        last_entity = step[-1].entity_id


def _highest_audit_lot(batch: Batch) -> float:
    lots = Clearance.objects.filter(batch=batch).order_by("lot")
    last = lots.values_list("lot", flat=True)[batch.audit_size - 1 : batch.audit_size]
    return next(iter(last), ABOVE_ALL_LOTS)


@transaction.atomic
def _move_step(
    batch: Batch, misplaced: dict[int, list[int]], highest_lot: float
) -> None:
    """Move candidates (by entity) into or out of the audit, as their lots require."""
    if _lock_if_on(batch) is None:
        return
    candidates = [c for of_entity in misplaced.values() for c in of_entity]
    rows = lock_rows((batch.pk, entity) for entity in misplaced)
    locked_rows = load_rows(rows, candidates)
    clearance_rows = Clearance.objects.filter(batch=batch, candidate__in=candidates)
    clearances = {row.candidate_id: row for row in clearance_rows}
    for locked_row in locked_rows:
        _move(locked_row, clearances, highest_lot)
    for is_audit in (True, False):
        ids = [c for c, row in clearances.items() if row.is_audit is is_audit]
        clearance_rows.filter(candidate__in=ids).update(is_audit=is_audit)
    for locked_row in locked_rows:
        locked_row.save_changes()


def _move(
    locked_row: LockedRow, clearances: dict[int, Clearance], highest_lot: float
) -> None:
    for candidate, standing in locked_row.standings.items():
        clearance = clearances.get(candidate)
        if clearance is None:
            continue
        is_asked = bool(standing.votes or standing.holds)
        is_low = clearance.lot <= highest_lot
        clearance.is_audit = is_low or (clearance.is_audit and is_asked)
        verdict = None if clearance.is_audit else Verdict(clearance.verdict)
        standing.cleared = verdict


@transaction.atomic
def _update_totals(batch: Batch) -> bool:
    """Write the totals; return True when the audit has failed by them."""
    locked_batch = _lock_if_on(batch, also_closed=True)
    if locked_batch is None:
        return False
    parameters = {
        "batch": locked_batch.pk,
        "highest_lot": _highest_audit_lot(locked_batch),
    }
    audit_result = sql.one(AUDIT_RESULT, parameters)
    clearance_rows = Clearance.objects.filter(batch=locked_batch)
    locked_batch.audited_total = audit_result.decided
    locked_batch.audit_errors = audit_result.errors
    locked_batch.cleared_total = clearance_rows.count()
    locked_batch.audit_total = clearance_rows.filter(is_audit=True).count()
    has_failed = _has_failed(locked_batch.audit_errors, locked_batch.audit_size)
    if has_failed:
        locked_batch.clearance_failed_at = Now()
        audit.write(
            "clearance-failed",
            by=None,
            batch=locked_batch.pk,
            cleared=locked_batch.cleared_total,
            audited=locked_batch.audited_total,
            errors=locked_batch.audit_errors,
        )
    locked_batch.save(update_fields=[*TOTALS, "clearance_failed_at"])
    return has_failed


def _has_failed(errors: int, size: int) -> bool:
    """Return whether the bound is out of reach, even with no further errors."""
    return errors > 0 and not is_bounded(errors, size, TOLERANCE)


def _return_all(batch: Batch) -> None:
    """Return all cleared candidates of a failed audit to the queue, step by step."""
    clearance_rows = Clearance.objects.filter(batch=batch)
    entities = (
        clearance_rows.order_by("entity").values_list("entity", flat=True).distinct()
    )
    while step := list(entities[:ENTITIES_PER_STEP]):
        with transaction.atomic():
            return_to_queue(lock_rows((batch.pk, entity) for entity in step))


def return_to_queue(rows: Sequence[BatchEntity]) -> int:
    """Return the cleared candidates of locked rows to the queue; return their number."""
    clearance_rows = Clearance.objects.filter(
        batch__in={row.batch_id for row in rows},
        entity__in={row.entity_id for row in rows},
    )
    candidates = list(clearance_rows.values_list("candidate_id", flat=True))
    if not candidates:
        return 0
    locked_rows = load_rows(rows, candidates)
    clearance_rows.delete()
    for locked_row in locked_rows:
        for standing in locked_row.standings.values():
            standing.cleared = None
        locked_row.save_changes()
    return len(candidates)
