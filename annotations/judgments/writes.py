"""Accepted marks on their way into the database, in sets instead of single rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from annotations import queue, sql
from annotations.consensus import Verdict
from annotations.models import Assignment, JudgmentRevision

from .marks import Mark, blind_verdict, to_centiseconds, within_lease

COLUMNS = (
    "batch_id",
    "candidate_id",
    "judge_id",
    "assignment_id",
    "place",
    "verdict",
    "blind_verdict",
    "how",
    "reason",
    "centiseconds",
    "decided_at",
    "received_at",
    "client_id",
)
VERDICT = COLUMNS.index("verdict")
TYPES = (
    "bigint[], bigint[], bigint[], bigint[], smallint[], text[], text[], text[], "
    "text[], integer[], timestamptz[], timestamptz[], text[]"
)
UPSERT = f"""
INSERT INTO annotations_judgment ({", ".join(COLUMNS)})
SELECT * FROM unnest({", ".join(f"${n}" for n in range(1, len(COLUMNS)))},
                     ${len(COLUMNS)}::uuid[])
ON CONFLICT (batch_id, candidate_id, judge_id) DO UPDATE SET
{", ".join(f"{name} = excluded.{name}" for name in COLUMNS[3:])}
"""
DELETE = """
DELETE FROM annotations_judgment
WHERE batch_id = %s AND candidate_id = %s AND judge_id = %s
"""


@dataclass(frozen=True, slots=True)
class CurrentVerdict:
    """A judge's current verdict on a candidate, and the last one given blind."""

    verdict: Verdict | None
    blind: str | None


@dataclass(slots=True)
class PendingWrites:
    """Rows to write, in rounds: the n-th mark on a candidate is in round n.

    So the trigger that keeps replaced marks sees each of them, and a page of first
    marks is one statement.
    """

    rounds: list[list[tuple[Any, ...]]] = field(default_factory=list)
    depths: dict[tuple[int, int], int] = field(default_factory=dict)
    null_marks: list[JudgmentRevision] = field(default_factory=list)
    places: list[tuple[int, Assignment, int]] = field(default_factory=list)

    def add_mark(
        self,
        mark: Mark,
        page: Assignment,
        candidate: int,
        place: int | None,
        before: CurrentVerdict | None,
        *,
        is_blind: bool,
        now: datetime,
    ) -> CurrentVerdict | None:
        """Plan a mark's row. Return the new current verdict, None if it is taken back."""
        if mark.verdict is None and before is None:
            self._add_null_mark(mark, page, candidate, now)
            return None
        after = CurrentVerdict(mark.verdict, _blind(mark, before, is_blind))
        key = (page.batch_id, candidate)
        depth = self.depths.get(key, 0)
        if depth == len(self.rounds):
            self.rounds.append([])
        self.depths[key] = depth + 1
        self.rounds[depth].append(_row(mark, page, candidate, place, after, now))
        return after if mark.verdict is not None else None

    def _add_null_mark(
        self, mark: Mark, page: Assignment, candidate: int, now: datetime
    ) -> None:
        """Keep the id of a null without a judgment to take back: it can be sent again."""
        self.null_marks.append(
            JudgmentRevision(
                batch_id=page.batch_id,
                candidate_id=candidate,
                judge_id=page.judge_id,
                new_assignment_id=page.pk,
                new_client_id=mark.id,
                replaced_at=now,
            )
        )

    def set_place(self, page: Assignment, candidate: int, place: int) -> None:
        """Plan a new place for a candidate on the judge's live page; 0 means none."""
        self.places.append((place, page, candidate))

    def flush(self) -> None:
        """Write everything that was planned."""
        for rows in self.rounds:
            _write_round(rows)
        JudgmentRevision.objects.bulk_create(self.null_marks)
        for place, page, candidate in self.places:
            queue.set_place(page, candidate, place)


def _row(
    mark: Mark,
    page: Assignment,
    candidate: int,
    place: int | None,
    after: CurrentVerdict,
    now: datetime,
) -> tuple[Any, ...]:
    return (
        page.batch_id,
        candidate,
        page.judge_id,
        page.pk,
        place,
        mark.verdict and mark.verdict.value,
        after.blind,
        mark.how,
        mark.reason,
        to_centiseconds(mark.seconds, settings.LEASE_MINUTES),
        within_lease(mark.decided_at, page.leased_at, now),
        now,
        str(mark.id),
    )


def _write_round(rows: Sequence[tuple[Any, ...]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    sql.prepared_run("labeler_write_judgments", TYPES, UPSERT, columns)
    for row in rows:
        if row[VERDICT] is None:
            sql.run(DELETE, row[:3])


def _blind(mark: Mark, before: CurrentVerdict | None, is_blind: bool) -> str | None:
    if mark.verdict is None:
        return None
    previous = before.blind if before else None
    return blind_verdict(previous, mark.verdict, is_blind=is_blind)
