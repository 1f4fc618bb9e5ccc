"""What a scorer is: it looks at pictures and finds vectors that can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from annotations.models import Outcome

# Height × width × 3, RGB, uint8.
Pixels = NDArray[np.uint8]
Vector = NDArray[np.float32]

# What a probability is made of, in this order: see `features`. Not how many references
# there were: a settled yes is one itself and left out of its own comparison, so that
# number would tell the label.
FEATURES = ("similarity", "cohesion", "detection", "side", "rank")


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before the first labels: a logistic curve of the similarity.

    P(yes) = 1 / (1 + exp(-slope * (similarity - midpoint))).
    """

    midpoint: float
    slope: float


@dataclass(frozen=True, slots=True)
class Detection:
    """A face, or whatever a scorer compares, in one picture.

    `vector` has length 1. `box` is x1 y1 x2 y2 relative to the picture, `side` its
    shorter side in the picture's own pixels, `detection` 0 to 1.
    """

    vector: Vector
    box: tuple[float, float, float, float]
    side: float
    detection: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in one picture, the largest first; where nothing was, why."""

    found: Sequence[Detection] = ()
    outcome: Outcome = Outcome.SCORED
    problem: str = ""
    count: int = 0  # of faces, those too small to compare included


class ScoringModel(Protocol):
    """A model. Its class tells what it is; making one loads the weights.

    `digest` is the SHA-256 of the weights, checked when they are loaded; `side` is the
    longest side, in pixels, of the pictures that it wants; `batch` is how many it
    likes to see at once. Whoever changes what it finds changes its `version`.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    digest: ClassVar[str]
    prior: ClassVar[Prior]
    side: ClassVar[int]
    batch: int

    def __init__(self, device: str) -> None:
        """Load the weights for `cpu` or `cuda`."""
        ...

    def look(
        self, pictures: Sequence[Pixels], scales: Sequence[float]
    ) -> list[Analysis]:
        """Look at some pictures; called from several threads at once.

        `scales` tell how many pixels of the original one of these pixels stands for.
        """
        ...
