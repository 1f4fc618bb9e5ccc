"""Scorer `pixels`: the whole picture, for any kind of entity.

A colour layout (8 × 8 cells in L*a*b*) beside histograms of gradients (4 × 4 cells of 8
directions), each brought to length 1. No weights, no training: it tells pictures of
the same thing, taken alike, from others, and leaves the rest to calibration.
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
    """Whole pictures against each other."""

    name: ClassVar[str] = "pixels"
    version: ClassVar[str] = "1"
    digest: ClassVar[str] = ""  # there are no weights
    # Hardly more than a coin: what likeness means differs from one kind of entity to
    # the next, and the installation's own labels tell.
    prior: ClassVar[Prior] = Prior(midpoint=0.7, slope=3.0)
    side: ClassVar[int] = 160
    batch = 1

    def __init__(self, device: str) -> None:
        """Nothing is loaded, and every device is a CPU."""

    def look(
        self, pictures: Sequence[Pixels], scales: Sequence[float]
    ) -> list[Analysis]:
        """Look at some pictures; called from several threads at once."""
        return [
            Analysis([_found(picture, scale)], count=1)
            for picture, scale in zip(pictures, scales, strict=True)
        ]


def _found(picture: Pixels, scale: float) -> Detection:
    side = float(min(picture.shape[:2]) * scale)
    return Detection(_described(picture), (0.0, 0.0, 1.0, 1.0), side, 1.0)


def _described(picture: Pixels) -> Vector:
    """192 numbers of colour and 128 of shape, together of length 1."""
    cv2 = opencv()
    shown = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(shown, cv2.COLOR_RGB2LAB).astype(np.float32)
    layout = cv2.resize(lab, (LAYOUT, LAYOUT), interpolation=cv2.INTER_AREA)
    # Around mid-grey, so that black and white are opposites.
    colour = (np.asarray(layout, np.float32) - 128).reshape(1, -1)
    light = lab[..., 0]
    across, down = (
        cv2.Sobel(light, cv2.CV_32F, 1, 0),
        cv2.Sobel(light, cv2.CV_32F, 0, 1),
    )
    strength, angle = cv2.cartToPolar(across, down)
    # A line has the same direction from either side: half a turn is enough.
    bins = (angle / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    cell = np.arange(SIDE) // CELL
    index = (cell[:, None] * CELLS + cell[None, :]) * DIRECTIONS + bins
    weight = np.sqrt(strength).ravel()
    size = CELLS * CELLS * DIRECTIONS
    shape = np.bincount(index.ravel(), weight, size).astype(np.float32)[None]
    whole = np.concatenate([unit(colour), unit(shape - shape.mean())], axis=1)
    return unit(whole)[0]
