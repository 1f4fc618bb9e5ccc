"""Read what the marks of one call concern, in a few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from annotations import sql
from annotations.consensus import Verdict
from annotations.models import Assignment, AssignmentState, BatchJudge, User

from .marks import Mark, tile_position
from .writes import CurrentVerdict

# Raw SQL, because this is the hottest path and building these queries with the ORM
# takes as long as running them.
MEMBERSHIPS = """
SELECT m.*, b.state AS batch_state
FROM annotations_batchjudge m JOIN annotations_batch b ON b.id = m.batch_id
WHERE m.judge_id = %s AND m.batch_id IN (
    SELECT a.batch_id FROM annotations_assignment a
    WHERE a.id = ANY(%s) AND a.judge_id = m.judge_id)
ORDER BY m.batch_id FOR NO KEY UPDATE OF m
"""
PAGES = "SELECT * FROM annotations_assignment WHERE judge_id = %s AND id = ANY(%s)"

# The id of a mark that was replaced or taken back is stored as an old id. The id of a
# null is stored only as a new id, whether or not it took a judgment back. OFFSET 0
# keeps the judge out of the index search: otherwise a plan made while the table is
# small reads everything that the judge has marked in the batch.
HISTORY = """
SELECT candidate_id AS candidate, assignment_id AS assignment, client_id AS mark,
       verdict, batch_id AS batch, blind_verdict AS blind, 'current' AS kind
FROM annotations_judgment
WHERE batch_id = ANY($1) AND candidate_id = ANY($2) AND judge_id = $3
UNION ALL
SELECT candidate_id, assignment_id, client_id, verdict, batch_id, NULL, 'used'
FROM (
    SELECT judge_id, candidate_id, assignment_id, client_id, verdict, batch_id
    FROM annotations_judgment
    WHERE batch_id = ANY($1) AND client_id = ANY($4::uuid[])
    UNION ALL
    SELECT judge_id, candidate_id, assignment_id, old_client_id, old_verdict, batch_id
    FROM annotations_judgmentrevision
    WHERE batch_id = ANY($1) AND old_client_id = ANY($4::uuid[])
    UNION ALL
    SELECT judge_id, candidate_id, new_assignment_id, new_client_id, NULL, batch_id
    FROM annotations_judgmentrevision
    WHERE batch_id = ANY($1) AND new_client_id = ANY($4::uuid[])
      AND new_verdict IS NULL
    OFFSET 0) used
WHERE judge_id = $3
UNION ALL
SELECT candidate_id, NULL, NULL, NULL, NULL, NULL, 'unblinded'
FROM annotations_unblinding
WHERE candidate_id = ANY($2) AND judge_id = $3
UNION ALL
SELECT candidate_id, NULL, NULL, NULL, NULL, NULL, 'final'
FROM annotations_secondlook
WHERE candidate_id = ANY($2) AND judge_id = $3 AND seen_at IS NOT NULL
"""
HISTORY_TYPES = "bigint[], bigint[], bigint, text[]"

# The page, candidate and verdict of a mark, by its batch and id.
UsedIds = dict[tuple[int, UUID], tuple[int, int, Verdict | None]]


@dataclass(slots=True)
class History:
    """A judge's earlier verdicts on the candidates of some marks.

    `unblinded` are the candidates on which the judge has been shown the votes or a sign
    of them, in any batch. `final` are those on which the judge has opened a second
    look: the judge cannot take a verdict on them back.
    """

    current: dict[tuple[int, int], CurrentVerdict] = field(default_factory=dict)
    used_ids: UsedIds = field(default_factory=dict)
    unblinded: set[int] = field(default_factory=set)
    final: set[int] = field(default_factory=set)


def lock_memberships(judge: User, assignments: Iterable[int]) -> dict[int, BatchJudge]:
    """Lock the judge's memberships in the batches of some pages; return them by batch."""
    memberships = BatchJudge.objects.raw(MEMBERSHIPS, [judge.pk, list(assignments)])
    return {membership.batch_id: membership for membership in memberships}


def pages_by_id(judge: User, assignments: Iterable[int]) -> dict[int, Assignment]:
    """Return those of the pages that belong to the judge."""
    pages = Assignment.objects.raw(PAGES, [judge.pk, list(assignments)])
    return {page.pk: page for page in pages}


def candidates_of(pages: dict[int, Assignment], marks: Sequence[Mark]) -> list[int]:
    """Return the candidates that the marks name, each once."""
    candidates = {}
    for mark in marks:
        page = pages.get(mark.assignment)
        position = tile_position(mark, len(page.candidates)) if page else None
        if page and position is not None:
            candidates[page.candidates[position]] = True
    return list(candidates)


def last_submitted_pages(
    judge: User, pages: dict[int, Assignment], marks: Sequence[Mark]
) -> dict[tuple[int, int], int]:
    """Return the last page that the judge submitted, by batch and candidate.

    A candidate of a released page can be leased and submitted again later. After that,
    the older page takes nothing back either. This is read only if a mark is a null.
    """
    page_ids = {mark.assignment for mark in marks if mark.verdict is None}
    if not page_ids:
        return {}
    submitted = Assignment.objects.filter(
        judge=judge,
        state=AssignmentState.SUBMITTED,
        batch__in={page.batch_id for page in pages.values() if page.pk in page_ids},
        entity__in={page.entity_id for page in pages.values() if page.pk in page_ids},
    ).order_by("pk")
    return {(page.batch_id, c): page.pk for page in submitted for c in page.candidates}


def history_of(
    judge: User, batches: Iterable[int], candidates: list[int], marks: Sequence[Mark]
) -> History:
    """Return the judge's verdicts on candidates and the uses of the marks' ids."""
    history = History()
    mark_ids = [str(mark.id) for mark in marks]
    parameters = [list(batches), candidates, judge.pk, mark_ids]
    for row in sql.prepared_rows("labeler_history", HISTORY_TYPES, HISTORY, parameters):
        if row.kind == "unblinded":
            history.unblinded.add(row.candidate)
            continue
        if row.kind == "final":
            history.final.add(row.candidate)
            continue
        verdict = Verdict(row.verdict) if row.verdict else None
        if row.kind == "current":
            current = CurrentVerdict(verdict, row.blind)
            history.current[row.batch, row.candidate] = current
        history.used_ids[row.batch, row.mark] = (
            row.assignment,
            row.candidate,
            verdict,
        )
    return history
