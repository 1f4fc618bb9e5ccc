"""How the candidates of a queue row stand: votes, held places, need.

Everything here is read under the queue row's lock by a statement of its own, never by
the one that took the lock: only then does it see what the last holder of the lock
committed (docs/adr/0008-a-lease-is-two-statements.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from annotations import consensus
from annotations.consensus import Basis, Rules, Truth, Verdict
from annotations.models import JUDGEABLE, CandidateState, QueueState, prepared

READ = """
SELECT q.id, b.judges_required, coalesce(b.maximum, b.judges_required),
       clock_timestamp(), c.id, c.rank, c.state,
       EXISTS (SELECT FROM annotations_report p
               WHERE p.candidate_id = c.id AND p.dismissed_at IS NULL),
       (SELECT r.verdict FROM annotations_ruling r
        WHERE r.batch_id = q.batch_id AND r.candidate_id = c.id
          AND r.reopened_at IS NULL),
       CASE WHEN b.clear_beyond IS NOT NULL THEN (
           SELECT k.verdict FROM annotations_clearance k
           WHERE k.batch_id = q.batch_id AND k.candidate_id = c.id AND NOT k.is_audit
       ) END,
       j.judges, j.verdicts, j.places, h.judges, h.places, h.until, a.judges
FROM annotations_batchentity q
JOIN annotations_batch b ON b.id = q.batch_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) > 0 THEN coalesce(array_agg(m.judge_id) FILTER (
               WHERE m.removed_at IS NULL AND u.is_active AND 'judge' = ANY(u.roles)
           ), '{}') END AS judges
    FROM annotations_batchjudge m JOIN annotations_user u ON u.id = m.judge_id
    WHERE m.batch_id = q.batch_id
) a
LEFT JOIN annotations_candidate c ON c.entity_id = q.entity_id AND c.id <= q.upto
     AND c.state <> 'waiting'
     AND ($2 IS NULL OR c.id = ANY($2))
LEFT JOIN LATERAL (
    SELECT array_agg(judge_id) AS judges, array_agg(verdict) AS verdicts,
           array_agg(place) AS places
    FROM annotations_judgment
    WHERE batch_id = q.batch_id AND candidate_id = c.id AND verdict IS NOT NULL
) j ON true
LEFT JOIN (
    SELECT a.batch_id, t.candidate_id, array_agg(a.judge_id) AS judges,
           array_agg(t.place) AS places, min(a.expires_at) AS until
    FROM annotations_assignment a, unnest(a.candidates, a.places)
         AS t (candidate_id, place)
    WHERE a.state = 'held'
      AND (a.batch_id, a.entity_id) IN (
          SELECT batch_id, entity_id FROM annotations_batchentity
          WHERE id = ANY($1))
    GROUP BY 1, 2
) h ON h.batch_id = q.batch_id AND h.candidate_id = c.id
WHERE q.id = ANY($1)
"""


@dataclass(slots=True)
class Standing:
    """One candidate in one batch: who said what on which place, who may still."""

    candidate: int
    rank: int | None
    is_member: bool
    is_erased: bool
    is_reported: bool
    ruling: Verdict | None
    cleared: Verdict | None = None  # what the model said, where nobody is asked
    votes: dict[int, tuple[Verdict, int | None]] = field(default_factory=dict)
    # Places on live pages, by judge; 0 where a skip gave the place back.
    holds: dict[int, int] = field(default_factory=dict)
    held_until: datetime | None = None  # the first end of a lease on this candidate

    @property
    def held(self) -> dict[int, int]:
        """Places that wait for their judge's verdict, by judge."""
        return {j: p for j, p in self.holds.items() if p and j not in self.votes}

    def verdicts(self) -> list[Verdict]:
        """The current verdicts, skips left out."""
        return [v for v, _ in self.votes.values() if v is not Verdict.SKIP]

    def truth(self, rules: Rules) -> Truth:
        """What stands for it."""
        return consensus.truth(self.verdicts(), rules, self.ruling, self.cleared)

    def unmet(self, rules: Rules) -> int:
        """How many judgments are still missing."""
        withdrawn = not self.is_member or self.is_reported or self.cleared is not None
        verdicts = self.verdicts()
        needed = consensus.need(verdicts, rules, self.ruling, withdrawn=withdrawn)
        return max(0, needed - len(verdicts))

    def free(self, rules: Rules) -> int:
        """How many places can be given to further judges now."""
        return max(0, self.unmet(rules) - len(self.held))

    def is_open_to(self, judge: int, rules: Rules) -> bool:
        """Whether a place can be given to this judge now."""
        return (
            judge not in self.votes and judge not in self.holds and self.free(rules) > 0
        )

    def lowest_place(self) -> int:
        """The lowest place that neither a judgment nor a live lease holds."""
        taken = {place for _, place in self.votes.values()} | set(self.holds.values())
        place = 1
        while place in taken:
            place += 1
        return place


