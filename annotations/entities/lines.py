"""What is known of candidates: verdicts, truth, reports, batch by batch."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from annotations import consensus
from annotations.consensus import Truth, Verdict
from annotations.models import (
    Batch,
    Candidate,
    Clearance,
    Judgment,
    Report,
    Ruling,
    Score,
)
from annotations.scoring import status


@dataclass(frozen=True)
class InBatch:
    """What one batch says of a candidate."""

    batch: Batch
    counts: dict[str, int]  # by verdict, skips included
    truth: Truth
    note: str  # of the ruling that stands


@dataclass(frozen=True)
class CandidateLine:
    """A candidate with what is said of it; batches that say nothing are left out."""

    candidate: Candidate
    reports: int  # not dismissed
    batches: list[InBatch]
    score: Score | None  # by the leading scorer


def lines(candidates: Sequence[Candidate]) -> list[CandidateLine]:
    """The candidates in the given order, in seven statements however many."""
    numbers = [candidate.pk for candidate in candidates]
    said = _said(numbers)
    standing = Ruling.objects.filter(candidate__in=numbers, reopened_at__isnull=True)
    rulings = {(r.candidate_id, r.batch_id): r for r in standing}
    open_reports = Report.objects.filter(candidate__in=numbers, dismissed_at=None)
    reports = Counter(open_reports.values_list("candidate", flat=True))
    cleared = _cleared(numbers)
    keys = sorted({*said, *rulings, *cleared})
    batches = Batch.objects.in_bulk({batch for _, batch in keys})
    heard: dict[int, list[InBatch]] = defaultdict(list)
    for key in keys:
        candidate, batch = key
        line = _in_batch(
            batches[batch], said.get(key, {}), rulings.get(key), cleared.get(key)
        )
        heard[candidate].append(line)
    scores = status.default_scores(candidates)
    return [
        CandidateLine(c, reports[c.pk], heard[c.pk], scores.get(c.pk))
        for c in candidates
    ]


def _said(candidates: Sequence[int]) -> dict[tuple[int, int], dict[str, int]]:
    """How often each verdict was said, by candidate and batch."""
    rows = Judgment.objects.filter(candidate__in=candidates, verdict__isnull=False)
    counted = rows.values_list("candidate", "batch", "verdict").annotate(Count("judge"))
    found: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    places = list(Verdict)
    for candidate, batch, verdict, count in sorted(
        counted.order_by(), key=lambda row: places.index(Verdict(row[2]))
    ):
        found[candidate, batch][verdict] = count
    return found


def _cleared(candidates: Sequence[int]) -> dict[tuple[int, int], Verdict]:
    """What the model said of those that nobody is asked about, by candidate and batch."""
    rows = Clearance.objects.filter(candidate__in=candidates, is_audit=False)
    columns = rows.values_list("candidate_id", "batch_id", "verdict")
    return {(candidate, batch): Verdict(v) for candidate, batch, v in columns}


def _in_batch(
    batch: Batch,
    counts: dict[str, int],
    ruling: Ruling | None,
    cleared: Verdict | None,
) -> InBatch:
    verdicts = [
        verdict
        for verdict in (Verdict.YES, Verdict.NO, Verdict.BROKEN)
        for _ in range(counts.get(verdict, 0))
    ]
    ruled = Verdict(ruling.verdict) if ruling else None
    truth = consensus.truth(verdicts, batch.rules, ruled, cleared)
    return InBatch(batch, counts, truth, ruling.note if ruling else "")
