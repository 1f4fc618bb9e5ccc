"""Backgrounds: quiet and out of focus."""

from collections.abc import Callable

import cv2
import numpy as np

from tools.drawn_people.canvas import Array, Generator, linear

Painter = Callable[[Generator, int, int], Array]


def gradient(top: Array, bottom: Array, wide: int, high: int) -> Array:
    """Return a vertical gradient from one colour to another."""
    part = np.linspace(0, 1, high, dtype=np.float32)[:, None, None]
    return np.broadcast_to(top + (bottom - top) * part, (high, wide, 3)).astype(
        np.float32
    )


def blurred(picture: Array, share: float) -> Array:
    """Blur a picture by a share of its height."""
    return cv2.GaussianBlur(picture, (0, 0), max(0.5, share * picture.shape[0])).astype(
        np.float32
    )


def disc(
    picture: Array, rng: Generator, colour: Array, size: float, strength: float
) -> None:
    """Add one spot of light at a random position."""
    high, wide = picture.shape[:2]
    where = (int(rng.uniform(0, wide)), int(rng.uniform(0, high)))
    sheet = np.zeros((high, wide), np.float32)
    cv2.circle(sheet, where, max(1, int(size * high)), 1.0, -1, cv2.LINE_AA)
    picture += (colour - picture) * (sheet * strength)[..., None]


def studio(rng: Generator, wide: int, high: int) -> Array:
    """Return a paper roll with a light on it."""
    tone = linear(rng.uniform(70, 205) + rng.uniform(-25, 25, 3))
    across, down = np.meshgrid(np.linspace(-1, 1, wide), np.linspace(-1, 1, high))
    fall = np.exp(-((across - rng.uniform(-0.6, 0.6)) ** 2 + (down + 0.2) ** 2) / 1.5)
    return (tone * (0.45 + 0.75 * fall[..., None])).astype(np.float32)


def garden(rng: Generator, wide: int, high: int) -> Array:
    """Return leaves with sun between them."""
    picture = gradient(linear((150, 180, 120)), linear((52, 84, 44)), wide, high)
    for _ in range(45):
        green = linear(
            (rng.uniform(40, 170), rng.uniform(90, 190), rng.uniform(40, 110))
        )
        disc(picture, rng, green, rng.uniform(0.03, 0.14), 0.55)
    return blurred(picture, 0.022)


def street(rng: Generator, wide: int, high: int) -> Array:
    """Return fronts of houses, and lamps."""
    picture = gradient(linear((170, 185, 205)), linear((110, 104, 100)), wide, high)
    column = 0
    while column < wide:
        right = column + int(rng.uniform(0.1, 0.3) * wide)
        roof = int(rng.uniform(0, 0.35) * high)
        picture[roof:, column:right] = linear(
            rng.uniform(70, 175) + rng.uniform(-22, 22, 3)
        )
        column = right
    for _ in range(9):
        disc(picture, rng, linear((255, 226, 170)), rng.uniform(0.015, 0.05), 0.6)
    return blurred(picture, 0.03)


def stage(rng: Generator, wide: int, high: int) -> Array:
    """Return a dark hall with coloured lamps."""
    picture = gradient(linear((26, 24, 44)), linear((52, 34, 50)), wide, high)
    for _ in range(7):
        disc(
            picture, rng, linear(rng.uniform(60, 240, 3)), rng.uniform(0.04, 0.15), 0.7
        )
    return blurred(picture, 0.045)


def room(rng: Generator, wide: int, high: int) -> Array:
    """Return a wall with shelves of books."""
    wall = linear((rng.uniform(150, 215), rng.uniform(145, 195), rng.uniform(130, 185)))
    picture = gradient(wall, wall * 0.7, wide, high)
    for shelf in range(0, high, max(8, high // 3)):
        column = int(rng.uniform(0, 0.2) * wide)
        while column < wide * rng.uniform(0.75, 1):
            right = column + max(3, int(rng.uniform(0.012, 0.05) * wide))
            top = shelf + int(rng.uniform(0.05, 0.12) * high)
            picture[top : shelf + high // 3 - 4, column:right] = linear(
                rng.uniform(40, 190, 3)
            )
            column = right
    return blurred(picture * 0.9, 0.02)


def sky(rng: Generator, wide: int, high: int) -> Array:
    """Return a sky with clouds and a hill."""
    picture = gradient(linear((96, 146, 206)), linear((206, 222, 232)), wide, high)
    for _ in range(8):
        disc(picture, rng, linear((240, 242, 245)), rng.uniform(0.05, 0.16), 0.5)
    hill = int(high * rng.uniform(0.65, 0.85))
    picture[hill:] = linear((96, 112, 84))
    return blurred(picture, 0.04)


SCENES: dict[str, Painter] = {
    "studio": studio,
    "garden": garden,
    "street": street,
    "stage": stage,
    "room": room,
    "sky": sky,
}
