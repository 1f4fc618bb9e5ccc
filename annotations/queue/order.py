"""The order of an uncertain batch: most in doubt first, entities and candidates alike.

A queue row's priority is its expected open doubt: the entropy, in bits, of all its
candidates that are still open, as the batch's scorer sees them. Rows without any score
keep the place that the cut gave them, which is below 0, so they come after all scored
ones. Control rows go at the pace of others, drawn by lot, and in random order inside.
Pages that are leased never change; priorities do, under the row's lock, and whoever may
have passed the row is told.
"""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from annotations.models import (
    JUDGEABLE,
    Batch,
    BatchEntity,
    BatchState,
    Order,
    Score,
    Scorer,
)

from .standings import Standing

ROWS_PER_STEP = 500
UNKNOWN = 1.0  # the doubt about what has no score
# Changes below both are left alone: they would move little and write much.
STEP, SHARE = 0.05, 0.05
# Lots that have nothing to do with the random order of `cut`, nor with each other.
IS_CONTROL, SHUFFLE, TWIN = 1 << 40, 2 << 40, 3 << 40


def first_of(
    standings: Sequence[Standing], batch: Batch, row: BatchEntity, size: int
) -> list[Standing]:
    """Which candidates share a page: the first `size` in the batch's order."""
    if batch.order == Order.RANDOM or row.is_control:
        shuffled = sorted(standings, key=lambda s: s.candidate)
        random.Random(f"{batch.seed}:{row.entity_id}").shuffle(shuffled)
        return shuffled[:size]
    ranked = sorted(standings, key=lambda s: (s.rank is None, s.rank or 0, s.candidate))
    if batch.order == Order.UNCERTAIN and len(ranked) > size:
        doubts = _doubts(batch, [s.candidate for s in ranked])
        ranked.sort(key=lambda s: -doubts.get(s.candidate, UNKNOWN))
    return ranked[:size]


def _doubts(batch: Batch, candidates: Sequence[int]) -> dict[int, float]:
    scorer = scorer_of(batch)
    if scorer is None:
        return {}
    scores = Score.objects.filter(scorer=scorer, candidate__in=candidates)
    return dict(scores.values_list("candidate_id", "doubt"))


def scorer_of(batch: Batch) -> int | None:
    """The number of the active scorer that a batch goes by; None while there is none."""
    active = dict(Scorer.objects.filter(is_active=True).values_list("name", "pk"))
    if not active:
        return None
    return active.get(batch.scorer or _first_scorer())


@cache
def _name_of(path: str) -> str:
    return import_string(path).name


def _first_scorer() -> str:
    return _name_of(settings.SCORERS[0]) if settings.SCORERS else ""


# Settled here: ruled, or its required judges are in and more than half say the same.
MOVE = """
WITH wanted AS (
    SELECT q.id, coalesce(sum(coalesce(s.doubt, %(unknown)s)) FILTER (WHERE NOT (
        EXISTS (SELECT FROM annotations_report p
                WHERE p.candidate_id = c.id AND p.dismissed_at IS NULL)
        OR EXISTS (SELECT FROM annotations_ruling r
                   WHERE r.batch_id = q.batch_id AND r.candidate_id = c.id
                     AND r.reopened_at IS NULL)
        OR EXISTS (SELECT FROM annotations_clearance k
                   WHERE k.batch_id = q.batch_id AND k.candidate_id = c.id
                     AND NOT k.is_audit)
        OR EXISTS (
            SELECT FROM annotations_judgment j
            WHERE j.batch_id = q.batch_id AND j.candidate_id = c.id
              AND j.verdict <> 'skip'
            HAVING count(*) >= b.judges_required
               AND 2 * greatest(count(*) FILTER (WHERE j.verdict = 'yes'),
                                count(*) FILTER (WHERE j.verdict = 'no'),
                                count(*) FILTER (WHERE j.verdict = 'broken'))
                   > count(*)))), 0) AS priority
    FROM annotations_batchentity q
    JOIN annotations_batch b ON b.id = q.batch_id
    JOIN annotations_candidate c ON c.entity_id = q.entity_id AND c.id <= q.upto
     AND c.state = ANY(%(judgeable)s)
    LEFT JOIN annotations_score s
      ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
    WHERE q.batch_id = %(batch)s AND NOT q.is_control
      AND (%(rows)s IS NULL OR q.id = ANY(%(rows)s::bigint[]))
    GROUP BY q.id HAVING count(s.candidate_id) > 0
), """
# A row that moves may come to stand behind some judge's cursor.
TELL = """moved AS (
    UPDATE annotations_batchentity q SET priority = w.priority
    FROM wanted w
    WHERE q.id = w.id AND q.priority <> w.priority
      AND abs(w.priority - q.priority) >= least(%(step)s, %(share)s * abs(q.priority))
    RETURNING q.batch_id, q.entity_id, q.priority, q.state
), told AS (
    INSERT INTO annotations_reopened (batch_id, judge_id, entity_id, priority)
    SELECT m.batch_id, b.judge_id, m.entity_id, m.priority
    FROM moved m JOIN annotations_batchjudge b ON b.batch_id = m.batch_id
    WHERE m.state = 'open' AND b.removed_at IS NULL AND %(tell)s
    ON CONFLICT (batch_id, judge_id, entity_id)
    DO UPDATE SET priority = excluded.priority
)
SELECT count(*) FROM moved
"""


