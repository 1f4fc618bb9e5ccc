"""Score what is due: look at pictures that lack it, compare, calibrate, write."""

import contextlib
import ctypes
import gc
import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat, takewhile

import numpy as np
from django.db import OperationalError

from annotations.models import Outcome, Scorer, ScorerFit, User

from . import calibration, fitting, analysis, storage, registry, pending
from .base import Analysis, ScoringModel
from .features import Compared, compare
from .analysis import PASSING as LOOKING_FAILED
from .analysis import Seen, look_ahead, look_at
from .storage import Known, Written
from .weights import WrongWeights

log = logging.getLogger(__name__)

PASSING = (*LOOKING_FAILED, OperationalError)
CLAIMED = 8  # entities at once
# An entity with more pictures than this is taken in several goes.
PICTURES = 100
DEADLY = "Its worker ended each time it looked at this picture."


# A claim, and whether all of its entity is scored.
Scored = tuple[pending.Claim, bool]


@dataclass(slots=True)
class Done:
    """Entities whose scores changed, and whether more may be due."""

    entities: list[int] = field(default_factory=list)
    has_more: bool = False


def score_due(
    *,
    seconds: float,
    entities: Sequence[int] | None = None,
    scorers: Sequence[Scorer] | None = None,
    then: Callable[[list[int]], object] = len,
) -> Done:
    """Score what is due for so long, of some entities or all, of some scorers or all.

    `then` is told of entities whose scores are written before they count as done: what
    it does with them is done again where a worker is killed in between. Any number of
    processes may do this at once. Paused scorers rest.
    """
    done = Done()
    ends = time.monotonic() + seconds
    for row in registry.rows() if scorers is None else scorers:
        while row.paused_at is None and time.monotonic() < ends:
            batch = pending.claim(row, CLAIMED, entities)
            if not batch:
                break
            scored = list(_score(row, batch, ends))
            done.entities += [claim.entity for claim, _ in scored]
            then([claim.entity for claim, is_whole in scored if is_whole])
            for claim, is_whole in scored:
                (pending.finish if is_whole else pending.let_go)(claim)
        else:
            done.has_more |= row.paused_at is None
    return done


def _score(row: Scorer, claims: Sequence[pending.Claim], ends: float) -> Iterator[Scored]:
    """Score claimed entities; those that were."""
    known = storage.read(row, [claim.entity for claim in claims])
    sitting = Sitting(row, fitting.latest(row), known)
    try:
        sitting.prepare(claims)
    except WrongWeights as error:
        log.error("Scorer %s cannot run: %s", row.name, error.detail)
        for claim in claims:
            pending.postpone(claim, error.detail)
    else:
        yield from sitting.score(claims, ends)


def refit(*, scorer: Scorer, by: User | None = None) -> ScorerFit | None:
    """Calibrate a scorer anew, and have rescored what judges are served by it.

    None where too little was judged for it.
    """
    prior = registry.configured()[scorer.name].prior
    made = fitting.refit(scorer=scorer, prior=prior, by=by)
    if made is not None:
        pending.mark_served(scorer)
    return made


def free_memory() -> None:
    """Forget threads and weights: a worker without work is as small as before."""
    analysis.let_threads_go()
    registry.loaded.cache_clear()
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


