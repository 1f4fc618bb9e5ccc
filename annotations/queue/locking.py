"""Locks of queue rows. They wait, and always lock in the order of row ids.

With one order for all transactions, no two of them wait for each other.
"""

from collections.abc import Iterable, Sequence

from annotations.models import BatchEntity, Candidate


def lock_rows_by_id(row_ids: Sequence[int]) -> list[BatchEntity]:
    """Lock queue rows by their ids."""
    rows = BatchEntity.objects.select_for_update(no_key=True).filter(pk__in=row_ids)
    return list(rows.order_by("pk"))


def lock_rows(pairs: Iterable[tuple[int, int]]) -> list[BatchEntity]:
    """Lock the queue rows of (batch, entity) pairs."""
    ordered_pairs = sorted(set(pairs))
    rows = BatchEntity.objects.raw(
        """
        SELECT q.* FROM annotations_batchentity q
        JOIN unnest(%s::bigint[], %s::bigint[]) AS t (batch_id, entity_id)
          USING (batch_id, entity_id)
        ORDER BY q.id FOR NO KEY UPDATE OF q
        """,
        [
            [batch for batch, _ in ordered_pairs],
            [entity for _, entity in ordered_pairs],
        ],
    )
    return list(rows)


def lock_rows_of_pages(page_ids: Sequence[int], judge: int) -> list[BatchEntity]:
    """Lock the queue rows of a judge's pages."""
    rows = BatchEntity.objects.raw(
        """
        SELECT q.* FROM annotations_batchentity q
        WHERE (q.batch_id, q.entity_id) IN (
            SELECT batch_id, entity_id FROM annotations_assignment
            WHERE id = ANY(%s) AND judge_id = %s)
        ORDER BY q.id FOR NO KEY UPDATE OF q
        """,
        [list(page_ids), judge],
    )
    return list(rows)


def lock_rows_of_candidates(candidates: Sequence[int]) -> list[BatchEntity]:
    """Lock the queue rows, in every batch, of these candidates' entities."""
    entities = Candidate.objects.filter(pk__in=candidates).values("entity_id")
    return list(
        BatchEntity.objects.select_for_update(no_key=True)
        .filter(entity_id__in=entities, upto__gt=0)
        .order_by("pk")
    )
