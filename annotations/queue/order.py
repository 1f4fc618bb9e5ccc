"""The order of an uncertain batch: highest doubt first, for entities and candidates.

A queue row's priority is its expected open doubt: the sum of the entropy, in bits, of
all its undecided candidates by the batch's scorer. Rows without any score keep the
negative priority from the creation of the batch, so they come after all scored ones.
Control rows stay in random order (`controls`). Leased pages never change. Priorities
do, under the row's lock, and the row is reopened to judges who may have passed it.
"""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from annotations import sql
from annotations.models import Batch, BatchEntity, Order, Score, Scorer
from annotations.sql import fragments

from .locking import lock_rows_by_id
from .reopening import reopen_sql
from .standings import Standing

ROWS_PER_STEP = 500
UNKNOWN_DOUBT = 1.0  # of a candidate without a score
# A smaller change is ignored: it would move little and write much. The limit is the
# smaller one of a number of bits and a share of the present priority.
MIN_CHANGE, MIN_CHANGE_SHARE = 0.05, 0.05


def choose_for_page(
    standings: Sequence[Standing], batch: Batch, row: BatchEntity, size: int
) -> list[Standing]:
    """Return the first `size` candidates in the batch's order."""
    if batch.order == Order.RANDOM or row.is_control:
        shuffled = sorted(standings, key=lambda s: s.candidate)
        random.Random(f"{batch.seed}:{row.entity_id}").shuffle(shuffled)
        return shuffled[:size]
    ranked = sorted(standings, key=lambda s: (s.rank is None, s.rank or 0, s.candidate))
    if batch.order == Order.UNCERTAIN and len(ranked) > size:
        doubts = _doubts(batch, [s.candidate for s in ranked])
        ranked.sort(key=lambda s: -doubts.get(s.candidate, UNKNOWN_DOUBT))
    return ranked[:size]


def _doubts(batch: Batch, candidates: Sequence[int]) -> dict[int, float]:
    scorer = scorer_id_of(batch)
    if scorer is None:
        return {}
    scores = Score.objects.filter(scorer=scorer, candidate__in=candidates)
    return dict(scores.values_list("candidate_id", "doubt"))


def scorer_id_of(batch: Batch) -> int | None:
    """Return the id of the active scorer that orders a batch, None if there is none."""
    active = dict(Scorer.objects.filter(is_active=True).values_list("name", "pk"))
    if not active:
        return None
    return active.get(batch.scorer or _default_scorer())


def _default_scorer() -> str:
    return _scorer_name(settings.SCORERS[0]) if settings.SCORERS else ""


@cache
def _scorer_name(path: str) -> str:
    return str(import_string(path).name)


PRIORITIES_BY_DOUBT = f"""
WITH target AS (
    SELECT q.id, coalesce(sum(coalesce(s.doubt, %(unknown)s)) FILTER (WHERE NOT (
        {fragments.is_withdrawn("q.batch_id", "c.id")}
        OR {fragments.is_decided_by_people("q.batch_id", "c.id", "b.judges_required")}
    )), 0) AS priority
    FROM annotations_batchentity q
    JOIN annotations_batch b ON b.id = q.batch_id
    JOIN annotations_candidate c ON {fragments.is_member("c", "q")}
    LEFT JOIN annotations_score s
      ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
    WHERE q.batch_id = %(batch)s AND NOT q.is_control
      AND (%(rows)s IS NULL OR q.id = ANY(%(rows)s::bigint[]))
    GROUP BY q.id HAVING count(s.candidate_id) > 0
)"""
# A row that moves can end up behind a judge's cursor, so it is reopened.
MOVE_ROWS = f""", moved AS (
    UPDATE annotations_batchentity q SET priority = target.priority
    FROM target
    WHERE q.id = target.id AND {{has_changed}}
    RETURNING q.batch_id, q.entity_id, q.priority, q.state
), reopened AS (
    {reopen_sql("moved t", "t.state = 'open' AND %(reopens)s")}
)
SELECT count(*) FROM moved
"""


def has_changed(old: str, new: str) -> str:
    """Return an SQL condition: a priority has changed by more than the limit."""
    return (
        f"{new} <> {old} AND abs({new} - {old})"
        f" >= least({MIN_CHANGE}, {MIN_CHANGE_SHARE} * abs({old}))"
    )


def reorder(entities: Sequence[int]) -> int:
    """Recompute queue priorities from scores. Return the number of rows that moved.

    Call it after scores of `entities` (ids) have changed. Only rows of opened batches
    with uncertain order move, except controls. Small changes move nothing.
    """
    rows = BatchEntity.objects.filter(
        entity__in=entities,
        is_control=False,
        batch__order=Order.UNCERTAIN,
        batch__opened_at__isnull=False,
    )
    row_ids = list(rows.order_by("pk").values_list("pk", flat=True))
    moves = 0
    for start in range(0, len(row_ids), ROWS_PER_STEP):
        with transaction.atomic():
            rows_of_step = lock_rows_by_id(row_ids[start : start + ROWS_PER_STEP])
            batches = Batch.objects.in_bulk({row.batch_id for row in rows_of_step})
            for batch in batches.values():
                ids = [row.pk for row in rows_of_step if row.batch_id == batch.pk]
                moves += set_priorities(batch, ids, reopens=True)
    return moves


def set_priorities(
    batch: Batch, row_ids: Sequence[int] | None = None, *, reopens: bool
) -> int:
    """Set the priorities of locked rows, or of all of the batch, by their doubt.

    `reopens` reopens them to the judges. Return the number of rows that moved.
    """
    scorer = scorer_id_of(batch)
    if scorer is None or batch.order != Order.UNCERTAIN:
        return 0
    parameters = {
        "batch": batch.pk,
        "scorer": scorer,
        "rows": None if row_ids is None else list(row_ids),
        "unknown": UNKNOWN_DOUBT,
    }
    return move_rows(PRIORITIES_BY_DOUBT, parameters, reopens=reopens)


def move_rows(new_priorities: str, parameters: dict[str, Any], *, reopens: bool) -> int:
    """Move rows to the priorities of a WITH clause `target (id, priority)`; count them."""
    changed = has_changed("q.priority", "target.priority")
    statement = new_priorities + MOVE_ROWS.format(has_changed=changed)
    return int(sql.value(statement, parameters | {"reopens": reopens}))
