"""Control rows of an uncertain batch: they stay in random order among the others.

They are a random sample of the batch, so that agreement on them is unbiased. Their
candidates are in random order too.
"""

from django.db import transaction

from annotations import sql
from annotations.models import Batch, BatchState, Order

from .locking import lock_rows_by_id
from .order import ROWS_PER_STEP, has_changed, move_rows

# Added to the batch's seed, so that these draws are independent of its random order and
# of each other. `clearance` adds 4 << 40.
CONTROL_SEED, SHUFFLE_SEED, TWIN_SEED = 1 << 40, 2 << 40, 3 << 40

DRAW = """
UPDATE annotations_batchentity SET is_control = true
WHERE batch_id = %(batch)s
  AND (hashint8extended(entity_id, %(seed)s) & 9223372036854775807)
      / 9223372036854775808.0 < %(share)s
"""
# The twin of a control row is always the same, because rows never change places in the
# two shuffles. If all rows are controls, the random number itself is the order.
TWINS = f"""
WITH plain AS (
    SELECT priority,
           row_number() OVER (ORDER BY hashint8extended(entity_id, %(shuffle)s), id) - 1
           AS place
    FROM annotations_batchentity WHERE batch_id = %(batch)s AND NOT is_control
), control AS (
    SELECT id, priority, hashint8extended(entity_id, %(twin)s) AS lot
    FROM annotations_batchentity WHERE batch_id = %(batch)s AND is_control
), target AS (
    SELECT c.id, c.priority AS present,
           coalesce(p.priority, c.lot / 9.3e18) AS priority
    FROM control c LEFT JOIN plain p ON p.place = mod(
        c.lot & 9223372036854775807, nullif((SELECT count(*) FROM plain), 0))
)
SELECT id, priority FROM target WHERE {has_changed("present", "priority")} ORDER BY id
"""
PRIORITIES_OF_TWINS = """
WITH target AS (
    SELECT * FROM unnest(%(rows)s::bigint[], %(priorities)s::float8[])
             AS t (id, priority)
)"""


def draw_controls(batch: Batch) -> None:
    """Draw a batch's control rows by its seed."""
    if batch.control_share is None or batch.order != Order.UNCERTAIN:
        return
    seed = batch.seed + CONTROL_SEED
    sql.run(DRAW, {"batch": batch.pk, "seed": seed, "share": batch.control_share})


def mix_controls(batch: Batch, *, reopens: bool = True) -> int:
    """Move each control row to the priority of its twin. Return the number of moves.

    The twin is another row of the batch, drawn at random. So controls are spread evenly
    and at random among the others, however the doubts of those change.
    """
    if batch.control_share is None or batch.order != Order.UNCERTAIN:
        return 0
    seeds = {"shuffle": batch.seed + SHUFFLE_SEED, "twin": batch.seed + TWIN_SEED}
    twins = sql.rows(TWINS, {"batch": batch.pk, **seeds})
    moves = 0
    for start in range(0, len(twins), ROWS_PER_STEP):
        ids, priorities = zip(*twins[start : start + ROWS_PER_STEP], strict=True)
        parameters = {"rows": list(ids), "priorities": list(priorities)}
        with transaction.atomic():
            lock_rows_by_id(ids)
            moves += move_rows(PRIORITIES_OF_TWINS, parameters, reopens=reopens)
    return moves


def batches_with_controls() -> list[int]:
    """Return the ids of the open batches that have control rows to mix."""
    batches = Batch.objects.filter(
        state=BatchState.OPEN, order=Order.UNCERTAIN, control_share__isnull=False
    )
    return list(batches.order_by("pk").values_list("pk", flat=True))
