"""Scoring of due entities: analyse new pictures, compare, calibrate, write."""

import contextlib
import ctypes
import gc
import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat, takewhile

import numpy as np
from django.db import OperationalError

from annotations.models import Outcome, Scorer, ScorerFit, User

from . import analysis, calibration, fitting, pending, registry, storage
from .analysis import Result, analyse, analyse_ahead
from .base import Analysis, ScoringModel
from .features import Comparison, compare
from .pending import Claim
from .storage import EntityScores, StoredCandidate
from .weights import WrongWeights

log = logging.getLogger(__name__)

TRANSIENT = (*analysis.TRANSIENT, OperationalError)
CLAIMED_AT_ONCE = 8  # entities
# Of an entity with more new pictures, only these are analysed in one turn.
PICTURES = 100
DEADLY = "The worker crashed at each attempt to analyse this picture."


@dataclass(slots=True)
class ScoredEntities:
    """Entities with new scores, and whether more can be due."""

    entities: list[int] = field(default_factory=list)
    has_more: bool = False


def score_due(
    *,
    seconds: float,
    entities: Sequence[int] | None = None,
    scorers: Sequence[Scorer] | None = None,
    then: Callable[[list[int]], object] = len,
) -> ScoredEntities:
    """Score due entities for at most `seconds`: of some entities or all, some scorers or all.

    Call `then` with entities whose scores are written, before they count as done. If a
    worker is killed in between, the call is repeated. Several processes can score at
    once. Paused scorers are skipped.
    """
    result = ScoredEntities()
    ends_at = time.monotonic() + seconds
    for scorer in registry.rows() if scorers is None else scorers:
        while scorer.paused_at is None and time.monotonic() < ends_at:
            claims = pending.claim(scorer, CLAIMED_AT_ONCE, entities)
            if not claims:
                break
            scored = list(_score(scorer, claims, ends_at))
            result.entities += [claim.entity for claim, _ in scored]
            then([claim.entity for claim, is_complete in scored if is_complete])
            for claim, is_complete in scored:
                (pending.finish if is_complete else pending.unclaim)(claim)
        else:
            result.has_more |= scorer.paused_at is None
    return result


def _score(
    scorer: Scorer, claims: Sequence[Claim], ends_at: float
) -> Iterator[tuple[Claim, bool]]:
    """Score claimed entities. Yield the scored ones, and whether each is complete."""
    candidates = storage.read(scorer, [claim.entity for claim in claims])
    run = ScoringRun(scorer, fitting.latest(scorer), candidates)
    try:
        run.prepare(claims)
    except WrongWeights as error:
        log.error("Scorer %s cannot run: %s", scorer.name, error.detail)
        for claim in claims:
            pending.postpone(claim, error.detail)
    else:
        yield from run.score(claims, ends_at)


def refit(*, scorer: Scorer, by: User | None = None) -> ScorerFit | None:
    """Calibrate a scorer again, and rescore the entities that judges get by probability.

    Return None if there are too few labels.
    """
    prior = registry.configured()[scorer.name].prior
    fit = fitting.refit(scorer=scorer, prior=prior, by=by)
    if fit is not None:
        pending.mark_served(scorer)
    return fit


def free_memory() -> None:
    """Free threads and weights, so that an idle worker is as small as at its start."""
    analysis.end_threads()
    registry.loaded.cache_clear()
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # a C library other than glibc
        ctypes.CDLL(None).malloc_trim(0)