@dataclass(slots=True)
class Tally:
    """The counters of a queue row, as its candidates make them."""

    total: int = 0
    judged: int = 0
    settled: int = 0
    disputed: int = 0
    undecided: int = 0
    open_places: int = 0
    held_places: int = 0

    def add(self, standing: Standing, rules: Rules) -> int:
        """Count one candidate in; how many of its places are free."""
        if not standing.is_member:
            return 0
        verdicts = standing.verdicts()
        is_judged = len(verdicts) >= rules.required
        is_open = standing.truth(rules).basis is Basis.OPEN
        free = standing.free(rules)
        self.total += 1
        self.judged += is_judged
        self.settled += not is_open
        self.disputed += consensus.is_disputed(verdicts, rules)
        self.undecided += is_judged and is_open
        self.open_places += free
        self.held_places += len(standing.held)
        return free

    @property
    def state(self) -> QueueState:
        """Open while a place can be leased, leased while one is held, else done."""
        if self.open_places > 0:
            return QueueState.OPEN
        return QueueState.LEASED if self.held_places > 0 else QueueState.DONE


def tally(standings: Iterable[Standing], rules: Rules) -> Tally:
    """Count all of a queue row's candidates."""
    counters = Tally()
    for standing in standings:
        counters.add(standing, rules)
    return counters


@dataclass(slots=True)
class Reading:
    """What one statement saw of a queue row: rules, the database's time, standings.

    `active` are those who judge the batch now, None where nobody was ever named.
    """

    rules: Rules
    now: datetime
    active: frozenset[int] | None
    standings: dict[int, Standing] = field(default_factory=dict)  # by candidate

    def is_due(self) -> bool:
        """Whether some lease is over that still counts as held."""
        return any(
            s.held_until is not None and s.held_until <= self.now
            for s in self.standings.values()
        )


def read(
    rows: Sequence[int], candidates: Sequence[int] | None = None
) -> dict[int, Reading]:
    """Read queue rows (ids) in one statement, of some candidates or of all.

    Leases whose time is over count as held until somebody ends them, as they do in
    the counters.
    """
    chosen = None if candidates is None else list(candidates)
    found: dict[int, Reading] = {}
    with connection.cursor() as cursor:
        prepared.execute(
            cursor, "labeler_read", "bigint[], bigint[]", READ, [list(rows), chosen]
        )
        for row, required, maximum, now, candidate, *rest in cursor:
            if row not in found:
                active = None if rest[-1] is None else frozenset(rest[-1])
                found[row] = Reading(Rules(required, maximum), now, active)
            if candidate is not None:
                found[row].standings[candidate] = _standing(candidate, *rest[:-1])
    return found


def _standing(
    candidate: int,
    rank: int | None,
    state: str,
    is_reported: bool,
    ruling: str | None,
    cleared: str | None,
    *votes_and_places: Any,
) -> Standing:
    *arrays, until = votes_and_places
    judges, verdicts, places, holders, held = (values or () for values in arrays)
    said = zip(judges, zip(map(Verdict, verdicts), places, strict=True), strict=True)
    return Standing(
        candidate,
        rank,
        state in JUDGEABLE,
        state == CandidateState.ERASED,
        is_reported,
        Verdict(ruling) if ruling else None,
        Verdict(cleared) if cleared else None,
        dict(said),
        dict(zip(holders, held, strict=True)),
        until,
    )
