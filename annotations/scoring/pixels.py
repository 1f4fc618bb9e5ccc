"""Scoring model `pixels`: the whole picture, for any kind of entity.

The vector has a colour layout (8 × 8 cells in L*a*b*) and histograms of gradients (4 × 4
cells of 8 directions), each of length 1. It needs no weights and no training. It
recognises similar pictures of the same object; calibration does the rest.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from .base import Analysis, Detection, Pixels, Prior, Vector
from .embedders import unit
from .opencv import opencv

SIDE = 64
LAYOUT, CELLS, DIRECTIONS = 8, 4, 8
CELL = SIDE // CELLS


class WholePicture:
    """A model that compares whole pictures."""

    name: ClassVar[str] = "pixels"
    version: ClassVar[str] = "1"
    digest: ClassVar[str] = ""  # there are no weights
    # Almost flat: the meaning of similarity depends on the kind of entity, and only the
    # installation's own labels show it.
    prior: ClassVar[Prior] = Prior(midpoint=0.7, slope=3.0)
    side: ClassVar[int] = 160
    batch = 1

    def __init__(self, device: str) -> None:
        """Load nothing. Every device is used as a CPU."""

    def analyse(
        self, pictures: Sequence[Pixels], scales: Sequence[float]
    ) -> list[Analysis]:
        """Analyse some pictures. Called from several threads at once."""
        return [
            Analysis([_detection(picture, scale)], count=1)
            for picture, scale in zip(pictures, scales, strict=True)
        ]


def _detection(picture: Pixels, scale: float) -> Detection:
    side = float(min(picture.shape[:2]) * scale)
    return Detection(_vector(picture), (0.0, 0.0, 1.0, 1.0), side, 1.0)


def _vector(picture: Pixels) -> Vector:
    """Return 192 numbers of colour and 128 of shape, together of length 1."""
    cv2 = opencv()
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    layout = cv2.resize(lab, (LAYOUT, LAYOUT), interpolation=cv2.INTER_AREA)
    # Relative to mid-grey, so that black and white are opposites.
    colour = (np.asarray(layout, np.float32) - 128).reshape(1, -1)
    light = lab[..., 0]
    dx, dy = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(dx, dy)
    # An edge has the same direction from both sides, so half a turn is enough.
    bins = (angle / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    cell = np.arange(SIDE) // CELL
    index = (cell[:, None] * CELLS + cell[None, :]) * DIRECTIONS + bins
    weight = np.sqrt(strength).ravel()
    size = CELLS * CELLS * DIRECTIONS
    shape = np.bincount(index.ravel(), weight, size).astype(np.float32)[None]
    whole = np.concatenate([unit(colour), unit(shape - shape.mean())], axis=1)
    vector: Vector = unit(whole)[0]
    return vector
