"""Creates a batch's queue rows, and rewrites them after a change of its rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotations import sql
from annotations.models import Batch, BatchEntity, Order

from .locked_row import load_rows
from .reopening import reopen
from .standings import tally
from .stuck import rewrite_conflicts

ROWS_PER_STEP = 500
PRIORITY = """CASE WHEN %(random)s THEN hashint8extended(t.id, %(seed)s) / 9.3e18
     ELSE -t.position END"""
# The ids of rows follow the order of the choice. A draft can get that order back from
# them when a random order has replaced its priorities.
CREATE = f"""
INSERT INTO annotations_batchentity
    (batch_id, entity_id, state, priority, upto, total, judged, disputed,
     undecided, open_places, held_places, is_control)
SELECT %(batch)s, t.id, 'done', {PRIORITY}, 0, 0, 0, 0, 0, 0, 0, false
FROM ({{entities}}) AS t (id, position) ORDER BY t.position
"""
RESET_PRIORITIES = f"""
UPDATE annotations_batchentity q SET priority = {PRIORITY}
FROM (SELECT id AS row, entity_id AS id, row_number() OVER (ORDER BY id) AS position
      FROM annotations_batchentity WHERE batch_id = %(batch)s) t
WHERE q.id = t.row
"""


def create_rows(batch: Batch, entities: str, parameters: Mapping[str, Any]) -> int:
    """Create a draft's queue rows by one statement. Return their number.

    `entities` is a SELECT of ids and positions, with its `parameters`.
    """
    statement = CREATE.format(entities=entities)
    return sql.run(statement, {**_order(batch), **parameters})


def reset_priorities(batch: Batch) -> None:
    """Give a draft's queue rows the priorities of the batch's order."""
    sql.run(RESET_PRIORITIES, _order(batch))


def _order(batch: Batch) -> dict[str, Any]:
    is_random = batch.order == Order.RANDOM
    return {"batch": batch.pk, "random": is_random, "seed": batch.seed}


def recount(rows: Sequence[BatchEntity]) -> None:
    """Recount locked rows after a change of rules, which changes needs without marks."""
    for locked in load_rows(rows):
        counters = tally(locked.standings.values(), locked.rules)
        for name in counters.__slots__:
            setattr(locked.row, name, getattr(counters, name))
        locked.row.state = counters.state
    fields = [*counters.__slots__, "state"]
    BatchEntity.objects.bulk_update(rows, fields, batch_size=ROWS_PER_STEP)
    reopen(rows)
    rewrite_conflicts(rows)