@dataclass(slots=True)
class ScoringRun:
    """One scorer's work on some claimed entities."""

    scorer: Scorer
    fit: ScorerFit | None
    candidates: Mapping[int, list[StoredCandidate]]  # by entity
    # None if all pictures have been analysed, so that no weights are needed.
    model: ScoringModel | None = None
    results: Iterator[Result] = iter(())

    def prepare(self, claims: Sequence[Claim]) -> None:
        """Start to analyse new pictures. Raise WrongWeights if the model cannot load."""
        pictures = {
            claim: _to_analyse(self.candidates.get(claim.entity, []))
            for claim in claims
        }
        if not any(pictures.values()):
            return
        self.model = registry.loaded(self.scorer.name)
        first_attempts = [
            (candidate.id, candidate.sha256)
            for claim, candidates in pictures.items()
            if not claim.is_careful
            for candidate in candidates
        ]
        self.results = analyse_ahead(self.model, first_attempts)

    def score(
        self, claims: Sequence[Claim], ends_at: float
    ) -> Iterator[tuple[Claim, bool]]:
        """Yield the scored claims, while pictures of the next ones are analysed."""
        for claim in claims:
            if time.monotonic() > ends_at:
                pending.unclaim(claim)
            elif scores := self._score(claim, ends_at):
                yield claim, scores.is_complete
        # Analyses of entities that were given back are repeated later.
        if isinstance(self.results, Generator):
            self.results.close()

    def _score(self, claim: Claim, ends_at: float) -> EntityScores | None:
        """Score one entity until the time is over; None if it has to be retried later."""
        candidates = self.candidates.get(claim.entity, [])
        pictures = _to_analyse(candidates)
        try:
            is_careful = claim.is_careful
            results = self._careful(claim, pictures) if is_careful else self.results
            in_time = takewhile(lambda _: time.monotonic() < ends_at, repeat(None))
            triples = zip(range(len(pictures)), in_time, results, strict=False)
            analyses = _analyses([result for *_, result in triples])
            scores = self._scores(claim, candidates, analyses)
            fit = self.fit.pk if self.fit else None
            storage.write(self.scorer, fit, claim.entity, scores)
        except TRANSIENT as error:
            log.warning("Entity %s is scored later: %s", claim.entity, error)
            pending.postpone(claim, f"{type(error).__name__}: {error}")
            return None
        return scores

    def _careful(
        self, claim: Claim, pictures: Sequence[StoredCandidate]
    ) -> Iterator[Result]:
        """Analyse pictures one by one. A noted one is first, or is skipped as deadly."""
        for candidate in sorted(pictures, key=lambda c: c.id != claim.trying):
            if candidate.id == claim.deadly_candidate:
                yield candidate.id, Analysis(outcome=Outcome.FAILED, problem=DEADLY)
                continue
            pending.note_candidate(claim, candidate.id)
            assert self.model is not None
            yield from analyse(self.model, [(candidate.id, candidate.sha256)])

    def _scores(
        self,
        claim: Claim,
        candidates: Sequence[StoredCandidate],
        new: Mapping[int, Analysis],
    ) -> EntityScores:
        """Return the scores of new analyses and of all candidates compared with them."""
        analyses = {c.id: _analysis(c, new) for c in candidates}
        subjects = [c.subject(a) for c in candidates if (a := analyses[c.id])]
        comparisons = compare(subjects)
        for candidate in candidates:
            if analyses[candidate.id] is None and candidate.comparison is not None:
                # Its vectors are not stored, so keep its features.
                analyses[candidate.id] = Analysis(count=candidate.faces)
                comparisons[candidate.id] = candidate.comparison
        probabilities = self._probabilities(claim, candidates, comparisons)
        scores = EntityScores(analyses=new)
        for candidate in candidates:
            candidate_analysis = analyses[candidate.id]
            if candidate_analysis is None:
                scores.is_complete = False
                continue
            row = storage.row_of(
                candidate,
                candidate_analysis,
                comparisons.get(candidate.id),
                probabilities.get(candidate.id),
            )
            scores.rows.append(row)
        return scores

    def _probabilities(
        self,
        claim: Claim,
        candidates: Sequence[StoredCandidate],
        comparisons: Mapping[int, Comparison],
    ) -> dict[int, float]:
        """Return P(yes) of the candidates that were compared with a reference."""
        ranks = {candidate.id: candidate.rank for candidate in candidates}
        scored = {n: c for n, c in comparisons.items() if c.outcome is Outcome.SCORED}
        if not scored:
            return {}
        features = np.array([c.features(ranks[n]) for n, c in scored.items()], float)
        probabilities = calibration.probabilities(
            self.fit.parameters if self.fit else None,
            registry.configured()[self.scorer.name].prior,
            features,
            np.full(len(scored), claim.entity),
        )
        return dict(zip(scored, map(float, probabilities), strict=True))


def _to_analyse(candidates: Sequence[StoredCandidate]) -> list[StoredCandidate]:
    """Return the candidates without a score whose pictures are analysed in this turn.

    If there are any, add the references whose vectors are not stored.
    """
    readable = [candidate for candidate in candidates if candidate.is_readable]
    new = [candidate for candidate in readable if candidate.is_new]
    if not new:
        return []
    references = [c for c in readable if c.is_reference and c.analysis is None]
    return new[:PICTURES] + [c for c in references if not c.is_new]


def _analyses(results: Sequence[Result]) -> dict[int, Analysis]:
    """Return the analyses by candidate; raise the first transient error."""
    analyses: dict[int, Analysis] = {}
    for candidate, result in results:
        if isinstance(result, Exception):
            raise result
        analyses[candidate] = result
    return analyses


def _analysis(
    candidate: StoredCandidate, new: Mapping[int, Analysis]
) -> Analysis | None:
    """Return the new or stored analysis; None if the picture has to be analysed."""
    if candidate.id in new:
        return new[candidate.id]
    if not candidate.is_readable:
        return Analysis(outcome=Outcome.UNREADABLE)
    return candidate.analysis
