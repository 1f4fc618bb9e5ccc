"""How the candidates of a queue row stand: votes, held places, need.

Read everything here under the queue row's lock, by a statement of its own and never by
the one that took the lock. Only then does it see the commit of the last holder of the
lock (docs/adr/0008-a-lease-is-two-statements.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from annotations import consensus, sql
from annotations.consensus import Basis, Rules, Truth, Verdict
from annotations.models import JUDGEABLE, CandidateState, QueueState
from annotations.sql import fragments

READ = f"""
SELECT q.id AS row_id, b.judges_required AS required,
       coalesce(b.maximum, b.judges_required) AS maximum, clock_timestamp() AS now,
       active.judges AS active_judges, c.id AS candidate, c.rank, c.state,
       {fragments.has_open_report("c.id")} AS is_reported,
       ({fragments.standing_ruling("q.batch_id", "c.id")}) AS ruling,
       CASE WHEN b.clear_beyond IS NOT NULL THEN (
           {fragments.clearance("q.batch_id", "c.id")}) END AS cleared,
       j.judges, j.verdicts, j.places,
       h.judges AS holders, h.places AS held_places, h.held_until
FROM annotations_batchentity q
JOIN annotations_batch b ON b.id = q.batch_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) > 0 THEN coalesce(array_agg(m.judge_id) FILTER (
               WHERE {fragments.is_active_judge("m", "u")}), '{{}}') END AS judges
    FROM annotations_batchjudge m JOIN annotations_user u ON u.id = m.judge_id
    WHERE m.batch_id = q.batch_id
) active
LEFT JOIN annotations_candidate c ON {fragments.is_in_row("c", "q")}
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
           array_agg(t.place) AS places, min(a.expires_at) AS held_until
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
    """One candidate in one batch: who gave which verdict on which place, who still can."""

    candidate: int
    rank: int | None
    is_member: bool
    is_erased: bool
    is_reported: bool
    ruling: Verdict | None
    cleared: Verdict | None = None  # the scorer's verdict, if judges are not asked
    votes: dict[int, tuple[Verdict, int | None]] = field(default_factory=dict)
    # Places on live pages, by judge; 0 if a skip gave the place back.
    holds: dict[int, int] = field(default_factory=dict)
    held_until: datetime | None = None  # the first end of a lease on this candidate

    @property
    def held(self) -> dict[int, int]:
        """Places that wait for their judge's verdict, by judge."""
        return {j: p for j, p in self.holds.items() if p and j not in self.votes}

    def verdicts(self) -> list[Verdict]:
        """Return the current verdicts, without skips."""
        return [v for v, _ in self.votes.values() if v is not Verdict.SKIP]

    def truth(self, rules: Rules) -> Truth:
        """Return the candidate's truth in its batch."""
        return consensus.truth(self.verdicts(), rules, self.ruling, self.cleared)

    def unmet(self, rules: Rules) -> int:
        """Return the number of missing judgments."""
        withdrawn = not self.is_member or self.is_reported or self.cleared is not None
        verdicts = self.verdicts()
        needed = consensus.need(verdicts, rules, self.ruling, withdrawn=withdrawn)
        return max(0, needed - len(verdicts))

    def free(self, rules: Rules) -> int:
        """Return the number of places that further judges can get now."""
        return max(0, self.unmet(rules) - len(self.held))

    def is_open_to(self, judge: int, rules: Rules) -> bool:
        """Return whether this judge can get a place now."""
        return (
            judge not in self.votes and judge not in self.holds and self.free(rules) > 0
        )

    def lowest_place(self) -> int:
        """Return the lowest place that neither a judgment nor a live lease holds."""
        places = {place for _, place in self.votes.values()} | set(self.holds.values())
        place = 1
        while place in places:
            place += 1
        return place


@dataclass(slots=True)
class Tally:
    """The counters of a queue row, computed from its candidates."""

    total: int = 0
    judged: int = 0
    disputed: int = 0
    undecided: int = 0
    open_places: int = 0
    held_places: int = 0

    def add(self, standing: Standing, rules: Rules) -> int:
        """Add one candidate to the counters. Return the number of its free places."""
        if not standing.is_member:
            return 0
        verdicts = standing.verdicts()
        is_judged = len(verdicts) >= rules.required
        free = standing.free(rules)
        self.total += 1
        self.judged += is_judged
        self.disputed += consensus.is_disputed(verdicts, rules)
        self.undecided += is_judged and standing.truth(rules).basis is Basis.OPEN
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
    """Return the counters of all of a queue row's candidates."""
    counters = Tally()
    for standing in standings:
        counters.add(standing, rules)
    return counters


@dataclass(slots=True)
class RowState:
    """A queue row as one statement read it: rules, the database's time, standings.

    `active` are the judges who judge the batch now, None if it never had a judge.
    """

    rules: Rules
    now: datetime
    active: frozenset[int] | None
    standings: dict[int, Standing] = field(default_factory=dict)  # by candidate

    def has_overdue_lease(self) -> bool:
        """Return whether a lease has run out that still counts as held."""
        return any(
            s.held_until is not None and s.held_until <= self.now
            for s in self.standings.values()
        )


def read_rows(
    row_ids: Sequence[int], candidates: Sequence[int] | None = None
) -> dict[int, RowState]:
    """Return the states of queue rows, with some candidates or all, by one statement.

    A lease that has run out counts as held until it is ended, as in the counters.
    """
    parameters = [list(row_ids), None if candidates is None else list(candidates)]
    types = "bigint[], bigint[]"
    states: dict[int, RowState] = {}
    for row in sql.prepared_rows("labeler_read", types, READ, parameters):
        if row.row_id not in states:
            judges = row.active_judges
            active = None if judges is None else frozenset(judges)
            rules = Rules(row.required, row.maximum)
            states[row.row_id] = RowState(rules, row.now, active)
        if row.candidate is not None:
            states[row.row_id].standings[row.candidate] = _standing(row)
    return states


def _standing(row: Any) -> Standing:
    votes = zip(map(Verdict, row.verdicts or ()), row.places or (), strict=True)
    return Standing(
        candidate=row.candidate,
        rank=row.rank,
        is_member=row.state in JUDGEABLE,
        is_erased=row.state == CandidateState.ERASED,
        is_reported=row.is_reported,
        ruling=Verdict(row.ruling) if row.ruling else None,
        cleared=Verdict(row.cleared) if row.cleared else None,
        votes=dict(zip(row.judges or (), votes, strict=True)),
        holds=dict(zip(row.holders or (), row.held_places or (), strict=True)),
        held_until=row.held_until,
    )