@dataclass(slots=True)
class Sitting:
    """One scorer at some claimed entities."""

    row: Scorer
    fit: ScorerFit | None
    known: dict[int, list[Known]]
    # None where all pictures have been looked at: no weights are needed.
    model: ScoringModel | None = None
    ahead: Iterator[Seen] = iter(())

    def prepare(self, claims: Sequence[pending.Claim]) -> None:
        """Begin to look at the pictures that lack it; WrongWeights where that fails."""
        wanted = {claim: _wanted(self.known.get(claim.entity, [])) for claim in claims}
        if not any(wanted.values()):
            return
        self.model = registry.loaded(self.row.name)
        plain = [
            (known.candidate, known.sha256)
            for claim, pictures in wanted.items()
            if not claim.is_careful
            for known in pictures
        ]
        self.ahead = look_ahead(self.model, plain)

    def score(self, claims: Sequence[pending.Claim], ends: float) -> Iterator[Scored]:
        """Those that were scored. Pictures of the next are looked at meanwhile."""
        for claim in claims:
            if time.monotonic() > ends:
                pending.let_go(claim)
            elif written := self._score(claim, ends):
                yield claim, written.is_whole
        # Whatever was looked at for entities that were let go is looked at again.
        if isinstance(self.ahead, Generator):
            self.ahead.close()

    def _score(self, claim: pending.Claim, ends: float) -> Written | None:
        """Score one entity, as far as time goes; None where that has to wait."""
        candidates = self.known.get(claim.entity, [])
        wanted = _wanted(candidates)
        try:
            seen = self._carefully(claim, wanted) if claim.is_careful else self.ahead
            in_time = takewhile(lambda _: time.monotonic() < ends, repeat(None))
            pairs = zip(range(len(wanted)), in_time, seen, strict=False)
            looks = _looks([each for *_, each in pairs])
            written = self._written(claim, candidates, looks)
            fit = self.fit.pk if self.fit else None
            storage.write(self.row, fit, claim.entity, written)
        except PASSING as error:
            log.warning("Entity %s is scored later: %s", claim.entity, error)
            pending.postpone(claim, f"{type(error).__name__}: {error}")
            return None
        return written

    def _carefully(self, claim: pending.Claim, wanted: Sequence[Known]) -> Iterator[Seen]:
        """One by one; the one over which a worker died comes first, or not at all."""
        for each in sorted(wanted, key=lambda k: k.candidate != claim.trying):
            if each.candidate == claim.deadly:
                yield each.candidate, Analysis(outcome=Outcome.FAILED, problem=DEADLY)
                continue
            pending.trying(claim, each.candidate)
            assert self.model is not None
            yield from look_at(self.model, [(each.candidate, each.sha256)])

    def _written(
        self, claim: pending.Claim, candidates: Sequence[Known], looks: dict[int, Analysis]
    ) -> Written:
        """The scores of what was looked at now, and of all that is compared anew."""
        seen = {k.candidate: _seen(k, looks) for k in candidates}
        items = [k.item(look) for k in candidates if (look := seen[k.candidate])]
        compared = compare(items)
        for each in candidates:
            if seen[each.candidate] is None and each.scored is not None:
                # Not kept, not looked at again: its features stay.
                seen[each.candidate] = Analysis(count=each.faces)
                compared[each.candidate] = each.scored
        chances = self._probabilities(claim, candidates, compared)
        written = Written(looks=looks)
        for each in candidates:
            look = seen[each.candidate]
            if look is None:
                written.is_whole = False
                continue
            found, chance = compared.get(each.candidate), chances.get(each.candidate)
            written.scores.append(storage.row_of(each, look, found, chance))
        return written

    def _probabilities(
        self,
        claim: pending.Claim,
        candidates: Sequence[Known],
        compared: dict[int, Compared],
    ) -> dict[int, float]:
        """By candidate, of those that could be compared with a reference."""
        ranks = {known.candidate: known.rank for known in candidates}
        scored = {n: c for n, c in compared.items() if c.outcome is Outcome.SCORED}
        if not scored:
            return {}
        features = np.array([c.features(ranks[n]) for n, c in scored.items()], float)
        chances = calibration.probabilities(
            self.fit.parameters if self.fit else None,
            registry.configured()[self.row.name].prior,
            features,
            np.full(len(scored), claim.entity),
        )
        return dict(zip(scored, map(float, chances), strict=True))


def _wanted(candidates: Sequence[Known]) -> list[Known]:
    """The candidates whose pictures are to be looked at now.

    Those without a score; and with them, references whose embeddings were not kept.
    """
    readable = [each for each in candidates if each.is_readable]
    fresh = [each for each in readable if each.is_new]
    if not fresh:
        return []
    again = [each for each in readable if each.look is None and not each.is_new]
    return fresh[:PICTURES] + [each for each in again if each.is_reference]


def _looks(seen: Sequence[Seen]) -> dict[int, Analysis]:
    """What was found, by candidate; raises what was in the way of any of them."""
    found: dict[int, Analysis] = {}
    for candidate, look in seen:
        if isinstance(look, Exception):
            raise look
        found[candidate] = look
    return found


def _seen(known: Known, looks: dict[int, Analysis]) -> Analysis | None:
    """What is known to be in a picture; None where it is still to be looked at."""
    if known.candidate in looks:
        return looks[known.candidate]
    if not known.is_readable:
        return Analysis(outcome=Outcome.UNREADABLE)
    return known.look
