"""Eyes and brows, with white, iris, pupil, glint, lids and lashes."""

from typing import NamedTuple

import cv2
import numpy as np

from tools.drawn_people.canvas import (
    HEIGHT,
    LEFT,
    SCALE,
    TOP,
    WIDTH,
    Array,
    Generator,
    X,
    Y,
    both,
    linear,
    mix,
    ramp,
    soften,
)
from tools.drawn_people.person import IRISES, Moment, Person


class Eye(NamedTuple):
    """One eye: position, measures and, for each column, the rows of its lids."""

    x: float
    y: float
    half: float
    along: Array
    upper: Array
    lower: Array


def place(person: Person) -> tuple[float, float, float]:
    """Return x, y and half the width of the right eye. The left eye mirrors it."""
    t = person.traits
    return (
        0.425 + 0.04 * t.eye_gap,
        -0.09 - 0.04 * t.eye_height,
        0.225 + 0.022 * t.eye_size,
    )


def eye(person: Person, moment: Moment, side: int) -> Eye:
    """Return one eye with its lids. `side` is -1 or 1."""
    t = person.traits
    x, y, half = place(person)
    along = side * (X - side * x) / half
    arch = np.clip(1 - along**2, 0, 1)
    tall = 0.108 + 0.022 * t.eye_open + 0.012 * moment.lids - 0.014 * moment.smile
    tall = tall * (0.93 if person.male else 1.07)
    tilt = -0.03 * t.eye_tilt * along
    inner = 0.012 * np.clip(-along, 0, 1) ** 3
    upper = y + tilt + inner - tall * arch**0.62
    lower = y + tilt + inner + (tall * 0.62) * arch**0.8 - 0.012 * moment.smile * arch
    return Eye(side * x, y, half, along, upper, lower)


def relief(person: Person, moment: Moment) -> Array:
    """Return the heights of sockets, eyeballs and lids."""
    t = person.traits
    x, y, half = place(person)
    deep = 0.13 + 0.025 * t.brow_ridge - 0.03 * max(0.0, -t.lid)
    height = -deep * both(x - 0.02, y - 0.03, 0.27, 0.17, 0.1)
    height = height - 0.04 * both(x - half, y + 0.02, 0.08, 0.09)
    height = height + 0.085 * both(x, y, half * 0.95, 0.12)
    old = np.clip((moment.age - 40) / 40, 0, 1)
    for side in (-1, 1):
        at = eye(person, moment, side)
        crease = at.upper - 0.05 - 0.02 * t.lid
        near = ramp(1.25 - np.abs(at.along), 0, 0.3)
        fold = np.exp(-(((Y - crease) / 0.016) ** 2)) * near
        height = height - 0.022 * (0.55 + 0.45 * t.lid + 0.4 * old) * fold
        height = height + 0.012 * np.exp(-(((Y - at.lower - 0.03) / 0.02) ** 2)) * near
    return height.astype(np.float32)


def opening(at: Eye) -> Array:
    """Return the mask of the area between the lids."""
    inside = ramp(1 - np.abs(at.along), 0, 0.05)
    return (
        ramp(Y - at.upper, -0.008, 0.008) * ramp(at.lower - Y, -0.008, 0.008) * inside
    )


def openings(person: Person, moment: Moment) -> Array:
    """Return the mask of the area between the lids of both eyes."""
    return opening(eye(person, moment, -1)) + opening(eye(person, moment, 1))


def paint(skin: Array, base: Array, person: Person, moment: Moment) -> Array:
    """Paint both eyes into the colours of the skin."""
    for side in (-1, 1):
        at = eye(person, moment, side)
        skin = paint_ball(skin, at, person, moment)
        near = ramp(1.12 - np.abs(at.along), 0, 0.2)
        lash = np.clip(0.5 + 0.5 * at.along, 0.15, 1) * (0.02 if person.male else 0.03)
        upper = np.exp(-(((Y - at.upper + lash * 0.35) / (0.008 + lash * 0.75)) ** 2))
        dark = linear((34, 22, 20))
        skin = mix(skin, dark, upper * near * (0.88 if person.male else 1.0))
        lower = np.exp(-(((Y - at.lower) / 0.011) ** 2)) * near
        skin = mix(skin, base * linear((150, 92, 84)), lower * 0.5)
        crease = at.upper - 0.05 - 0.02 * person.traits.lid
        fold = np.exp(-(((Y - crease) / 0.015) ** 2)) * near
        skin = mix(
            skin, base * linear((150, 98, 88)), fold * (0.4 + 0.25 * person.traits.lid)
        )
    return skin


