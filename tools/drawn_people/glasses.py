"""Glasses: frames, slightly reflecting lenses and temples. Round, square, wire or dark."""

import cv2
import numpy as np

from tools.drawn_people import eyes
from tools.drawn_people.canvas import (
    HEIGHT,
    WIDTH,
    Array,
    X,
    Y,
    linear,
    mix,
    ramp,
    soften,
)
from tools.drawn_people.person import Moment, Person

FRAMES = {
    "round": (70, 48, 30),
    "square": (24, 24, 28),
    "dark": (20, 18, 18),
    "wire": (150, 140, 120),
}


def reach(kind: str, x: float, y: float) -> Array:
    """Return the distance of each point from the middle of a lens. 1 is the rim."""
    across, down = np.abs(np.abs(X) - x - 0.01) / 0.325, np.abs(Y - y - 0.045)
    power = 2.0 if kind in ("round", "wire") else 3.6
    tall = 0.275 if kind in ("round", "wire") else 0.225
    return ((across**power + (down / tall) ** power) ** (1 / power)).astype(np.float32)


def wear(face: Array, person: Person, moment: Moment) -> Array:
    """Paint glasses on a lit face."""
    x, y, _ = eyes.place(person)
    kind = moment.glasses
    away = reach(kind, x, y)
    lens = ramp(1 - away, 0, 0.05)
    thin = 0.05 if kind == "wire" else 0.085
    rim = np.exp(-(((away - 1) / thin) ** 4))
    arch = y - 0.03 - 0.05 * np.cos(np.clip(X / 0.12, -1.5, 1.5))
    bridge = np.exp(-(((Y - arch) / 0.026) ** 4)) * ramp(
        x - 0.28 - np.abs(X), -0.02, 0.02
    )
    arms = np.exp(-(((Y - y + 0.07) / 0.026) ** 4)) * ramp(
        np.abs(X), x + 0.31, x + 0.34
    )
    frame = np.clip(rim + bridge + arms, 0, 1).astype(np.float32)
    drop = cv2.warpAffine(
        soften(frame, 0.025),
        np.array([[1, 0, 4], [0, 1, 7]], np.float32),
        (WIDTH, HEIGHT),
    )
    face = face * (1 - 0.3 * drop)[..., None]
    if kind == "dark":
        face = mix(face, linear((30, 26, 26)), lens * 0.8)
    glare = ramp(np.sin((X * 1.2 - Y) * 4.2 + 0.6), 0.75, 1) * lens
    face = face + (0.03 + 0.05 * glare)[..., None] * lens[..., None]
    lit = linear(FRAMES[kind]) * (1.15 - 0.5 * (Y - y)[..., None])
    return mix(face, lit.astype(np.float32), frame * 0.95)
