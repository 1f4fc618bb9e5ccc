"""The sheet that everything is drawn on, and the strokes that all modules share.

One unit is half the width of a face. x points right, y points down, and (0, 0) is between
the eyes and the tip of the nose. Colours are linear light, RGB, 0 to 1.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Generator = np.random.Generator

SCALE = 110
LEFT, TOP = -2.6, -2.4
WIDTH, HEIGHT = 572, 616

X, Y = (
    axis.astype(np.float32)
    for axis in np.meshgrid(
        LEFT + np.arange(WIDTH) / SCALE, TOP + np.arange(HEIGHT) / SCALE
    )
)
ROWS: Array = Y[:, 0]


def linear(colour: Sequence[float] | Array) -> Array:
    """Convert a screen colour (sRGB, 0 to 255) to linear light."""
    return ((np.asarray(colour, np.float32) / 255) ** 2.2).astype(np.float32)


def ramp(value: Array, low: float, high: float) -> Array:
    """Return a smooth step from 0 at `low` to 1 at `high`."""
    part = np.clip((value - low) / (high - low), 0, 1)
    return part * part * (3 - 2 * part)


def spot(x: float, y: float, width: float, height: float, turn: float = 0) -> Array:
    """Return a soft round bump of height 1, rotated by `turn` radians."""
    if not turn:
        # Most bumps are not rotated, and the product of a row and a column is faster.
        row = np.exp(-(((X[0] - x) / width) ** 2))
        return np.outer(np.exp(-(((ROWS - y) / height) ** 2)), row).astype(np.float32)
    dx, dy = X - x, Y - y
    along = dx * np.cos(turn) + dy * np.sin(turn)
    across = dy * np.cos(turn) - dx * np.sin(turn)
    return np.exp(-((along / width) ** 2) - (across / height) ** 2).astype(np.float32)


def both(x: float, y: float, width: float, height: float, turn: float = 0) -> Array:
    """Return the same spot on the left and on the right of the face."""
    return spot(x, y, width, height, turn) + spot(-x, y, width, height, -turn)


def soften(picture: Array, units: float) -> Array:
    """Blur by this many units."""
    return cv2.GaussianBlur(picture, (0, 0), max(0.3, units * SCALE)).astype(np.float32)


def grain(rng: Generator, units: float) -> Array:
    """Return smooth noise with unit deviation and grains of about this size."""
    # Coarse noise is drawn small and then enlarged, because a wide blur is slow.
    shrink = max(1, int(units * SCALE / 2))
    small = rng.standard_normal((HEIGHT // shrink + 2, WIDTH // shrink + 2))
    rough = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.2)
    rough = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return ((rough - rough.mean()) / (rough.std() + 1e-6)).astype(np.float32)


def mix(picture: Array, colour: Array, share: Array) -> Array:
    """Paint a colour, or a picture of colours, over a picture."""
    part = np.clip(share, 0, 1).astype(np.float32)[..., None]
    return (picture + (colour - picture) * part).astype(np.float32)


def curve(points: Sequence[tuple[float, float]], at: Array, smooth: int = 0) -> Array:
    """Interpolate through points at each value, smoothed over `smooth` samples."""
    places, heights = zip(*points, strict=True)
    values = np.interp(at, places, heights).astype(np.float32)
    if smooth:
        values = cv2.blur(cv2.blur(values[:, None], (1, smooth)), (1, smooth))[:, 0]
    return values
