"""Invariants of the queue, for any state of its tables.

They are computed without the queue's code, except for the recount of counters.
"""

from annotations import consensus, queue
from annotations.consensus import Rules, Verdict
from annotations.models import (
    Assignment,
    Batch,
    BatchEntity,
    BatchJudge,
    Candidate,
    Clearance,
    Conflict,
    Judgment,
    Ruling,
)
from annotations.queue.standings import read_rows, tally


def needs(batch):
    """Return need, places and judges of every member, without the queue's code."""
    rules = Rules(batch.judges_required, batch.judges_maximum)
    needs_by_candidate = {}
    for row in BatchEntity.objects.filter(batch=batch):
        for candidate in row.entity.candidates.filter(
            pk__lte=row.upto, state__in=["ready", "unreadable", "empty"]
        ):
            rows = list(Judgment.objects.filter(batch=batch, candidate=candidate))
            verdicts = [Verdict(r.verdict) for r in rows if r.verdict != "skip"]
            ruling = Ruling.objects.filter(
                batch=batch, candidate=candidate, reopened_at=None
            ).exists()
            is_reported = candidate.reports.filter(dismissed_at=None).exists()
            is_cleared = Clearance.objects.filter(
                batch=batch, candidate=candidate, is_audit=False
            ).exists()
            is_withdrawn = ruling or is_reported or is_cleared
            need = consensus.need(verdicts, rules, withdrawn=is_withdrawn)
            needs_by_candidate[candidate.pk] = (
                need,
                [r.place for r in rows if r.place],
                {r.judge_id for r in rows},
            )
    return needs_by_candidate


def active_judges(batch):
    """Return the ids of the judges of a batch."""
    members = BatchJudge.objects.filter(batch=batch, removed_at=None)
    return set(members.values_list("judge_id", flat=True))


def live_places(batch):
    """Return (candidate, judge, place) of live pages that wait for a verdict."""
    now = queue.clock()
    places = []
    for page in Assignment.objects.filter(
        batch=batch, state="held", expires_at__gt=now
    ):
        judged_candidates = set(
            Judgment.objects.filter(
                batch=batch, judge=page.judge_id, candidate__in=page.candidates
            ).values_list("candidate_id", flat=True)
        )
        places += [
            (candidate, page.judge_id, place)
            for candidate, place in zip(page.candidates, page.places, strict=True)
            if place and candidate not in judged_candidates
        ]
    return places


def check_places(batch, highest):
    """Check that each place has one judge, and that no place is above the highest."""
    places = {c: list(numbers) for c, (_, numbers, _) in needs(batch).items()}
    for numbers in places.values():
        assert len(numbers) <= highest
    for candidate, _, place in live_places(batch):
        assert place <= highest
        places.setdefault(candidate, []).append(place)
    for numbers in places.values():
        assert len(set(numbers)) == len(numbers)


def check_counters(batch):
    """Check that the counters of queue rows equal the recounted ones."""
    rules = Batch.objects.get(pk=batch.pk).rules
    rows = list(BatchEntity.objects.filter(batch=batch))
    assert rows
    states = read_rows([row.pk for row in rows])
    for row in rows:
        counters = tally(states[row.pk].standings.values(), rules)
        stored_counters = {name: getattr(row, name) for name in counters.__slots__}
        assert stored_counters == {n: getattr(counters, n) for n in counters.__slots__}
        assert row.state == counters.state


def check_judges(batch):
    """Check the counters of judges."""
    for membership in BatchJudge.objects.filter(batch=batch):
        judgments = Judgment.objects.filter(batch=batch, judge=membership.judge_id)
        assert membership.skips == judgments.filter(verdict="skip").count()
        assert membership.verdicts == judgments.exclude(verdict="skip").count()


def check_conflicts(batch):
    """Check that the conflicts are exactly the disputed, reported and stuck candidates."""
    active = active_judges(batch)
    batch = Batch.objects.get(pk=batch.pk)
    expected = {}
    for candidate, (need, places, judges) in needs(batch).items():
        row = Candidate.objects.get(pk=candidate)
        verdicts = set(
            Judgment.objects.filter(batch=batch, candidate=row)
            .exclude(verdict="skip")
            .values_list("verdict", flat=True)
        )
        kinds = (
            len(places) >= batch.judges_required and len(verdicts) > 1,
            row.reports.filter(dismissed_at=None).exists(),
            need > len(places) and judges >= active,
        )
        is_ruled = row.rulings.filter(batch=batch, reopened_at=None).exists()
        if any(kinds) and not is_ruled:
            expected[candidate] = kinds
    conflicts = Conflict.objects.filter(batch=batch).values_list(
        "candidate_id", "is_disputed", "is_reported", "is_stuck"
    )
    assert {candidate: tuple(kinds) for candidate, *kinds in conflicts} == expected