def paint_ball(skin: Array, at: Eye, person: Person, moment: Moment) -> Array:
    """Paint the visible part of the eyeball."""
    gap = opening(at)
    white = linear((226, 220, 214)) * (1 - 0.3 * np.abs(at.along) ** 2.5)[..., None]
    skin = mix(skin, white.astype(np.float32), gap)
    pupil_x = at.x + 0.05 * moment.gaze
    away = np.hypot(X - pupil_x, (Y - at.y + 0.018)) / 0.114
    iris = linear(IRISES[person.iris])
    glow = iris * (0.75 + 0.7 * np.clip((Y - at.y) / 0.1, 0, 1))[..., None]
    rays = 1 + 0.12 * np.sin(np.arctan2(Y - at.y, X - pupil_x) * 23)
    disc = ramp(1 - away, -0.04, 0.06) * gap
    skin = mix(skin, (glow * rays[..., None]).astype(np.float32), disc)
    skin = mix(skin, iris * 0.15, np.exp(-(((away - 0.96) / 0.13) ** 2)) * gap * 0.75)
    skin = mix(skin, linear((8, 6, 6)), ramp(0.46 - away, -0.05, 0.05) * gap)
    shade = ramp(at.upper + 0.065 - Y, 0, 0.065) * gap
    return skin * (1 - 0.55 * shade)[..., None]


def glints(person: Person, moment: Moment) -> Array:
    """Return the light that the eyes reflect. Add it after all shading."""
    shine = np.zeros_like(X)
    for side in (-1, 1):
        at = eye(person, moment, side)
        x = at.x + 0.05 * moment.gaze + 0.035 * np.sign(moment.light.x or 1)
        spark = np.exp(-((np.hypot(X - x, Y - at.y + 0.06) / 0.021) ** 2))
        shine = shine + spark * opening(at)
    return shine.astype(np.float32)


def brows(person: Person, moment: Moment, rng: Generator) -> Array:
    """Draw the brows hair by hair. Return the coverage of each point."""
    t = person.traits
    x, y, _ = place(person)
    sheet = np.zeros((HEIGHT, WIDTH), np.uint8)
    count = int(210 + 80 * t.brow_weight + (40 if person.male else -20))
    thick = 0.05 + 0.018 * t.brow_weight + (0.012 if person.male else -0.01)
    base = y - 0.29 - 0.04 * t.brow_height + (0.03 if person.male else -0.02)
    for side in (-1, 1):
        along = rng.uniform(0, 1, count)
        across = rng.uniform(-1, 1, count) * thick * (1 - 0.65 * along**1.5) * 0.5
        arch = (0.09 + 0.035 * t.brow_arch) * np.sin(
            np.minimum(along * 1.35, 2.2) * 1.57
        )
        column = x - 0.24 + 0.55 * along
        rise = base - arch + 0.05 * along - 0.02 * moment.lids + across
        turn = -1.1 + 1.5 * along + rng.normal(0, 0.15, count)
        reach = 0.075 - 0.02 * along
        for hair in range(count):
            start = (side * column[hair], rise[hair])
            end = (
                start[0] + side * np.cos(turn[hair]) * reach[hair],
                start[1] + np.sin(turn[hair]) * reach[hair] * 0.8,
            )
            cv2.line(sheet, dot(*start), dot(*end), 255, 1, cv2.LINE_AA, 4)
    return soften(sheet.astype(np.float32) / 255, 0.9 / SCALE)


def dot(x: float, y: float) -> tuple[int, int]:
    """Convert units to sixteenths of a pixel, as OpenCV's line drawing takes them."""
    return int((x - LEFT) * SCALE * 16), int((y - TOP) * SCALE * 16)
