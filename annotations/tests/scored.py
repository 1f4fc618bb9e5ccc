"""Scores in a few words: what a model would have said of candidates."""

import math

from annotations.models import FitMethod, Score, Scorer, ScorerFit

NAME = "faces"


def scorer_named(name=NAME):
    """The active scorer of this name, made when missing."""
    return Scorer.objects.get_or_create(name=name, version="1", is_active=True)[0]


def fit_of(scorer):
    """A calibration on this installation's own verdicts, made when missing."""
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
    """Write down how probable a yes is."""
    scorer = scorer or scorer_named()
    said = {"outcome": "scored", "probability": probability}
    said["fit"] = fit_of(scorer) if is_calibrated else None
    Score.objects.update_or_create(scorer=scorer, candidate=candidate, defaults=said)


def doubt_of(probability):
    """The entropy in bits."""
    if probability in (0, 1):
        return 0.0
    p, q = probability, 1 - probability
    return -(p * math.log2(p) + q * math.log2(q))
