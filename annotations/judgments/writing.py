"""Marks that were taken, on their way into the database: sets, not rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection

from annotations.consensus import Verdict
from annotations.models import (
    Assignment,
    AssignmentState,
    JudgmentRevision,
    prepared,
)

from .marks import Mark, blind_verdict, clamped

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


@dataclass(frozen=True, slots=True)
class Said:
    """A judge's current verdict on a candidate and the last one given blind."""

    verdict: Verdict | None
    blind: str | None


@dataclass(slots=True)
class Writes:
    """Rows to write, in rounds: the n-th mark on a candidate is in round n.

    So each replaced mark meets the trigger that keeps it, and one page of first marks
    is one statement.
    """

    rounds: list[list[tuple]] = field(default_factory=list)
    depth: dict[tuple[int, int], int] = field(default_factory=dict)
    nothing_to_take_back: list[JudgmentRevision] = field(default_factory=list)
    places: list[tuple[int, Assignment, int]] = field(default_factory=list)

    def say(
        self,
        mark: Mark,
        page: Assignment,
        candidate: int,
        place: int | None,
        before: Said | None,
        *,
        is_blind: bool,
        now: datetime,
    ) -> Said | None:
        """Plan a mark's row; what stands after it, None when taken back."""
        if mark.verdict is None and before is None:
            self._nothing(mark, page, candidate, now)
            return None
        after = Said(mark.verdict, _blind(mark, before, is_blind))
        key = (page.batch_id, candidate)
        depth = self.depth.get(key, 0)
        if depth == len(self.rounds):
            self.rounds.append([])
        self.depth[key] = depth + 1
        self.rounds[depth].append(
            (
                page.batch_id,
                candidate,
                page.judge_id,
                page.pk,
                place,
                mark.verdict and mark.verdict.value,
                after.blind,
                mark.how,
                mark.reason,
                clamped(mark.seconds, settings.LEASE_MINUTES),
                min(mark.decided_at, now),
                now,
                str(mark.id),
            )
        )
        return after if mark.verdict is not None else None

    def _nothing(
        self, mark: Mark, page: Assignment, candidate: int, now: datetime
    ) -> None:
        """Remember the id of a null that found nothing: it may come once more."""
        self.nothing_to_take_back.append(
            JudgmentRevision(
                batch_id=page.batch_id,
                candidate_id=candidate,
                judge_id=page.judge_id,
                new_assignment_id=page.pk,
                new_client_id=mark.id,
                replaced_at=now,
            )
        )

    def hold(self, page: Assignment, candidate: int, place: int) -> None:
        """The judge's live page has another place for this candidate now, 0: none."""
        self.places.append((place, page, candidate))

    def flush(self) -> None:
        """Write everything that was planned."""
        for rows in self.rounds:
            self._flush_round(rows)
        JudgmentRevision.objects.bulk_create(self.nothing_to_take_back)
        with connection.cursor() as cursor:
            for place, page, candidate in self.places:
                cursor.execute(
                    """
                    UPDATE annotations_assignment
                    SET places[array_position(candidates, %s)] = %s
                    WHERE batch_id = %s AND entity_id = %s AND judge_id = %s
                      AND state = %s AND %s = ANY(candidates)
                    """,
                    [
                        candidate,
                        place,
                        page.batch_id,
                        page.entity_id,
                        page.judge_id,
                        AssignmentState.HELD,
                        candidate,
                    ],
                )

    def _flush_round(self, rows: Sequence[tuple]) -> None:
        taken_back = [row[:3] for row in rows if row[VERDICT] is None]
        with connection.cursor() as cursor:
            columns = [list(column) for column in zip(*rows, strict=True)]
            prepared.execute(cursor, "labeler_say", TYPES, UPSERT, columns)
            for key in taken_back:
                cursor.execute(
                    "DELETE FROM annotations_judgment WHERE batch_id = %s "
                    "AND candidate_id = %s AND judge_id = %s",
                    key,
                )


def _blind(mark: Mark, before: Said | None, is_blind: bool) -> str | None:
    if mark.verdict is None:
        return None
    previous = before.blind if before else None
    return blind_verdict(previous, mark.verdict, is_blind=is_blind)