def reorder(entities: Sequence[int]) -> int:
    """Give the queue rows of entities (numbers) the priorities of their scores; how many.

    To be called once their scores have changed. Only rows of opened batches with
    uncertain order move, no controls; a change that moves next to nothing is left.
    """
    rows = BatchEntity.objects.filter(
        entity__in=entities,
        is_control=False,
        batch__order=Order.UNCERTAIN,
        batch__opened_at__isnull=False,
    )
    numbers = list(rows.order_by("pk").values_list("pk", flat=True))
    moved = 0
    for start in range(0, len(numbers), ROWS_PER_STEP):
        with transaction.atomic():
            locked = _locked(numbers[start : start + ROWS_PER_STEP])
            batches = Batch.objects.in_bulk({row.batch_id for row in locked})
            for batch in batches.values():
                own = [row.pk for row in locked if row.batch_id == batch.pk]
                moved += move(batch, own, tell=True)
    return moved


def _locked(numbers: Sequence[int]) -> list[BatchEntity]:
    rows = BatchEntity.objects.select_for_update(no_key=True).filter(pk__in=numbers)
    return list(rows.order_by("pk"))


def move(batch: Batch, rows: Sequence[int] | None = None, *, tell: bool) -> int:
    """Give locked rows (numbers), or all of the batch, their priorities; how many moved.

    `tell` says so to the judges.
    """
    scorer = scorer_of(batch)
    if scorer is None or batch.order != Order.UNCERTAIN:
        return 0
    values: dict[str, Any] = {
        "batch": batch.pk,
        "scorer": scorer,
        "rows": None if rows is None else list(rows),
        "judgeable": [state.value for state in JUDGEABLE],
        "unknown": UNKNOWN,
    }
    return _write(MOVE + TELL, values, tell=tell)


def _write(sql: str, values: dict[str, Any], *, tell: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"step": STEP, "share": SHARE, "tell": tell})
        return cursor.fetchone()[0]


DRAW = """
UPDATE annotations_batchentity SET is_control = true
WHERE batch_id = %(batch)s
  AND (hashint8extended(entity_id, %(seed)s) & 9223372036854775807)
      / 9223372036854775808.0 < %(share)s
"""
# Each control row has a twin, the same whenever one looks: rows never change places in
# the two shuffles. Where all are controls, the lot itself is the order.
TWINS = """
WITH plain AS (
    SELECT priority,
           row_number() OVER (ORDER BY hashint8extended(entity_id, %(shuffle)s), id) - 1
           AS place
    FROM annotations_batchentity WHERE batch_id = %(batch)s AND NOT is_control
), drawn AS (
    SELECT id, priority, hashint8extended(entity_id, %(twin)s) AS lot
    FROM annotations_batchentity WHERE batch_id = %(batch)s AND is_control
), wanted AS (
    SELECT d.id, d.priority AS present,
           coalesce(p.priority, d.lot / 9.3e18) AS priority
    FROM drawn d LEFT JOIN plain p ON p.place = mod(
        d.lot & 9223372036854775807, nullif((SELECT count(*) FROM plain), 0))
)
SELECT id, priority FROM wanted
WHERE abs(priority - present) >= least(%(step)s, %(share)s * abs(present))
  AND priority <> present
ORDER BY id
"""
FOLLOW = """
WITH wanted AS (
    SELECT * FROM unnest(%(rows)s::bigint[], %(priorities)s::float8[])
             AS t (id, priority)
), """


def draw_controls(batch: Batch) -> None:
    """Draw the entities that stay in random order, by the batch's seed."""
    if batch.control_share is None or batch.order != Order.UNCERTAIN:
        return
    seed = batch.seed + IS_CONTROL
    values = {"batch": batch.pk, "seed": seed, "share": batch.control_share}
    with connection.cursor() as cursor:
        cursor.execute(DRAW, values)


def mix_controls(batch: Batch, *, tell: bool = True) -> int:
    """Let each control row stand where its twin stands; how many moved.

    The twin is another row of the batch, drawn by lot, so controls come evenly and at
    random among the others, however doubt moves those.
    """
    if batch.control_share is None or batch.order != Order.UNCERTAIN:
        return 0
    values = {
        "batch": batch.pk,
        "shuffle": batch.seed + SHUFFLE,
        "twin": batch.seed + TWIN,
        "step": STEP,
        "share": SHARE,
    }
    with connection.cursor() as cursor:
        cursor.execute(TWINS, values)
        wanted = dict(cursor.fetchall())
    moved, numbers = 0, list(wanted)
    for start in range(0, len(numbers), ROWS_PER_STEP):
        step = numbers[start : start + ROWS_PER_STEP]
        with transaction.atomic():
            _locked(step)
            places: dict[str, Any] = {
                "rows": step,
                "priorities": [wanted[pk] for pk in step],
            }
            moved += _write(FOLLOW + TELL, places, tell=tell)
    return moved


def mixed_batches() -> list[int]:
    """The open batches (numbers) whose controls are to follow their twins."""
    mixed = Batch.objects.filter(
        state=BatchState.OPEN, order=Order.UNCERTAIN, control_share__isnull=False
    )
    return list(mixed.order_by("pk").values_list("pk", flat=True))
