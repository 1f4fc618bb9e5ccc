"""Summaries of candidates: verdicts, truth and reports, by batch."""

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
class BatchSummary:
    """A candidate's verdicts and truth in one batch."""

    batch: Batch
    counts: dict[str, int]  # by verdict, skips included
    truth: Truth
    note: str  # of the standing ruling


@dataclass(frozen=True)
class CandidateSummary:
    """A candidate with its summaries in the batches that have a verdict on it."""

    candidate: Candidate
    reports: int  # not dismissed
    batches: list[BatchSummary]
    score: Score | None  # by the leading scorer


def summarise(candidates: Sequence[Candidate]) -> list[CandidateSummary]:
    """Return summaries in the order of the candidates, always by seven statements."""
    ids = [candidate.pk for candidate in candidates]
    counts = _verdict_counts(ids)
    ruling_rows = Ruling.objects.filter(candidate__in=ids, reopened_at__isnull=True)
    rulings = {(r.candidate_id, r.batch_id): r for r in ruling_rows}
    open_reports = Report.objects.filter(candidate__in=ids, dismissed_at=None)
    reports = Counter(open_reports.values_list("candidate", flat=True))
    clearances = _clearances(ids)
    keys = sorted({*counts, *rulings, *clearances})
    batches = Batch.objects.in_bulk({batch for _, batch in keys})
    by_candidate: dict[int, list[BatchSummary]] = defaultdict(list)
    for key in keys:
        candidate, batch = key
        summary = _in_batch(
            batches[batch], counts.get(key, {}), rulings.get(key), clearances.get(key)
        )
        by_candidate[candidate].append(summary)
    scores = status.default_scores(candidates)
    return [
        CandidateSummary(c, reports[c.pk], by_candidate[c.pk], scores.get(c.pk))
        for c in candidates
    ]


def _verdict_counts(candidates: Sequence[int]) -> dict[tuple[int, int], dict[str, int]]:
    """Return the numbers of each verdict, by candidate and batch."""
    rows = Judgment.objects.filter(candidate__in=candidates, verdict__isnull=False)
    groups = rows.values_list("candidate", "batch", "verdict").annotate(Count("judge"))
    counts: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    order = list(Verdict)
    for candidate, batch, verdict, count in sorted(
        groups.order_by(), key=lambda row: order.index(Verdict(row[2]))
    ):
        counts[candidate, batch][verdict] = count
    return counts


def _clearances(candidates: Sequence[int]) -> dict[tuple[int, int], Verdict]:
    """Return the scorer's verdicts on cleared candidates, by candidate and batch."""
    rows = Clearance.objects.filter(candidate__in=candidates, is_audit=False)
    columns = rows.values_list("candidate_id", "batch_id", "verdict")
    return {(candidate, batch): Verdict(v) for candidate, batch, v in columns}


def _in_batch(
    batch: Batch,
    counts: dict[str, int],
    ruling: Ruling | None,
    cleared: Verdict | None,
) -> BatchSummary:
    verdicts = [
        verdict
        for verdict in (Verdict.YES, Verdict.NO, Verdict.BROKEN)
        for _ in range(counts.get(verdict, 0))
    ]
    ruling_verdict = Verdict(ruling.verdict) if ruling else None
    truth = consensus.truth(verdicts, batch.rules, ruling_verdict, cleared)
    return BatchSummary(batch, counts, truth, ruling.note if ruling else "")
