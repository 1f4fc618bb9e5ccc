"""Scores for tests, without a model."""

import math

from annotations.models import FitMethod, Score, Scorer, ScorerFit

NAME = "faces"


def scorer_named(name=NAME):
    """Return the active scorer of this name; create it if missing."""
    return Scorer.objects.get_or_create(name=name, version="1", is_active=True)[0]


def fit_of(scorer):
    """Return a fit of a scorer; create it if missing."""
    return scorer.fits.first() or ScorerFit.objects.create(
        scorer=scorer,
        method=FitMethod.SIGMOID,
        parameters={},
        labels=500,
        positives=300,
        entities=50,
        brier=0.01,
        ece=0.01,
        reliability=[],
        previous_brier=0.02,
        shift=0.01,
    )


def score(candidate, probability, scorer=None, *, is_calibrated=True):
    """Store the probability of a yes as a score."""
    scorer = scorer or scorer_named()
    values = {"outcome": "scored", "probability": probability}
    values["fit"] = fit_of(scorer) if is_calibrated else None
    Score.objects.update_or_create(scorer=scorer, candidate=candidate, defaults=values)


def doubt_of(probability):
    """Return the entropy of a probability in bits."""
    if probability in (0, 1):
        return 0.0
    p, q = probability, 1 - probability
    return -(p * math.log2(p) + q * math.log2(q))
