"""The camera: crop, exposure, colour, blur, grain, fading, and the file format."""

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from tools.drawn_people.canvas import LEFT, SCALE, TOP, Array, Generator

Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class Frame:
    """The part of the sheet that a picture shows (units), and its size in pixels."""

    wide: int = 240
    high: int = 300
    x: float = 0
    y: float = 0.25
    units: float = 4.0

    @classmethod
    def drawn_by(cls, rng: Generator) -> "Frame":
        """Return a random frame: mostly portrait, some landscape or square, near or far."""
        wide, high = ((240, 300), (248, 276), (272, 272), (300, 232))[
            int(rng.choice(4, p=[0.45, 0.2, 0.15, 0.2]))
        ]
        units = float(rng.uniform(3.2, 5.0))
        y = min(
            0.15 + float(rng.normal(0, 0.12)) + (units - 3.4) * 0.35, 3.1 - units / 2
        )
        room = max(0.0, units * wide / high - 2.8) / 2
        return cls(wide, high, float(rng.uniform(-0.8, 0.8)) * min(room, 0.9), y, units)

    @property
    def scale(self) -> float:
        """Return the pixels of the picture per unit."""
        return self.high / self.units


def take(layer: Array, ground: Array, frame: Frame) -> Array:
    """Place one layer on a background. Return the background, in linear light."""
    place(
        ground,
        layer,
        frame.scale,
        frame.wide / 2 - frame.x * frame.scale,
        frame.high / 2 - frame.y * frame.scale,
    )
    return ground


def place(ground: Array, layer: Array, scale: float, x: float, y: float) -> None:
    """Place a layer on a background with the middle of the face at (x, y)."""
    high, wide = ground.shape[:2]
    solid = np.dstack([layer[..., :3] * layer[..., 3:], layer[..., 3:]])
    # Draw at twice the size, then average: a single step would leave jagged edges.
    zoom = 2 * scale / SCALE
    move = np.array(
        [[zoom, 0, 2 * x + LEFT * 2 * scale], [0, zoom, 2 * y + TOP * 2 * scale]],
        np.float32,
    )
    large = cv2.warpAffine(solid.astype(np.float32), move, (2 * wide, 2 * high))
    small = cv2.resize(large, (wide, high), interpolation=cv2.INTER_AREA)
    ground *= 1 - small[..., 3:]
    ground += small[..., :3]


def develop(picture: Array, rng: Generator, *, plain: bool = False) -> Pixels:
    """Convert light to pixels, with the flaws of pictures from the web unless `plain`."""
    if not plain:
        picture = picture * 2 ** float(np.clip(rng.normal(0, 0.28), -0.6, 0.5))
        picture = picture * np.exp(rng.normal(0, 0.05, 3)).astype(np.float32)
    picture = picture * (1 + 0.12 * picture) / (1 + 0.3 * picture)
    screen = np.clip(picture * 1.12, 0, 1) ** (1 / 2.2)
    if not plain:
        screen = worn(screen.astype(np.float32), rng)
    return (np.clip(screen, 0, 1) * 255 + 0.5).astype(np.uint8)


def worn(screen: Array, rng: Generator) -> Array:
    """Add blur, grain and, for some pictures, a grey or faded print."""
    if rng.random() < 0.3:
        screen = cv2.GaussianBlur(screen, (0, 0), float(rng.uniform(0.4, 1.1)))
    contrast = float(rng.normal(1, 0.1))
    screen = (screen - 0.45) * contrast + 0.45
    kind = rng.random()
    if kind < 0.1:
        screen = np.repeat(
            screen @ np.array([[0.3], [0.59], [0.11]], np.float32), 3, axis=2
        )
    elif kind < 0.18:
        screen = faded(screen)
    noise = rng.normal(0, float(rng.uniform(0, 0.014)), screen.shape[:2])
    return (screen + noise[..., None]).astype(np.float32)


def faded(screen: Array) -> Array:
    """Raise the blacks and turn the colours brown, as in an old print."""
    grey = screen @ np.array([[0.3], [0.59], [0.11]], np.float32)
    brown = grey * np.array([1.06, 0.97, 0.8], np.float32)
    return (0.14 + 0.78 * (0.35 * screen + 0.65 * brown)).astype(np.float32)


def grey(pixels: Pixels) -> Pixels:
    """Return the picture without colour."""
    return np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def webp(pixels: Pixels) -> bytes:
    """Return the bytes of a WebP file."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "WEBP", quality=82, method=6)
    return target.getvalue()


def jpeg(pixels: Pixels) -> bytes:
    """Return the bytes of a JPEG file."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=80)
    return target.getvalue()
