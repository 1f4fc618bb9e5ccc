"""The protocol of scoring models: they turn pictures into vectors to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from annotations.models import Outcome

# Height × width × 3, RGB, uint8.
Pixels = NDArray[np.uint8]
Vector = NDArray[np.float32]

# The inputs of a probability, in this order: see `features`. The number of references is
# not one of them. A settled yes is a reference itself and is excluded from its own
# comparison, so the number would reveal the label.
FEATURES = ("similarity", "cohesion", "detection", "side", "rank")


@dataclass(frozen=True, slots=True)
class Prior:
    """The assumption before the first labels: a logistic curve of the similarity.

    P(yes) = 1 / (1 + exp(-slope * (similarity - midpoint))).
    """

    midpoint: float
    slope: float


@dataclass(frozen=True, slots=True)
class Detection:
    """A face, or another object that a model compares, in one picture.

    `vector` has length 1. `box` is x1 y1 x2 y2 relative to the picture, `side` its
    shorter side in the picture's own pixels, `detection` the confidence, 0 to 1.
    """

    vector: Vector
    box: tuple[float, float, float, float]
    side: float
    detection: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """The detections in one picture, the largest first, or why there are none."""

    detections: Sequence[Detection] = ()
    outcome: Outcome = Outcome.SCORED
    problem: str = ""
    count: int = 0  # of faces, including those too small to compare


class ScoringModel(Protocol):
    """A model with its weights in memory. The class describes it.

    `digest` is the SHA-256 of the weights, checked when they are loaded. `side` is the
    longest side, in pixels, of the pictures it takes. `batch` is the number of pictures
    that it analyses best at once. A change of its detections needs a new `version`.
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

    def analyse(
        self, pictures: Sequence[Pixels], scales: Sequence[float]
    ) -> list[Analysis]:
        """Analyse some pictures. Called from several threads at once.

        `scales` has the number of original pixels per pixel of each picture.
        """
        ...
